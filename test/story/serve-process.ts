/**
 * `tfe serve` with two workers, as an operator runs it: a folder that outlives the process, `tfe init`,
 * `tfe admin create`, and an end that may be sudden.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { claimPorts } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'
import { HOST } from './certificates.ts'
import { PLACES } from './client-kinds.ts'
import { SETTING_NAMES } from './devices.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Where the front end keeps its store, as the configuration says it. */
export type StorePlace =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }

export interface ServeProcessSettings {
  readonly folder: string
  readonly store: StorePlace
  readonly upstreamPort: number
  /** Of the server that the sync port leads to. */
  readonly legacyPort: number
}

/** Ports that stay the same however often it starts. */
export interface Ports {
  readonly devices: number
  readonly sync: number
  readonly admin: number
  readonly status: number
}

export class ServeProcess {
  readonly ports: Ports
  readonly token: string
  readonly folder: string
  /** Lines of the log that are faults or worse. */
  readonly complaints: string[] = []
  #program: Program | undefined

  private constructor(folder: string, ports: Ports, token: string) {
    this.folder = folder
    this.ports = ports
    this.token = token
  }

  /** Makes store and administrator; does not serve yet. */
  static async create(settings: ServeProcessSettings): Promise<ServeProcess> {
    const { folder, store } = settings
    const [devices = 0, sync = 0, admin = 0, status = 0] = await claimPorts(4)
    const ports = { devices, sync, admin, status }
    if (store.kind === 'postgres')
      writeFileSync(join(folder, 'store-url'), store.url, { mode: 0o600 })
    const file = join(folder, 'tfe.yaml')
    // A server that was there before certificates could be required: its store begins in recording.
    writeFileSync(file, yamlOf('core-10', settings, ports))
    tfe('init', '--config', file)
    const tokenFile = join(folder, 'token')
    tfe(
      'admin',
      'create',
      ADMIN,
      '--role',
      'administrator',
      '--token-file',
      tokenFile,
      '--config',
      file,
    )
    // The upgrade: an existing store keeps what it has, whatever the profile begins with.
    writeFileSync(file, yamlOf('epmm-11.5', settings, ports))
    return new ServeProcess(folder, ports, readFileSync(tokenFile, 'utf8').trim())
  }

  /** Starts serving; resolves when both workers do. */
  async start(): Promise<void> {
    const args = [MAIN, 'serve', '--config', join(this.folder, 'tfe.yaml')]
    // A process group of its own: primary and workers can be killed at one blow.
    const program = new Program(process.execPath, args, { hasGroup: true })
    this.#program = program
    program.child.stderr?.on('data', (text: string) => this.complaints.push(text.trim()))
    createInterface({ input: program.child.stdout as Readable }).on('line', (line) => {
      if (COMPLAINT.test(line)) this.complaints.push(line)
    })
    await program.until(/"msg":"serving"/)
  }

  /** `kill -9` of the whole process tree. */
  async kill(): Promise<void> {
    this.#program?.signal('SIGKILL')
    await this.#program?.ended
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    await this.#program?.end()
  }
}

/** Who decides everything in the story. */
export const ADMIN = 'olga'

/** pino's levels from error on. */
const COMPLAINT = /"level":(?:"(?:error|fatal)"|[56]0)/u

function tfe(...args: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 100_000,
  })
  if (status !== 0) throw new Error(`tfe ${args[0]} ended with ${status}: ${stdout}${stderr}`)
}

function yamlOf(profile: string, settings: ServeProcessSettings, ports: Ports): string {
  const { store, upstreamPort, legacyPort } = settings
  const storeYaml =
    store.kind === 'sqlite'
      ? '{ sqlite: data/tfe.sqlite, keys: file:tfe.keys }'
      : `{ postgres: file:store-url, schema: ${store.schema}, keys: file:tfe.keys }`
  const listener = (port: number): string => `
    exposure: internal
    address: 127.0.0.1
    port: ${port}
    hosts: [${HOST}]
    certificates:
      - { chain: file:server.pem, key: file:server.key }`
  const { checkIn, windows, renewal, legacyOauth, newOauth } = PLACES
  const tls =
    "{ trust: { default: off, custom: ['file:inside-ca.pem'] }, clientCertificate: { chain: file:front-end.pem, key: file:front-end.key } }"
  return `profile: ${profile}
instance: story
workers: 2
store: ${storeYaml}
admin: { port: ${ports.admin} }
grace: 30d
announce: 0s
drain: 1s
trust:
  enrollmentSettings:
    - { name: ${SETTING_NAMES.old}, source: local, standing: current, chain: 'file:old-ca.pem' }
listeners:
  devices:${listener(ports.devices)}
    routes: story
  sync:${listener(ports.sync)}
    purpose: sync
    relay: { upstream: legacy }
routes:
  story:
    preset: epmm
    upstream: core
    rows:
      - { id: client-check-in, path: ${checkIn.path}, enabled: true }
      - { id: ios-mdm, enabled: true }
      - { id: windows-check-in, path: ${windows.path}, enabled: true }
      - { id: renewal, path: ${renewal.path}, enabled: true }
      - { id: legacy-oauth, path: ${legacyOauth.path}, enabled: true }
      - { id: oauth, path: ${newOauth.path}, enabled: true }
upstreams:
  core:
    url: https://localhost:${upstreamPort}
    host: preserve
    tls: ${tls}
    identity: { format: rfc9440, chain: true, grace: true }
  legacy:
    url: https://localhost:${legacyPort}
    tls: ${tls}
    identity: { format: rfc9440 }
legacyOAuth:
  address: { rate: 60000, burst: 10000 }
metrics: { address: 127.0.0.1, port: ${ports.status} }
log: { level: info, requests: false, connections: false }
`
}
