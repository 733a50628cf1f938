/**
 * An admin API over a store of its own, and administrators with every kind of credential.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../../../src/admin/auth/passwords.ts'
import type { Role } from '../../../src/admin/auth/principal.ts'
import { hashOf, newSessionId, newToken } from '../../../src/admin/auth/token-text.ts'
import { adminServer } from '../../../src/admin/server.ts'
import type { FrontEndView } from '../../../src/admin/front-end.ts'
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import { parseNetwork, type Network } from '../../../src/kernel/network.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { LoadedConfig } from '../../../src/config/config.ts'
import { readStateFacts } from '../../../src/serve/store-sync/read-rules.ts'
import { inMemoryFiles } from '../config/in-memory-files.ts'
import type { Instant, Moment } from '../../../src/kernel/types.ts'
import { UpstreamErrorList } from '../../../src/record/upstream-error-list.ts'
import type { KeyRing } from '../../../src/store/secrets/seal.ts'
import { LoadedCrls } from '../../../src/state/revocation-policy.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { FILE } from '../../upstream-tls/small-runtime.ts'
import { mintingAt } from '../certificates/mint.ts'
import type { AdminTls } from '../../../src/admin/context.ts'

/** Where the clock of an admin API stands when it is opened, unless a test says otherwise. */
export const NOW = Date.UTC(2026, 10, 22)
/** The test CA whose certificates that clock judges. */
export const { mintCa, mintLeaf } = mintingAt(NOW)
export const PASSWORD = 'a long enough password'
const BY = { who: 'test', from: 'test' }
const DAY_MS = 86_400_000

export interface TestAdminApi extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly store: Store
  readonly clock: { at: number }
  /** The clock that only goes forward, which stands still unless it is moved. */
  readonly monotonicClock: { at: number }
  readonly bugs: readonly unknown[]
  /** What the log warns of. */
  readonly warnings: readonly object[]
  /** A new token, each time, of an administrator with this role. */
  tokenOf(role: Role): Promise<string>
  /** The cookie of a new session of that administrator. */
  sessionOf(role: Role): Promise<string>
}

export interface AdminApiOptions {
  readonly allow?: readonly string[]
  readonly tls?: AdminTls
  readonly frontEnd?: Partial<FrontEndView>
  readonly ring?: KeyRing
  readonly callsPerMinute?: number
  /** Of the file that the store is. */
  readonly storeName?: string
  /**
   * Where the clock stands; default `NOW`. A test of TLS client certificates sets the real time: OpenSSL judges them by
   * the real clock, so they come from the test CA of the real clock.
   */
  readonly at?: number
}

/** The configuration file beside which the admin API stands. */
export const CONFIG = (await configOf()).config

async function configOf(): Promise<LoadedConfig> {
  const text = `grace: 30d
renewalWindow: 60d
trust:
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: file:ca.pem }
listeners:
  devices:
    hosts: [mdm.example.com]
    certificates: [{ chain: file:a.pem, key: file:a.key }]
    routes: rows
routes:
  rows:
    rows:
      - { id: checkin, path: /checkin/*, class: device, sensitive: true }
      - { id: renew, path: /renew/*, class: renewal }
      - { id: enrol, path: /enrol/*, class: open }
upstreams:
  core: { url: https://core.example.com, identity: {} }
`
  const loaded = await loadConfig('tfe.yaml', {}, inMemoryFiles('tfe.yaml', text))
  if (!loaded.ok) throw new Error(loaded.failure.map(({ message }) => message).join())
  return loaded.value
}

/** A front end with one upstream, whose configuration file states nothing that the portal edits. */
const FRONT_END: Omit<FrontEndView, 'stateFacts'> = {
  crlFacts: () => [],
  crlsInForce: () => [],
  loadedCrls: () => new LoadedCrls(),
  missingLists: () => [],
  minimums: () => ({ versions: new Map(), statedByFile: false }),
  installation: () => undefined,
  approvalModel: () => undefined,
  fileEnforcement: () => ({ enforcement: 'recording', enforcementStated: false }),
  enforcement: () => ({ state: 'recording', saidBy: 'store' }),
  fileTrust: () => ({ enrollmentSettings: [], removed: [] }),
  differences: () => [],
  trust: () => ({ profile: 'private', limits: {} }),
  config: () => CONFIG,
  syncListener: () => 'sync',
  oauthRows: () => [
    { endpoint: 'new', listener: 'devices', row: 'token' },
    { endpoint: 'legacy', listener: 'devices', row: 'old-token' },
  ],
  locked: () => [],
  refusedContent: () => [],
  isEndAnnounced: () => false,
  snapshot: () => ({ revision: undefined, builtAt: NOW as Instant }),
  upstreams: () => [
    {
      name: 'core',
      servers: ['core.example:443'],
      tls: { preset: 'secure', file: FILE },
    },
  ],
  upstreamErrors: new UpstreamErrorList(NOW as Instant),
  catalogue: runtimeCatalogue,
  testUpstream: () => Promise.resolve({ ok: false, failure: { kind: 'unknown' } }),
  scanUpstream: () => Promise.resolve({ ok: false, failure: { kind: 'unknown' } }),
  upstreamFaults: () => [],
  explain: () => Promise.resolve({ kind: 'not-serving' }),
  reload: () => Promise.resolve({ outcome: 'unchanged', faults: [], warnings: [] }),
}

export async function openAdminApi(options: AdminApiOptions = {}): Promise<TestAdminApi> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-admin-api-'))
  const clock = { at: options.at ?? NOW, now: (): Instant => clock.at as Instant }
  const monotonicClock = { at: 0, now: (): Moment => monotonicClock.at as Moment }
  const opened = await openStore(
    { kind: 'sqlite', path: join(folder, options.storeName ?? 'store.db') },
    {
      clock,
      ring: options.ring ?? { keys: new Map() },
      initialSettings: { enforcement: 'recording' },
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const store = opened.value
  const networks = (options.allow ?? ['127.0.0.0/8', '::1']).map(networkOf)
  const bugs: unknown[] = []
  const warnings: object[] = []
  const app = await adminServer({
    store,
    clock,
    monotonicClock,
    log: {
      info: () => {},
      warn: (fields) => warnings.push(fields),
      error: (fields) => bugs.push(fields),
    },
    version: '0',
    frontEnd: {
      ...FRONT_END,
      stateFacts: () => readStateFacts(store, options.frontEnd?.config?.() ?? CONFIG),
      ...options.frontEnd,
    },
    networks,
    tls: options.tls,
    ...(options.callsPerMinute === undefined ? {} : { callsPerMinute: options.callsPerMinute }),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const made = new Map<Role, Promise<void>>()
  const administrator = (role: Role): Promise<void> => {
    const known = made.get(role) ?? create(store, role)
    made.set(role, known)
    return known
  }
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    port,
    store,
    clock,
    monotonicClock,
    bugs,
    warnings,
    async tokenOf(role) {
      await administrator(role)
      const token = newToken()
      await expectOk(
        store.credentials.createToken(BY, {
          hash: hashOf(token),
          admin: role,
          role,
          label: 'test',
          expiresAt: (clock.at + DAY_MS) as Instant,
        }),
      )
      return token
    },
    async sessionOf(role) {
      await administrator(role)
      const id = newSessionId()
      const expiresAt = (clock.at + DAY_MS) as Instant
      await expectOk(
        store.credentials.beginSession(BY, { hash: hashOf(id), admin: role, expiresAt }),
      )
      return `tfe-session=${id}`
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function create(store: Store, role: Role): Promise<void> {
  const passwordHash = await hashPassword(PASSWORD)
  await expectOk(
    store.admins.create(BY, { name: role, role, passwordHash, certificateKey: undefined }),
  )
}

async function expectOk(result: Promise<{ readonly ok: boolean }>): Promise<void> {
  if (!(await result).ok) throw new Error('the store refused what the test wanted')
}

function networkOf(text: string): Network {
  const network = parseNetwork(text)
  if (!network.ok) throw new Error(network.failure)
  return network.value
}
