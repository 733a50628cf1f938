import { describe, expect, test } from 'vitest'
import {
  HISTORY_DAYS,
  HISTORY_KINDS,
  type CountKind,
  type HistoryEntry,
  type HistoryKind,
  type StateKind,
} from '../../../src/fleet/history.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { NAMES_PER_KIND, type HistoryBatch } from '../../../src/store/history/history.ts'
import type { HistoryStep } from '../../../src/store/history/read-points.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, testClock, type Backend } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  DAY,
  SEEN,
  unwrap,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const HOUR = 3_600_000
/** The first hour of a day in UTC. */
const MIDNIGHT = (SEEN - (SEEN % DAY)) as Instant

let batches = 0
const aBatch = (
  at: number,
  names: Readonly<Record<string, number>>,
  more: Partial<HistoryBatch> & { readonly kind?: CountKind } = {},
): HistoryBatch => {
  batches += 1
  const { kind = 'requests', ...rest } = more
  const counts = Object.entries(names).map(([name, value]) => ({ kind, name, value }))
  return { writer: 'one', id: `batch-${batches}`, at: at as Instant, counts, ...rest }
}

const states = (
  at: number,
  names: Readonly<Record<string, number>>,
  kind: StateKind = 'approval',
) => ({
  at: at as Instant,
  states: Object.entries(names).map(([name, value]): HistoryEntry<StateKind> => ({
    kind,
    name,
    value,
  })),
})

/** `hour name value` of each point, of a day unless it is said otherwise. */
async function pointsOf(
  store: Store,
  kinds: readonly HistoryKind[],
  range: { readonly from?: number; readonly until?: number; readonly step?: HistoryStep } = {},
): Promise<readonly string[]> {
  const { from = MIDNIGHT, until = MIDNIGHT + DAY, step = 'hour' } = range
  const question = { kinds, from: from as Instant, until: until as Instant, step }
  const { points } = unwrap(await store.history.points(question))
  return points.map(({ at, name, value }) => `${(at - MIDNIGHT) / HOUR} ${name} ${value}`)
}

/** Hours, rolled up. */
export function history(backend: Backend): void {
  describe('history', () => {
    test('counts of two front ends add up, and of states the last within the hour stands', async () => {
      await using place = await backend.place()
      await using one = await opened(place)
      await using other = await opened(place)
      unwrap(
        await one.history.record(
          aBatch(MIDNIGHT, { admit: 2 }),
          states(MIDNIGHT, { approved: 7, blocked: 1 }),
        ),
      )
      unwrap(
        await other.history.record(
          aBatch(MIDNIGHT, { admit: 3, refuse: 1 }, { writer: 'two' }),
          states(MIDNIGHT + HOUR - 1, { approved: 5, blocked: 0 }),
        ),
      )
      expect(await pointsOf(one, ['requests'])).toEqual(['0 admit 5', '0 refuse 1'])
      expect(await pointsOf(one, ['approval'])).toEqual(['0 approved 5', '0 blocked 0'])
    })

    test('a batch that is given again counts once, until its writer has another; one of another writer counts', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const batch = aBatch(MIDNIGHT, { admit: 2 })
      expect(unwrap(await store.history.record(batch))).toEqual({ isNew: true })
      expect(unwrap(await store.history.record(batch))).toEqual({ isNew: false })
      expect(await pointsOf(store, ['requests'])).toEqual(['0 admit 2'])
      unwrap(await store.history.record({ ...batch, writer: 'two' }))
      unwrap(await store.history.record(aBatch(MIDNIGHT, { admit: 1 })))
      expect(await pointsOf(store, ['requests'])).toEqual(['0 admit 5'])
    })

    test('an hour ends where the next begins, and a question has the hours that it touches', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      unwrap(await store.history.record(aBatch(MIDNIGHT + HOUR - 1, { admit: 1 })))
      unwrap(await store.history.record(aBatch(MIDNIGHT + HOUR, { admit: 10 })))
      expect(await pointsOf(store, ['requests'])).toEqual(['0 admit 1', '1 admit 10'])
      const upTo = (until: number) => pointsOf(store, ['requests'], { until })
      expect(await upTo(MIDNIGHT + HOUR)).toEqual(['0 admit 1'])
      expect(await upTo(MIDNIGHT + HOUR + 1)).toEqual(['0 admit 1', '1 admit 10'])
      expect(await pointsOf(store, ['requests'], { from: MIDNIGHT + HOUR })).toEqual(['1 admit 10'])
    })

    test('by day counts add up, the last state of a day stands, and days in which nothing was counted are told apart', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const put = async (hour: number, admit: number, approved: number): Promise<void> => {
        const at = MIDNIGHT + hour * HOUR
        unwrap(await store.history.record(aBatch(at, { admit }), states(at, { approved })))
      }
      await put(0, 1, 3)
      await put(23, 2, 4)
      await put(48, 0, 9)
      unwrap(
        await store.history.record(
          aBatch(MIDNIGHT + 23 * HOUR, {}),
          states(MIDNIGHT + 5 * HOUR, { none: 8 }, 'migration'),
        ),
      )
      const days = { until: MIDNIGHT + 3 * DAY, step: 'day' } as const
      expect(await pointsOf(store, ['requests'], days)).toEqual(['0 admit 3', '48 admit 0'])
      expect(await pointsOf(store, ['approval', 'migration'], days)).toEqual([
        '0 approved 4',
        '0 none 8',
        '48 approved 9',
      ])
      const asked = { kinds: [], from: MIDNIGHT, until: (MIDNIGHT + 3 * DAY) as Instant }
      const { counted } = unwrap(await store.history.points({ ...asked, step: 'day' }))
      expect(counted).toEqual([MIDNIGHT, MIDNIGHT + 2 * DAY])
    })

    test('what an hour has no row left for is counted together, in its kind alone', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const names = (first: number, many: number) =>
        Object.fromEntries(Array.from({ length: many }, (_, at) => [`code-${first + at}`, 1]))
      const put = (counts: Readonly<Record<string, number>>, kind: CountKind = 'refusals') =>
        store.history.record(aBatch(MIDNIGHT, counts, { kind }))
      unwrap(await put(names(0, NAMES_PER_KIND - 1)))
      unwrap(await put(names(0, NAMES_PER_KIND + 2)))
      unwrap(await put({ 'code-0': 1, late: 5 }))
      unwrap(await put({ late: 5 }, 'would-refuse'))
      const found = await pointsOf(store, ['refusals'])
      expect(found).toHaveLength(NAMES_PER_KIND + 1)
      expect(found).toContain('0 code-0 3')
      expect(found).toContain(`0 code-${NAMES_PER_KIND - 1} 1`)
      // Two of the second batch, and the five of the third.
      expect(found).toContain('0 others 7')
      expect(await pointsOf(store, ['would-refuse'])).toEqual(['0 late 5'])
    })

    test('a month in which every hour is full is read', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const [first, hours] = [MIDNIGHT / HOUR, 31 * 24]
      const numbers = (name: string, from: number, until: number) =>
        `${name} (n) as (select ${from} union all select n + 1 from ${name} where n < ${until - 1})`
      await place.damage(
        `with recursive ${numbers('hours', first, first + hours)}, ${numbers('names', 0, NAMES_PER_KIND)}
          insert into history select hours.n, 'refusals', 'code-' || names.n, 1 from hours cross join names`,
      )
      const range = { from: MIDNIGHT, until: (MIDNIGHT + hours * HOUR) as Instant }
      const question = { kinds: ['refusals'], step: 'hour', ...range } as const
      const { points } = unwrap(await store.history.points(question))
      expect(points).toHaveLength(hours * NAMES_PER_KIND)
    })

    test('hours are forgotten after their time, results of authentication with them, and what is younger stays', async () => {
      await using place = await backend.place()
      const clock = testClock(MIDNIGHT)
      await using store = await opened(place, { clock })
      await makeCurrent(store, 'first')
      const put = async (at: number): Promise<void> => {
        unwrap(await store.sightings.record([aSighting(aCertificate('a'), { at: at as Instant })]))
        unwrap(await store.history.record(aBatch(at, { admit: 1 }), states(at, { approved: 1 })))
      }
      const edge = MIDNIGHT - HISTORY_DAYS * DAY
      await put(edge - 1)
      await put(edge)
      const all = { from: edge - DAY, until: MIDNIGHT }
      expect(await pointsOf(store, HISTORY_KINDS, all)).toHaveLength(6)
      expect(unwrap(await store.history.forget(edge as Instant))).toEqual({ rows: 3 })
      const hour = -24 * HISTORY_DAYS
      expect(await pointsOf(store, HISTORY_KINDS, all)).toEqual([
        `${hour} admit 1`,
        `${hour} succeeded 1`,
        `${hour} approved 1`,
      ])
    })

    test('devices are counted by setting and by when their certificates end, the last millisecond before an edge in', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      const ending = (name: string, at: number, setting = 'first') =>
        aSighting(aCertificate(name, { notAfter: at as Instant, setting }))
      const edge = SEEN + 10 * DAY
      unwrap(
        await store.sightings.record([
          ending('a', edge - 1),
          ending('b', edge),
          ending('c', edge + DAY),
          ending('d', edge, 'other'),
          ending('blocked', edge),
          aSighting(undefined),
        ]),
      )
      const { items } = unwrap(
        await store.devices.list({
          filter: { text: aKey('blocked') },
          order: 'first-seen',
          limit: 1,
          minimums: [],
        }),
      )
      unwrap(await store.approvals.block(ADMIN, items))
      const edges = [edge, edge + DAY] as Instant[]
      const found = unwrap(await store.devices.expiring(edges))
      expect(found).toEqual(
        new Map([
          ['first', [1, 1, 1]],
          ['other', [0, 1, 0]],
        ]),
      )
    })

    test('a batch is known for longer than it is tried again, and no row of a run that is over stays for ever', async () => {
      await using place = await backend.place()
      const clock = testClock(MIDNIGHT)
      await using store = await opened(place, { clock })
      const batch = aBatch(MIDNIGHT, { admit: 1 })
      unwrap(await store.history.record(batch))
      clock.at = MIDNIGHT + 8 * DAY
      unwrap(await store.history.forget(0 as Instant))
      expect(unwrap(await store.history.record(batch))).toEqual({ isNew: false })
      clock.at += 1
      unwrap(await store.history.forget(0 as Instant))
      // The control: its row is gone, and only that had told it.
      expect(unwrap(await store.history.record(batch))).toEqual({ isNew: true })
    })
  })
}
