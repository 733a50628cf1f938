/**
 * The whole front end, in this process, on ports of its own: what a stranger would start, with a configuration
 * made for one test. Certificates are minted once for each test file.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/load.ts'
import type { Fault, Result } from '../../../src/kernel/types.ts'
import type { LoadedConfig } from '../../../src/config/config.ts'
import { createStore } from '../../../src/serve/store-sync/create-store.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { servedFiles } from '../../../src/serve/store-sync/stored-secrets.ts'
import { startServer, type RunningServer } from '../../../src/serve/start.ts'
import { mintCa, mintLeaf, type Leaf } from '../certificates/mint.ts'

const DAY = 86_400_000

/** The authorities and devices of the tests' little fleet. */
export const fleet = makeFleet()

function makeFleet() {
  const now = Date.now()
  const root = mintCa({ name: 'Fleet Root' })
  const devices = mintCa({ name: 'Fleet Devices', issuer: root })
  const previous = mintCa({ name: 'Old Fleet' })
  const server = mintCa({ name: 'Server Root' })
  const upstream = mintCa({ name: 'Upstream Root' })
  const stranger = mintCa({ name: 'Stranger' })
  return {
    root,
    devices,
    previous,
    serverCa: server,
    upstreamCa: upstream,
    stranger,
    server: mintLeaf({
      issuer: server,
      purposes: ['serverAuth'],
      dns: ['localhost'],
      ips: ['127.0.0.1'],
    }),
    otherServer: mintLeaf({ issuer: server, purposes: ['serverAuth'], dns: ['other.test'] }),
    upstreamServer: mintLeaf({ issuer: upstream, purposes: ['serverAuth'], dns: ['localhost'] }),
    frontEnd: mintLeaf({ issuer: upstream, name: 'front-end' }),
    device: mintLeaf({ issuer: devices, name: 'device-1' }),
    inGrace: mintLeaf({
      issuer: devices,
      name: 'late',
      notBefore: now - 400 * DAY,
      notAfter: now - 9 * DAY,
    }),
    beyondGrace: mintLeaf({
      issuer: devices,
      name: 'lost',
      notBefore: now - 400 * DAY,
      notAfter: now - 60 * DAY,
    }),
    old: mintLeaf({ issuer: previous, name: 'old' }),
    unknown: mintLeaf({ issuer: stranger, name: 'unknown' }),
  }
}

/** What varies from test to test. */
export interface ProductOptions {
  /** Where requests go; a raw TLS upstream's port. */
  readonly upstreamPort: number
  /** Top-level YAML keys that are added to or replace the usual ones. */
  readonly yaml?: Readonly<Record<string, string>>
  /** Rows besides the usual ones, each a YAML flow mapping. */
  readonly rows?: readonly string[]
  /** YAML below `identity:` of the upstream. */
  readonly identity?: string
  /** Further lines of the listener. */
  readonly listener?: readonly string[]
  /** YAML below `limits:` of the listener, one `key: value` each. */
  readonly limits?: readonly string[]
  /** The same below `limits:` of the upstream. */
  readonly upstreamLimits?: readonly string[]
  /** Further lines of the upstream. */
  readonly upstreamLines?: readonly string[]
  /** Further lines of the upstream's `tls:`. */
  readonly upstreamTls?: readonly string[]
  /** YAML of the listener's `tls:`. */
  readonly tls?: string
  readonly workers?: number
  /** Makes the store, which an SQLite one is made anyway. */
  readonly createStore?: boolean
  /** How many different sightings wait at most while the store is away. */
  readonly sightingLimit?: number
  /** Files beside the configuration, besides the usual ones. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Lays out more of the folder before the start. */
  readonly prepare?: (folder: string) => void
}

/** A front end that serves until it is disposed of. */
export interface Product extends AsyncDisposable {
  readonly port: number
  readonly statusPort: number
  readonly adminPort: number | undefined
  readonly serving: RunningServer
  /** Every event and log line so far, parsed. */
  readonly lines: readonly Line[]
  /** Settles with the first line, past or future, that fits. */
  waitForLine(fits: (waitForLine: Line) => boolean): Promise<Line>
  /** Writes another configuration over the first and reloads it. */
  reload(options: ProductOptions): ReturnType<RunningServer['reload']>
  readonly folder: string
}

export type Line = Readonly<Record<string, unknown>>

/** Starts the product. */
export async function product(options: ProductOptions): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-product-'))
  writeFiles(folder)
  options.prepare?.(folder)
  const lines: Line[] = []
  const waiting = new Set<(line: Line) => void>()
  const logger = openLogTo(
    {
      write(text) {
        const line = JSON.parse(text) as Line
        lines.push(line)
        for (const wait of waiting) wait(line)
      },
    },
    { level: 'info', requests: true, connections: true },
  )
  const loaded = await load(folder, options)
  if (!loaded.ok) throw new Error(faultText(loaded.failure))
  const { store } = loaded.value.config
  if (options.createStore === true || (store?.kind === 'sqlite' && !existsSync(store.path))) {
    const created = await createStore(loaded.value, { who: 'test', from: 'test' })
    if (!created.ok) throw new Error(faultText(created.failure))
  }
  const entry = { script: join(import.meta.dirname, '../../../src/main.ts'), args: ['worker'] }
  const { sightingLimit } = options
  const started = await startServer(loaded.value, {
    logger,
    entry,
    readConfiguration: (document) =>
      document === undefined
        ? load(folder, options)
        : loadConfig(join(folder, 'tfe.yaml'), {}, servedFiles(join(folder, 'tfe.yaml'), document)),
    ...(sightingLimit === undefined ? {} : { sightingLimit }),
  })
  if (!started.ok) throw new Error(faultText(started.failure))
  const serving = started.value
  return {
    port: serving.ports['devices'] ?? 0,
    statusPort: serving.statusPort,
    adminPort: serving.adminPort,
    serving,
    lines,
    folder,
    waitForLine: (fits) => {
      const known = lines.find(fits)
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve) => {
        const wait = (line: Line): void => {
          if (!fits(line)) return
          waiting.delete(wait)
          resolve(line)
        }
        waiting.add(wait)
      })
    },
    reload: async (next) => serving.reload(await load(folder, next)),
    async [Symbol.asyncDispose]() {
      await serving.drain()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The YAML of a product, for tests that start the command instead. */
export function productYaml(options: ProductOptions): string {
  const { upstreamPort, yaml = {}, rows = [], limits = [], workers = 1 } = options
  const { upstreamLimits = ['connections: 16'], upstreamTls = [] } = options
  const sections: Record<string, string> = {
    profile: ' generic',
    workers: ` ${workers}`,
    // Most tests are about judging and forwarding; those about the store say where it is.
    store: ' { dangerousNone: true }',
    grace: ' 30d',
    announce: ' 0s',
    drain: ' 1s',
    trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }
    - { name: Old Fleet, standing: previously-trusted, retiredAt: 2100-01-01T00:00:00Z, chain: 'file:previous.pem' }`,
    listeners: `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    tls: ${options.tls ?? '{ resumption: auto }'}
    limits: { ${limits.join(', ')} }
    routes: tested${(options.listener ?? []).map((line) => `\n    ${line}`).join('')}`,
    routes: `
  tested:
    upstream: mdm
    rows:
      - { id: device, path: /device/*, class: device }
      - { id: renew, path: /renew/*, class: renewal }
      - { id: enroll, path: /enroll/*, class: open }
      - { id: always, path: /always/*, class: always }
      - { id: admin, path: /admin/*, class: denied }
${rows.map((row) => `      - ${row}\n`).join('')}`,
    upstreams: `
  mdm:
    url: https://localhost:${upstreamPort}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }${upstreamTls.map((line) => `\n      ${line}`).join('')}
    identity: ${options.identity ?? '{ format: rfc9440, chain: true, grace: true, fields: { verify: X-Client-Verify, subject: X-Client-Subject } }'}
    limits: { ${upstreamLimits.join(', ')} }${(options.upstreamLines ?? []).map((line) => `\n    ${line}`).join('')}`,
    metrics: ' { address: 127.0.0.1, port: 0 }',
    ...yaml,
  }
  return Object.entries(sections)
    .map(([key, value]) => `${key}:${value}\n`)
    .join('')
}

/** Writes everything a product's configuration names. */
export function writeFiles(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const files: Readonly<Record<string, string>> = {
    'fleet.pem': fleet.devices.pem + fleet.root.pem,
    'root.pem': fleet.root.pem,
    'previous.pem': fleet.previous.pem,
    'server.pem': fleet.server.chainPem,
    'server.key': fleet.server.keyPem,
    'other.pem': fleet.otherServer.chainPem,
    'other.key': fleet.otherServer.keyPem,
    'upstream-ca.pem': fleet.upstreamCa.pem,
    'front-end.pem': fleet.frontEnd.chainPem,
    'front-end.key': fleet.frontEnd.keyPem,
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
}

/** What a TLS client needs to call as this device, or as none. */
export function clientTls(port: number, leaf?: Leaf) {
  return {
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: fleet.serverCa.pem,
    ...(leaf === undefined ? {} : { cert: leaf.chainPem, key: leaf.keyPem }),
  }
}

async function load(
  folder: string,
  options: ProductOptions,
): Promise<Result<LoadedConfig, readonly Fault[]>> {
  const path = join(folder, 'tfe.yaml')
  for (const [name, text] of Object.entries(options.files ?? {})) {
    writeFileSync(join(folder, name), text)
  }
  writeFileSync(path, productYaml(options))
  return loadConfig(path, {}, servedFiles(path))
}

const faultText = (faults: readonly Fault[]): string =>
  faults.map(({ at, message }) => `${at}: ${message}`).join('\n')
