/** A store that is away while devices call: locked by another process, or a database that was stopped. */
import { createPublicKey, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import type { Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { createAdmin } from '../../../src/cli/commands/create-admin.ts'
import { openStore, type Store, type StoreSettings } from '../../../src/store/store.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { startPostgres } from '../../support/store/postgres.ts'
import {
  clientTls,
  fleet,
  product,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const BY = { who: 'test', from: 'test' }
/** Different sightings that may wait here. */
const LIMIT = 8
const postgres = await startPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

/** A store that can be taken away and given back. */
interface Taken {
  readonly options: Partial<ProductOptions>
  settings(frontEnd: Product): StoreSettings
  away(frontEnd: Product): Promise<{ back(): Promise<void> }>
  /** What /readyz says meanwhile. */
  readonly sentence: RegExp
  readonly code: string
  /** One that wants to change it waits for it, for a while. */
  readonly waits: boolean
}

const lockedFile: Taken = {
  options: { yaml: { store: ' { sqlite: data/tfe.sqlite }' } },
  settings: ({ folder }) => ({ kind: 'sqlite', path: join(folder, 'data/tfe.sqlite') }),
  away({ folder }) {
    const lockHolder = new DatabaseSync(join(folder, 'data/tfe.sqlite'), { timeout: 10_000 })
    lockHolder.exec('begin exclusive')
    return Promise.resolve({
      back() {
        lockHolder.close()
        return Promise.resolve()
      },
    })
  },
  waits: true,
  sentence:
    /^ready\nanother process holds the store: .*; decisions use what it says; \d+ sightings? waits?, \d+ (?:was|were) dropped\n$/,
  code: 'store-locked',
}

const stoppedDatabase = (cluster: typeof postgres & { kind: 'found' }): Taken => ({
  options: {
    yaml: { store: ` { postgres: 'file:pg.url', keys: 'file:tfe.keys' }` },
    files: { 'pg.url': cluster.url },
    createStore: true,
  },
  settings: () => ({ kind: 'postgres', url: cluster.url }),
  async away() {
    await cluster.halt()
    return { back: () => cluster.resume() }
  },
  sentence:
    /^ready\nthe store does not answer: .*; decisions use what it said last at .*; \d+ sightings? waits?, \d+ (?:was|were) dropped\n$/,
  code: 'store-unavailable',
  waits: false,
})

promises('a locked SQLite file', lockedFile)
if (postgres.kind === 'found') promises('a stopped PostgreSQL', stoppedDatabase(postgres))
// A stranger's machine may have no PostgreSQL: the title says why this was not played there. `.ci/run` installs it.
else test.skip(`a stopped PostgreSQL: ${postgres.why}`, () => {})

function promises(name: string, taken: Taken): void {
  describe(name, () => {
    test('traffic goes on, what fits waits and is stored, the rest is counted, and a block made right after holds', async () => {
      await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
      await using frontEnd = await product({
        upstreamPort: upstream.port,
        sightingLimit: LIMIT,
        ...taken.options,
        yaml: { ...taken.options.yaml, admin: ' { port: 0 }' },
      })
      const call = await administrator(frontEnd, taken)
      const before = await measures(frontEnd)
      const devices = Array.from({ length: LIMIT + 2 }, (_, index) =>
        mintLeaf({ issuer: fleet.devices, name: `caller ${index}` }),
      )
      await using other = await beside(frontEnd, taken)
      const outage = await taken.away(frontEnd)
      for (const device of devices) expect(await statusOf(frontEnd, device)).toBe('200')
      await expect.poll(() => ask(frontEnd, '/readyz')).toMatch(taken.sentence)
      await expect
        .poll(() => measures(frontEnd))
        .toMatchObject({ buffered: LIMIT, dropped: 2, recorded: before.recorded })
      await expect.poll(async () => (await measures(frontEnd)).failed).toBeGreaterThan(0)
      // No administrator waits for the store either: it was waited for in vain a moment ago. Another program, which
      // begins to wait before the call, is still waiting when the call is answered.
      const lost = { kind: 'key', key: keyOf(fleet.device) } as const
      const answered: string[] = []
      const waiting = other.denials.add(BY, lost, 'lost').then(() => answered.push('the other'))
      const refused = await call('POST', '/api/deny-list', { denied: lost, note: 'lost' })
      answered.push('the call')
      await waiting
      if (taken.waits) expect(answered).toEqual(['the call', 'the other'])
      expect(refused.status).toBe(503)
      expect(refused.headers.get('content-type')).toContain('application/problem+json')
      expect(await refused.json()).toMatchObject({ code: taken.code, status: 503 })

      await outage.back()
      await using store = await beside(frontEnd, taken)
      const [blocked] = devices
      if (blocked === undefined) return expect.fail('no device')
      await using live = await Device.to(frontEnd.port, clientTls(frontEnd.port, blocked))
      const denied = { kind: 'key', key: keyOf(blocked) } as const
      expect((await store.denials.add(BY, denied, 'lost')).ok).toBe(true)
      await live.ended
      await expect
        .poll(() => measures(frontEnd))
        .toMatchObject({ buffered: 0, dropped: 2, recorded: before.recorded + LIMIT })
      await expect.poll(() => ask(frontEnd, '/readyz')).toBe('ready\n')
      const count = await store.devices.count({}, [])
      expect(count.ok && count.value).toBe(LIMIT)
      expect((await call('GET', '/api/devices')).status).toBe(200)
    })
  })
}

/** A store that another process has waited for five seconds is long enough away. */

const keyOf = ({ keyPem }: Leaf): KeyFingerprint =>
  hash('sha256', createPublicKey(keyPem).export({ type: 'spki', format: 'der' })) as KeyFingerprint

async function statusOf(frontEnd: Product, leaf: Leaf): Promise<string> {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return (await device.response()).startLine.split(' ')[1] ?? ''
}

const ask = async ({ statusPort }: Product, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text()

async function measures(frontEnd: Product) {
  const text = await ask(frontEnd, '/metrics')
  const of = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    buffered: of('tfe_sightings_buffered'),
    dropped: of('tfe_sightings_dropped_total'),
    recorded: of('tfe_sightings_recorded_total'),
    failed: of('tfe_sighting_batches_failed_total'),
  }
}

/** As another replica, or another program on this machine, would open it. */
async function beside(frontEnd: Product, taken: Taken): Promise<Store & AsyncDisposable> {
  const opened = await openStore(taken.settings(frontEnd), {
    clock: { now: () => Date.now() as Instant },
    ring: { keys: new Map() },
    initialSettings: undefined,
  })
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

async function administrator(frontEnd: Product, taken: Taken) {
  await using store = await beside(frontEnd, taken)
  const path = join(frontEnd.folder, 'token')
  const credential = { kind: 'token-file', path } as const
  const made = await createAdmin(store, { name: 'alice', role: 'administrator', credential }, BY)
  expect(made.ok).toBe(true)
  const authorization = `Bearer ${readFileSync(path, 'utf8').trim()}`
  return (method: string, at: string, body?: unknown): Promise<Response> =>
    fetch(`http://127.0.0.1:${frontEnd.adminPort}${at}`, {
      method,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}
