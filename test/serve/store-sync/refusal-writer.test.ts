/** Refusals on their way into a store that is there, locked or gone. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { KeptRefusal, RefusalBatch } from '../../../src/fleet/kept-refusal.ts'
import { fail, ok } from '../../../src/kernel/types.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import {
  RefusalWriter,
  refusalWriterLog,
  type RefusalStore,
  type RefusalWriterEvents,
} from '../../../src/serve/store-sync/refusal-writer.ts'
import type { StoreFailure } from '../../../src/store/failure.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { aRing, sqliteBackend, testClock, type Place } from '../../support/store/backends.ts'
import { aRefusal, batchOf } from '../../support/store/refusals.ts'

const RULES = { rows: 100_000, instance: 'i' }
const storeOf = ({ refusals }: Store): RefusalStore => ({
  record: (batch) => refusals.record(batch, RULES),
})

async function storeAt({ settings }: Place): Promise<Store & AsyncDisposable> {
  if (settings.kind !== 'sqlite') throw new Error('this test locks a file')
  const opened = await openStore(
    { ...settings, busyTimeout: 50 as never },
    { clock: testClock(), ring: aRing(1), initialSettings: { enforcement: 'recording' } },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

const many = (count: number, of = 'r'): readonly KeptRefusal[] =>
  Array.from({ length: count }, (_one, index) => aRefusal(`${of}${index}`, { owner: `o${index}` }))

const keptIn = async ({ refusals }: Store): Promise<number> => {
  const listed = await refusals.list({ limit: 1000 })
  return listed.ok ? listed.value.items.length : -1
}

/** Writes down what happened. */
function told() {
  const said: string[] = []
  const events: RefusalWriterEvents = {
    storeFailed: (why) => said.push(`failed ${why.kind}`),
    storeAnswered: () => said.push('answered'),
    dropped: (refusals) => said.push(`dropped ${refusals}`),
    unwritten: (refusals) => said.push(`unwritten ${refusals}`),
  }
  return { said, events }
}

test('a store that another process has locked loses no refusal: they wait, and are written when it is free', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const { said, events } = told()
  const writer = new RefusalWriter(storeOf(store), { retryMs: 20, batch: 40, events })
  const lockHolder = new DatabaseSync(place.settings.kind === 'sqlite' ? place.settings.path : '')
  lockHolder.exec('begin immediate')
  writer.add(batchOf(...many(100, 'a')))
  await writer.flush()
  writer.add(batchOf(...many(100, 'b')))
  expect(writer.counts()).toMatchObject({ kept: 0, buffered: 200 })
  lockHolder.exec('commit')
  lockHolder.close()
  await expect.poll(() => writer.counts().kept).toBe(200)
  expect(await keptIn(store)).toBe(200)
  expect(said).toEqual(['failed store-locked', 'answered'])
  await writer.close()
})

test('what waits for a store that is away is bounded, and the rest is counted and written as counts', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  let isAway = true
  const away: RefusalStore = {
    record: async (batch) =>
      isAway ? fail({ kind: 'store-unavailable', detail: 'gone' }) : storeOf(store).record(batch),
  }
  const writer = new RefusalWriter(away, { retryMs: 60_000, limits: { known: 10, other: 10 } })
  writer.add(batchOf(...many(5, 'a')))
  await writer.flush()
  for (let round = 0; round < 20; round += 1) writer.add(batchOf(...many(50, `b${round}-`)))
  expect(writer.counts().buffered).toBe(15)
  isAway = false
  await writer.flush()
  expect(writer.counts()).toMatchObject({ kept: 15, notKept: { known: 0, other: 990 } })
  const counted = await store.refusals.notKept(0 as never, 1000)
  const sum = counted.ok ? counted.value.reduce((all, one) => all + one.refusals, 0) : -1
  expect(sum).toBe(990)
})

test.each<[string, () => Promise<never>]>([
  ['an internal error', () => Promise.reject(new Error('a bug'))],
  [
    'a batch that can never be taken',
    async () =>
      fail<StoreFailure>({ kind: 'too-many', what: 'refusal', found: 2, limit: 1 }) as never,
  ],
])('%s costs one batch, and those behind it are written', async (_what, once) => {
  const { said, events } = told()
  const taken: RefusalBatch[] = []
  let isFirst = true
  const store: RefusalStore = {
    record: async (batch) => {
      if (isFirst) {
        isFirst = false
        return await once()
      }
      taken.push(batch)
      return ok({ pushedOut: 3 })
    },
  }
  const writer = new RefusalWriter(store, { batch: 2, events })
  writer.add(batchOf(...many(3)))
  await writer.flush()
  expect(taken.map(({ refusals }) => refusals.length)).toEqual([1])
  expect(writer.counts()).toMatchObject({ kept: 1, notKept: { other: 2 }, pushedOut: 3 })
  expect(said).toEqual(['dropped 2'])
})

test('batches that are dropped one after another are told of once, with why, and again after one was taken', async () => {
  const answers = ['too-many', 'too-many', 'ok', 'too-many'] as const
  let calls = 0
  const store: RefusalStore = {
    record: () => {
      const answer = answers[calls]
      calls += 1
      const failure = { kind: 'too-many', what: 'refusal', found: 1, limit: 0 } as const
      return Promise.resolve(answer === 'ok' ? ok({ pushedOut: 0 }) : fail(failure))
    },
  }
  const lines: Record<string, unknown>[] = []
  const logger = openLogTo(
    { write: (text) => void lines.push(JSON.parse(text) as Record<string, unknown>) },
    { level: 'info', requests: true, connections: true },
  )
  const writer = new RefusalWriter(store, { batch: 1, events: refusalWriterLog(logger) })
  writer.add(batchOf(...many(4)))
  await writer.flush()
  expect(writer.counts()).toMatchObject({ kept: 1, notKept: { other: 3 } })
  const line = {
    refusals: 1,
    reason: expect.stringContaining('refusal') as string,
    msg: 'refusals are dropped, because the store does not take them: their references lead nowhere',
  }
  expect(lines).toMatchObject([line, line])
})

test('the end of the program writes the last, and says how many the store did not take', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const { said, events } = told()
  const writer = new RefusalWriter(storeOf(store), { events })
  writer.add(batchOf(...many(7)))
  await writer.close()
  expect(await keptIn(store)).toBe(7)
  await store.close()
  const late = new RefusalWriter(storeOf(store), { events })
  late.add(batchOf(...many(3, 'late')))
  await late.close()
  expect(said).toEqual(['failed store-closed', 'unwritten 3'])
})
