/** Hours on their way into the store: what is counted when, and what becomes of it while the store is away. */
import { expect, test } from 'vitest'
import type { FleetStates, HistoryKind } from '../../../src/fleet/history.ts'
import { fail, ok, type Instant, type Result } from '../../../src/kernel/types.ts'
import type { MetricFamilies } from '../../../src/record/metric-families.ts'
import type { FleetNumbers } from '../../../src/serve/history/fleet-numbers.ts'
import { HistoryRecorder } from '../../../src/serve/history/recorder.ts'
import { WaitingHours } from '../../../src/serve/history/waiting-hours.ts'
import { WorkerMetrics } from '../../../src/serve/workers/worker-metrics.ts'
import type { StoreFailure, StoreTrouble } from '../../../src/store/failure.ts'
import type { HistoryBatch } from '../../../src/store/history/history.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, sqliteBackend, testClock } from '../../support/store/backends.ts'
import { unwrap } from '../../support/store/sightings.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const START = Date.UTC(2026, 5, 1, 9)
const AWAY: StoreTrouble = { kind: 'store-unavailable', detail: 'it is away' }

const numbersOf = (at: number, approved: number): FleetNumbers => ({
  at: at as Instant,
  charts: {
    devices: approved,
    readiness: [],
    success_rate: null,
    approval: { approved, awaiting: 0, unapproved: 0, blocked: 0 },
    migration: [],
    classes: [],
    callers: { days: 30, requests: [], uncertified: 0, named: [], known_hosts: 0 },
  },
  expiry: {
    '0-7d': 0,
    '8-30d': 0,
    '31-60d': 0,
    '61-270d': 0,
    later: 0,
    'in-grace': 0,
    expired: 0,
  },
  previouslyTrusted: [],
})

type Series = readonly [labels: Readonly<Record<string, string>>, value: number]

/** Metrics as a process sends them. */
const families = (metrics: Readonly<Record<string, readonly Series[]>>): MetricFamilies =>
  Object.entries(metrics).map(([name, series]) => ({
    name,
    help: 'x',
    type: 'counter' as never,
    aggregator: 'sum',
    collect: () => {},
    values: series.map(([labels, value]) => ({ labels, value })),
  }))

const requests = (admitted: number): MetricFamilies =>
  families({ tfe_requests_total: [[{ decision: 'admit', code: 'verified' }, admitted]] })

/** A store of which answers are lost, or that is away, as the test says. */
async function recording(limit?: number) {
  const place = await sqliteBackend.place()
  const store = await opened(place)
  const clock = testClock(START)
  const plan: ('away' | 'lost' | 'refused')[] = []
  const batches: HistoryBatch[] = []
  const said: string[] = []
  const note = (_: object, line: string): void => void said.push(line)
  const state = {
    families: requests(0),
    numbers: ok(numbersOf(START, 1)) as Result<FleetNumbers, StoreTrouble>,
    /** How often the counts were asked for, and the numbers of the fleet, and how long these take. */
    taken: 0,
    asked: 0,
    tookMs: 0,
    /** The store answers when this settles. */
    hung: Promise.resolve<undefined>(undefined),
  }
  const recorder = new HistoryRecorder(
    {
      async record(
        batch: HistoryBatch,
        fleet?: FleetStates,
      ): Promise<Result<unknown, StoreFailure>> {
        const next = plan.shift()
        batches.push(batch)
        await state.hung
        if (next === 'away') return fail(AWAY)
        if (next === 'refused') return fail({ kind: 'bad-cursor', found: 'x' })
        const done = await store.history.record(batch, fleet)
        return next === 'lost' ? fail(AWAY) : done
      },
    },
    {
      clock,
      logger: { log: { info: note, warn: note, error: note } } as never,
      ...(limit === undefined ? {} : { limit }),
    },
  )
  const sources = {
    families: () => {
      state.taken += 1
      return Promise.resolve(state.families)
    },
    numbers: () => {
      state.asked += 1
      clock.at += state.tookMs
      return Promise.resolve(state.numbers)
    },
  }
  /** A minute, in which so many requests were admitted in all since the start. */
  const minute = async (admitted: number, after = MINUTE): Promise<void> => {
    clock.at += after
    state.families = requests(admitted)
    await recorder.round()
  }
  return {
    store,
    clock,
    plan,
    batches,
    said,
    recorder,
    state,
    minute,
    begin: async () => {
      recorder.start(sources)
      await recorder.round()
      batches.length = 0
    },
    async [Symbol.asyncDispose]() {
      await recorder.close()
      await store.close()
      await place[Symbol.asyncDispose]()
    },
  }
}

async function rows(store: Store, kinds: readonly HistoryKind[] = ['requests']) {
  const [from, until] = [(START - 400 * HOUR) as Instant, (START + 400 * HOUR) as Instant]
  const { points } = unwrap(await store.history.points({ kinds, from, until, step: 'hour' }))
  return points.map(({ at, name, value }) => `${(at - START) / HOUR} ${name} ${value}`)
}

test('each minute adds what was counted in it to the hour in which it began', async () => {
  await using it = await recording()
  await it.begin()
  await it.minute(5)
  await it.minute(7, 58 * MINUTE)
  // Begins in the first hour, and ends with it.
  await it.minute(10)
  await it.minute(14)
  expect(await rows(it.store)).toEqual(['0 admit 10', '0 refuse 0', '1 admit 4', '1 refuse 0'])
})

test('refusals are counted by code, of requests, of connections and of relayed ones, and so is what would be refused', async () => {
  await using it = await recording()
  it.state.families = families({
    tfe_requests_total: [
      [{ decision: 'admit', code: 'recording', listener: 'a' }, 5],
      [{ decision: 'refuse', code: 'expired', listener: 'a' }, 2],
      [{ decision: 'refuse', code: 'expired', listener: 'b' }, 1],
    ],
    tfe_connections_total: [
      [{ outcome: 'served', code: 'none' }, 9],
      [{ outcome: 'closed-before-request', code: 'none' }, 4],
      [{ outcome: 'closed-before-request', code: 'expired' }, 1],
      [{ outcome: 'refused', code: 'blocked' }, 1],
      [{ outcome: 'handshake-failed', code: 'not-tls' }, 1],
      [{ outcome: 'ended', code: 'revoked' }, 1],
      [{ outcome: 'ended', code: 'drained' }, 3],
      [{ outcome: 'relayed', code: 'verified' }, 3],
      [{ outcome: 'aborted', code: 'verified' }, 3],
      [{ outcome: 'failed', code: 'verified' }, 3],
    ],
    tfe_tunnels_total: [
      [{ decision: 'refuse', code: 'blocked', would_refuse: 'none' }, 1],
      [{ decision: 'admit', code: 'recording', would_refuse: 'expired' }, 2],
    ],
    tfe_would_refuse_total: [[{ code: 'expired' }, 5]],
  })
  await it.begin()
  const of = (kind: HistoryKind) => rows(it.store, [kind])
  expect(await of('requests')).toEqual(['0 admit 5', '0 refuse 3'])
  expect(await of('relayed')).toEqual(['0 admit 2', '0 refuse 1'])
  expect(await of('refusals')).toEqual(['0 blocked 1', '0 expired 4', '0 not-tls 1', '0 revoked 1'])
  expect(await of('would-refuse')).toEqual(['0 expired 7'])
})

test('how the fleet is stands beside the counts, and is not made up while the store does not say it', async () => {
  await using it = await recording()
  await it.begin()
  expect(await rows(it.store, ['approval'])).toContain('0 approved 1')
  it.state.numbers = ok(numbersOf(START + HOUR, 4))
  await it.minute(1)
  it.state.numbers = fail(AWAY)
  await it.minute(2, 2 * HOUR)
  const found = await rows(it.store, ['approval'])
  expect(found.filter((row) => row.includes('approved'))).toContain('1 approved 4')
  expect(found.filter((row) => row.startsWith('2 '))).toEqual([])
  // What was said last goes on being shown.
  expect(it.recorder.numbers?.charts.devices).toBe(4)
  expect(it.said).toEqual(['the numbers of the fleet cannot be read: they stay as they were'])
})

test('a batch whose answer was lost is given again under its name, and counts once', async () => {
  await using it = await recording()
  await it.begin()
  it.plan.push('lost', 'away')
  await it.minute(5)
  await it.minute(6)
  await it.minute(8)
  expect(await rows(it.store)).toEqual(['0 admit 8', '0 refuse 0'])
  // The control: without its name the first five would be there twice.
  const [first, again, third] = it.batches
  expect([again, third]).toEqual([first, first])
  expect(it.recorder.counts()).toEqual({ buffered: 0, dropped: 0, failures: 2 })
})

test('while the store is away hours wait up to a bound, and the oldest is dropped and counted', async () => {
  await using it = await recording(2)
  await it.begin()
  it.plan.push(...Array.from({ length: 4 }, () => 'away' as const))
  for (const [at, admitted] of [1, 10, 100, 1000].entries()) {
    await it.minute(admitted, at === 0 ? MINUTE : HOUR)
  }
  await it.minute(1001, MINUTE)
  const found = await rows(it.store)
  expect(found.filter((row) => row.includes('admit'))).toEqual([
    '0 admit 0',
    '2 admit 900',
    '3 admit 1',
  ])
  // The first hour in two parts, and the second.
  expect(it.recorder.counts()).toEqual({ buffered: 0, dropped: 3, failures: 4 })
})

test('hours that wait take turns, the oldest first, and one that has no room is dropped', () => {
  const waiting = new WaitingHours(2)
  const add = (hour: number) =>
    waiting.add((START + hour * HOUR + MINUTE) as Instant, [
      { kind: 'refusals', name: 'expired', value: 1 },
    ])
  for (const hour of [3, 1, 3, 2]) add(hour)
  expect([waiting.size, waiting.dropped]).toEqual([2, 1])
  const taken = [waiting.take(), waiting.take(), waiting.take()]
  expect(taken.map((one) => one && [(one.at - START) / HOUR, one.counts[0]?.value])).toEqual([
    [2, 1],
    [3, 2],
    undefined,
  ])
})

test('a batch that can never be taken does not stop those behind it, and is counted as dropped', async () => {
  await using it = await recording()
  await it.begin()
  it.plan.push('refused')
  await it.minute(5)
  await it.minute(6)
  expect(await rows(it.store)).toEqual(['0 admit 1', '0 refuse 0'])
  expect(it.recorder.counts()).toEqual({ buffered: 0, dropped: 1, failures: 1 })
  expect(it.said).toEqual([
    'counts of the history are dropped, because the store does not take them',
    'the history is written again',
  ])
})

test('while one write hangs each minute is counted in its own hour all the same', async () => {
  await using it = await recording()
  await it.begin()
  const hung = Promise.withResolvers<undefined>()
  it.state.hung = hung.promise
  const before = it.state.taken
  const minutes: Promise<void>[] = []
  for (const [at, admitted] of [1, 3, 7].entries()) {
    minutes.push(it.minute(admitted, at === 0 ? MINUTE : HOUR))
    await expect.poll(() => it.state.taken).toBe(before + at + 1)
  }
  expect(it.batches).toHaveLength(1)
  hung.resolve(undefined)
  await Promise.all(minutes)
  await it.minute(7)
  const found = await rows(it.store)
  expect(found.filter((row) => row.includes('admit'))).toEqual([
    '0 admit 3',
    '1 admit 4',
    '2 admit 0',
  ])
})

test('a store that takes long for the numbers of the fleet is asked less often, and four times an hour at least', async () => {
  await using it = await recording()
  await it.begin()
  const asked = async (tookMs: number, minutes: number): Promise<number> => {
    const before = it.state.asked
    it.state.tookMs = tookMs
    for (let at = 0; at < minutes; at += 1) await it.minute(1)
    return it.state.asked - before
  }
  expect(await asked(100, 6)).toBe(6)
  // 300 ms are followed by 150 s in which it is not asked: each third minute asks.
  expect(await asked(300, 6)).toBe(2)
  await asked(20_000, 3)
  expect(await asked(20_000, 60)).toBe(4)
  // Where the clock is set back it is asked at once.
  it.clock.at -= HOUR
  expect(await asked(0, 2)).toBe(2)
})

test('numbers that cannot be read are told of once, while counts are written', async () => {
  await using it = await recording()
  await it.begin()
  it.state.numbers = fail(AWAY)
  for (const admitted of [1, 2, 3]) await it.minute(admitted)
  expect(it.said).toEqual(['the numbers of the fleet cannot be read: they stay as they were'])
  expect(await rows(it.store)).toEqual(['0 admit 3', '0 refuse 0'])
  it.state.numbers = ok(numbersOf(START, 1))
  await it.minute(3)
  expect(it.said.slice(1)).toEqual(['the numbers of the fleet are read again'])
})

test('the last that was counted is written when the front end ends', async () => {
  await using it = await recording()
  await it.begin()
  it.clock.at += MINUTE
  it.state.families = requests(3)
  await it.recorder.close()
  expect(await rows(it.store)).toEqual(['0 admit 3', '0 refuse 0'])
})

test('what a worker counted is there once when it dies and another takes its place', async () => {
  await using it = await recording()
  const workers = new WorkerMetrics()
  const round = async (): Promise<void> => {
    it.state.families = await workers.all([]).getMetricsAsJSON()
    it.clock.at += MINUTE
    await it.recorder.round()
  }
  workers.joined(1)
  workers.heard(1, requests(5))
  it.state.families = await workers.all([]).getMetricsAsJSON()
  await it.begin()
  workers.left(1)
  await round()
  workers.joined(2)
  workers.heard(2, requests(2))
  await round()
  await round()
  expect(await rows(it.store)).toEqual(['0 admit 7', '0 refuse 0'])
})
