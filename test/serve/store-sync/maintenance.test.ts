/** Periodic jobs on a store: on one that is there, one that is locked, and one that others share. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint, Millis } from '../../../src/kernel/types.ts'
import { Maintenance, thisInstance } from '../../../src/serve/store-sync/maintenance.ts'
import { StoreMetrics } from '../../../src/serve/store-sync/metrics.ts'
import { allDeparting, type DepartingByCode } from '../../../src/store/devices/departing-devices.ts'
import type { KeyRing } from '../../../src/store/secrets/seal.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { aRing, sqliteBackend, testClock, type Place } from '../../support/store/backends.ts'
import { aRefusal, batchOf } from '../../support/store/refusals.ts'
import { unwrap } from '../../support/store/sightings.ts'

const BY = { who: 'test', from: 'test' }
const DAY_MS = 86_400_000
const hex = (text: string): string => Buffer.from(text).toString('hex').padEnd(64, '0')

interface Line {
  readonly level: 'error' | 'info' | 'warn'
  readonly msg: string
  readonly facts: object
}

interface MaintenanceOptions {
  readonly id?: string
  readonly ring?: KeyRing
  readonly departing?: DepartingByCode | undefined
}

async function startMaintenance(
  place: Place,
  { id = 'one', ring = aRing(1), departing }: MaintenanceOptions = {},
) {
  if (place.settings.kind !== 'sqlite') throw new Error('these tests lock a file')
  const clock = testClock()
  const opened = await openStore(
    { ...place.settings, busyTimeout: 50 as never },
    { clock, ring, initialSettings: { enforcement: 'recording' } },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const store = opened.value
  const lines: Line[] = []
  const line = (level: Line['level']) => (facts: object, msg: string) =>
    void lines.push({ level, msg, facts })
  const keeping = new Maintenance({
    store,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    clock,
    instance: { id, name: `tfe-${id}` },
    departing: () => departing,
    keepRefusals: () => KEEP as Millis,
  })
  const close = () => store.close()
  return { store, keeping, clock, lines, [Symbol.asyncDispose]: close }
}

const unverified = (key: string, at: number): Sighting => ({
  at: at as Instant,
  count: 1,
  listener: 'devices',
  certificate: {
    fingerprint: hex(key) as Fingerprint,
    key: hex(key) as KeyFingerprint,
    issuerKey: undefined,
    serial: '01',
    issuer: 'CN=Unknown',
    subject: `CN=${key}`,
    signedIds: [],
    notBefore: 0 as Instant,
    notAfter: (at + DAY_MS) as Instant,
    setting: undefined,
    sound: false,
  },
  reportedId: undefined,
  class: undefined,
  agent: undefined,
  agentVersion: undefined,
  agentRank: undefined,
  verdict: 'refuse',
  code: 'unknown-issuer',
  authentication: 'failed',
  migration: undefined,
  approvesItself: false,
})

const devicesIn = async ({ devices }: Store): Promise<number> => {
  const count = await devices.count({}, [])
  return count.ok ? count.value : -1
}

async function sessionUntil(store: Store, name: string, expiresAt: number): Promise<void> {
  const session = { hash: hex(name), admin: 'alice', expiresAt: expiresAt as Instant }
  expect((await store.credentials.beginSession(BY, session)).ok).toBe(true)
}

async function withAlice({ store }: { readonly store: Store }): Promise<void> {
  const alice = { name: 'alice', role: 'administrator', passwordHash: 'x' } as const
  expect((await store.admins.create(BY, { ...alice, certificateKey: undefined })).ok).toBe(true)
}

test('unverified devices are forgotten after three days, to the hour in which they were last seen', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  const { store, keeping, clock, lines } = it
  const gone = unverified('gone', clock.at - 3 * DAY_MS - 3_600_000)
  const here = unverified('here', clock.at - 3 * DAY_MS + 3_600_000)
  expect((await store.sightings.record([gone, here])).ok).toBe(true)
  await keeping.runOnce()
  expect(await devicesIn(store)).toBe(1)
  expect(keeping.counts.unverifiedForgotten).toBe(1)
  expect(lines).toMatchObject([{ level: 'info', facts: { devices: 1 } }])
  await keeping.runOnce()
  expect(lines).toHaveLength(1)
})

test('sessions that have ended are thrown away, others stay', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  const { store, keeping, clock } = it
  await withAlice(it)
  await sessionUntil(store, 'ended', clock.at - 1)
  await sessionUntil(store, 'lives', clock.at)
  await keeping.runOnce()
  expect(keeping.counts.sessionsEnded).toBe(1)
  expect(await store.credentials.findSession(hex('ended'))).toMatchObject({ value: undefined })
  expect(await store.credentials.findSession(hex('lives'))).toMatchObject({
    value: { admin: { name: 'alice' } },
  })
})

test('a replica that lacks the current key is named once, and once more when no replica lacks it', async () => {
  await using place = await sqliteBackend.place()
  await using ahead = await startMaintenance(place, { ring: aRing(1, 2) })
  await using behind = await startMaintenance(place, { id: 'two' })
  const secret = { name: 'a', secret: Buffer.from('a') }
  expect((await ahead.store.secrets.put(BY, secret, 0)).ok).toBe(true)
  await behind.keeping.runOnce()
  expect(behind.lines).toMatchObject([
    { level: 'warn', msg: 'this front end cannot open secrets under the current key' },
    { level: 'warn', msg: 'a replica lacks the current key', facts: { replicas: ['tfe-two'] } },
  ])
  expect(behind.keeping.counts.keys).toMatchObject({ fault: { kind: 'key-missing' } })
  await ahead.keeping.runOnce()
  await ahead.keeping.runOnce()
  expect(ahead.lines).toMatchObject([
    { level: 'warn', msg: 'a replica lacks the current key', facts: { replicas: ['tfe-two'] } },
  ])
  expect(ahead.keeping.counts.keys).toMatchObject({ current: 2, fault: undefined })
  await behind.keeping.close({ leaving: true })
  await ahead.keeping.runOnce()
  expect(ahead.lines.at(-1)).toMatchObject({
    level: 'info',
    msg: 'every replica holds the current key',
  })
})

const SILENT_MS = 15 * 60_000
const SILENCE: readonly [string, number, number][] = [
  ['missed three reports less a moment is still warned about', SILENT_MS, 1],
  ['missed three reports is gone, and lacks nothing', SILENT_MS + 1, 0],
]

for (const [what, silence, lacking] of SILENCE) {
  test(`a replica that ${what}`, async () => {
    await using place = await sqliteBackend.place()
    await using ahead = await startMaintenance(place, { ring: aRing(1, 2) })
    await using behind = await startMaintenance(place, { id: 'two' })
    const secret = { name: 'a', secret: Buffer.from('a') }
    expect((await ahead.store.secrets.put(BY, secret, 0)).ok).toBe(true)
    await behind.keeping.runOnce()
    ahead.clock.at += silence
    await ahead.keeping.runOnce()
    expect(ahead.keeping.counts.keys?.lacking).toHaveLength(lacking)
  })
}

test('a store that is away costs one line for each job, and everything is made up for later', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place, { departing: EPMM })
  const { store, keeping, clock, lines } = it
  await withAlice(it)
  await sessionUntil(store, 'ended', clock.at - 1)
  if (place.settings.kind !== 'sqlite') return expect.fail()
  const other = new DatabaseSync(place.settings.path)
  other.exec('begin exclusive')
  await keeping.runOnce()
  await keeping.runOnce()
  expect(lines.map(({ level, facts }) => ({ level, ...facts }))).toMatchObject(
    ['keys', 'sessions', 'refusals', 'callers', 'history', 'unverified'].map((job) => ({
      level: 'warn',
      job,
      code: 'store-locked',
    })),
  )
  expect(lines).toHaveLength(6)
  // What is only read is read all the same.
  expect(keeping.counts.failures).toEqual({
    callers: 2,
    departures: 0,
    history: 2,
    keys: 2,
    refusals: 2,
    sessions: 2,
    unverified: 2,
  })
  expect(keeping.counts.departures).toHaveLength(4)
  other.exec('rollback')
  other.close()
  await keeping.runOnce()
  expect(keeping.counts).toMatchObject({ sessionsEnded: 1, failures: { keys: 2 } })
  expect(lines).toHaveLength(6)
})

const EPMM = allDeparting(
  {
    profile: 'epmm-11.5',
    setting: undefined,
    isRequired: true,
    storefrontCertificates: undefined,
  },
  'sync',
)

test('departures are counted where documents say what to expect, and shown as a metric', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place, { departing: EPMM })
  await it.store.inventory.import(BY, [
    { id: 'mac', class: 'macos-maw', pending: true },
    { id: 'phone', class: 'android-maw', agentVersion: '9', agentRank: 9, pending: true },
    { id: 'tablet', class: 'ios-mdm', pending: true },
  ])
  await it.keeping.runOnce()
  const metrics = await metricsText(it.keeping)
  expect(metrics).toEqual([
    'tfe_devices_by_departure{departure="on-sync-port"} 1',
    'tfe_devices_by_departure{departure="on-https-port"} 0',
    'tfe_devices_by_departure{departure="came-without-certificate"} 0',
    'tfe_devices_by_departure{departure="cannot-migrate"} 1',
  ])
})

test('a server without documents has no metric of departures: none is no zero', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  await it.keeping.runOnce()
  expect(it.keeping.counts.failures.departures).toBe(0)
  expect(await metricsText(it.keeping)).toEqual([])
})

/** The lines of the metric. */
async function metricsText(keeping: Maintenance): Promise<readonly string[]> {
  const store = {
    revision: 0,
    answeredAt: 0 as Instant,
    silent: 0 as Millis,
    failure: undefined,
    failures: 0,
  }
  const sightings = { buffered: 0, recorded: 0, dropped: 0, failures: 0, lastFailure: undefined }
  const notKept = { known: 0, other: 0 }
  const refusals = { kept: 0, buffered: 0, notKept, pushedOut: 0, failures: 0 }
  const history = { buffered: 0, dropped: 0, failures: 0 }
  const facts = { store, sightings, refusals, maintenance: keeping.counts, history }
  const text = await new StoreMetrics().text(facts)
  return text.split('\n').filter((line) => line.startsWith('tfe_devices_by_departure'))
}

test('refusals are deleted when they were kept for long enough, and counted', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  const at = (age: number) => ({ at: (it.clock.at - age) as Instant })
  const kept = [aRefusal('old', at(KEEP + 1)), aRefusal('young', at(KEEP))]
  const recorded = await it.store.refusals.record(batchOf(...kept), { rows: 10, instance: 'i' })
  expect(recorded.ok).toBe(true)
  await it.keeping.runOnce()
  expect(it.keeping.counts).toMatchObject({ refusalsDeleted: 1, failures: { refusals: 0 } })
  const left = await it.store.refusals.list({ limit: 9 })
  expect(left.ok && left.value.items.map(({ reference }) => reference)).toEqual(['young'])
})

test('hours are forgotten 90 days after they were rolled up', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  const put = (at: number, id: string) =>
    it.store.history.record({
      writer: 'one',
      id,
      at: at as Instant,
      counts: [{ kind: 'requests', name: 'admit', value: 1 }],
    })
  const edge = it.clock.at - 90 * DAY_MS
  expect((await put(edge - 1, 'old')).ok).toBe(true)
  expect((await put(edge, 'young')).ok).toBe(true)
  await it.keeping.runOnce()
  const range = { from: (edge - DAY_MS) as Instant, until: (edge + DAY_MS) as Instant }
  const found = await it.store.history.points({ kinds: ['requests'], step: 'hour', ...range })
  expect(found.ok && found.value.points.map(({ at }) => at)).toEqual([edge])
})

test('digests of a forgotten device are deleted after a week, although no other device is forgotten', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  const { store, keeping, clock } = it
  if (place.settings.kind !== 'sqlite') return expect.fail()
  expect((await store.sightings.record([unverified('gone', clock.at)])).ok).toBe(true)
  const [device] = unwrap(
    await store.devices.list({ filter: {}, order: 'first-seen', limit: 1, minimums: [] }),
  ).items
  expect((await store.devices.forget(BY, device?.id ?? '', 'any')).ok).toBe(true)
  using file = new DatabaseSync(place.settings.path)
  const digests = () => file.prepare('select digest from erased_devices').all().length
  clock.at += 7 * DAY_MS
  await keeping.runOnce()
  expect(digests()).toBe(1)
  clock.at += 1
  await keeping.runOnce()
  expect(digests()).toBe(0)
})

/** How long refusals are kept here. */
const KEEP = 60_000

test('it begins at once, and ends after what it has begun', async () => {
  await using place = await sqliteBackend.place()
  await using it = await startMaintenance(place)
  await withAlice(it)
  await sessionUntil(it.store, 'ended', it.clock.at - 1)
  it.keeping.start()
  await it.keeping.close({ leaving: false })
  expect(it.keeping.counts).toMatchObject({ sessionsEnded: 1, keys: { current: 0 } })
})

test('an instance is the same after a restart, and another one for another configuration or name', () => {
  const ids = (['a', 'b'] as const).flatMap((file) =>
    [undefined, 'tfe-1'].map((instance) => thisInstance({ file, instance }).id),
  )
  expect(new Set(ids).size).toBe(4)
  expect(thisInstance({ file: 'a', instance: undefined }).id).toBe(ids[0])
  expect(thisInstance({ file: 'a', instance: 'tfe-1' }).name).toBe('tfe-1')
})
