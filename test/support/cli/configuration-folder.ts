/** A little fleet on disk: authorities, certificates and a configuration that trusts them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintCa, mintLeaf } from '../certificates/mint.ts'

export const DAY = 86_400_000
const now = Date.now()

export const root = mintCa({ name: 'Fleet Root', notBefore: now - 900 * DAY })
export const current = mintCa({ name: 'Fleet CA', issuer: root, notBefore: now - 900 * DAY })
export const previous = mintCa({ name: 'Old Fleet CA', notBefore: now - 900 * DAY })
const server = mintLeaf({
  issuer: root,
  name: 'front',
  purposes: ['serverAuth'],
  dns: ['mdm.test'],
  notAfter: now + 100 * DAY,
})

/** The configuration that all sessions start from. */
export const CONFIGURATION = `profile: generic
workers: 1
store: { sqlite: data/tfe.sqlite }
trust:
  enrollmentSettings:
    - { name: New, standing: current, chain: 'file:current.pem' }
    - { name: Old, standing: previously-trusted, retiredAt: ${day(-100)}, chain: 'file:previous.pem' }
listeners:
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [mdm.test]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    routes: all
routes:
  all:
    preset: generic
    rows:
      - { id: enroll, path: /enroll/*, class: open }
      - { id: renew, path: /renew/*, class: renewal, methods: [POST] }
      - { id: admin, path: /admin/*, class: denied }
upstreams:
  mdm:
    url: https://mdm.internal:8443
    identity:
      format: rfc9440
      fields: { verify: X-Verify }
metrics: { port: 0 }
`

export interface ConfigurationFolder extends AsyncDisposable {
  readonly folder: string
  readonly config: string
  /** Writes a file of the fleet and gives its path. */
  write(name: string, content: string | Buffer): Promise<string>
}

/** Writes everything into a folder of its own. */
export async function configurationFolder(
  configuration = CONFIGURATION,
): Promise<ConfigurationFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'tfe-cli-'))
  const write = async (name: string, content: string | Buffer): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  await write('current.pem', current.pem + root.pem)
  await write('previous.pem', previous.pem)
  await write('server.pem', server.pem + root.pem)
  await write('server.key', server.keyPem)
  return {
    folder,
    config: await write('tfe.yaml', configuration),
    write,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A day before or after today, as configurations write it. */
export function day(distance: number): string {
  return new Date(now + distance * DAY).toISOString().slice(0, 10)
}
