/**
 * The example for Docker Compose holds together: what it publishes, mounts and leaves writable is what its configuration
 * listens on, reads and writes, and the configuration has no fault once its files are there.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

interface Compose {
  readonly services: {
    readonly 'front-end': {
      readonly ports: readonly string[]
      readonly volumes: readonly string[]
      readonly secrets: readonly string[]
      readonly environment: Readonly<Record<string, string>>
      readonly read_only: boolean
      readonly stop_grace_period: string
    }
  }
  readonly volumes: Readonly<Record<string, null>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

const DOCKER = new URL('../../docker/', import.meta.url).pathname
const text = readFileSync(join(DOCKER, 'compose.yaml'), 'utf8')
const compose = parse(text) as Compose
const service = compose.services['front-end']
const mounts = service.volumes.map((volume) => volume.split(':'))
const volumes = mounts.filter(([from = '']) => from in compose.volumes).map(([, to = '']) => to)

/** What a container would see, in a folder: the mounts where the service has them, and the files that they name. */
const root = mkdtempSync(join(tmpdir(), 'tfe-compose-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('its configuration has no fault and no warning once the files that compose.yaml lists are there', async () => {
  const loaded = await loadConfig(laidOut(), {})
  expect(loaded.ok ? loaded.value.warnings : loaded.failure).toEqual([])
})

test('each file that is listed to be put beside compose.yaml is needed', async () => {
  for (const file of FILES) {
    const configuration = laidOut()
    rmSync(join(root, file.at))
    const loaded = await loadConfig(configuration, {})
    expect(loaded.ok ? [] : loaded.failure.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining(join(root, file.at))]),
    )
    expect(text).toContain(file.beside)
  }
})

test('every listener is published, and what is in the clear or for administrators to this host alone', async () => {
  const loaded = await loadConfig(laidOut(), {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const { listeners, metrics, admin } = loaded.value.config
  const devices = listeners.map(({ port }) => `${port}:${port}`)
  const own = [metrics.port, admin?.port].map((port) => `127.0.0.1:${port}:${port}`)
  expect(new Set(service.ports)).toEqual(new Set([...devices, ...own]))
  const dockerfile = readFileSync(join(DOCKER, '../Dockerfile'), 'utf8')
  const [, exposed = ''] = /^EXPOSE (.*)$/m.exec(dockerfile) ?? []
  const ports = service.ports.map((published) => published.split(':').at(-1) ?? '')
  expect(new Set(exposed.split(' '))).toEqual(new Set(ports))
})

test('the root is read-only, and whatever the configuration and a backup write lies on a volume', () => {
  const { store } = parse(readFileSync(join(DOCKER, 'tfe.yaml'), 'utf8')) as {
    readonly store: { readonly sqlite: string; readonly keys: string }
  }
  expect(service.read_only).toBe(true)
  const written = [store.sqlite, store.keys.replace('file:', '')].map((path) => dirname(path))
  expect([...written, service.environment['TMPDIR']]).toEqual([...volumes, volumes[0]])
})

test('Docker waits longer than a drain may take before it kills', async () => {
  const loaded = await loadConfig(laidOut(), {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  expect(Number.parseInt(service.stop_grace_period, 10) * 1000).toBeGreaterThan(
    loaded.value.config.drain,
  )
})

/** The files that the operator brings: where the container sees each, and what compose.yaml calls it. */
const FILES = [
  { at: 'etc/tfe/tls/server.pem', beside: 'tls/server.pem' },
  { at: 'etc/tfe/tls/admin.pem', beside: 'tls/admin.pem' },
  { at: 'etc/tfe/ca/devices.pem', beside: 'ca/devices.pem' },
  { at: 'etc/tfe/ca/internal.pem', beside: 'ca/internal.pem' },
  { at: 'run/secrets/tls-key', beside: 'secrets/tls.key' },
  { at: 'run/secrets/admin-key', beside: 'secrets/admin.key' },
] as const

const minted = mint()

function mint(): Readonly<Record<(typeof FILES)[number]['at'], string>> {
  const ca = mintCa({ name: 'Server CA' })
  const server = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['mdm.example.com'] })
  const admin = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
  return {
    'etc/tfe/tls/server.pem': server.pem,
    'etc/tfe/tls/admin.pem': admin.pem,
    'etc/tfe/ca/devices.pem': mintCa({ name: 'Device CA' }).pem,
    'etc/tfe/ca/internal.pem': ca.pem,
    'run/secrets/tls-key': server.keyPem,
    'run/secrets/admin-key': admin.keyPem,
  }
}

/** Lays the container's files out below a folder of the test's own; the path of the configuration there. */
function laidOut(): string {
  const configuration = join(root, 'etc/tfe/tfe.yaml')
  for (const [path, contents] of Object.entries(minted)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), contents, { mode: 0o600 })
  }
  const inRoot = readFileSync(join(DOCKER, 'tfe.yaml'), 'utf8')
    .replaceAll('file:/run/', `file:${root}/run/`)
    .replaceAll('/var/lib/', `${root}/var/lib/`)
  writeFileSync(configuration, inRoot)
  return configuration
}
