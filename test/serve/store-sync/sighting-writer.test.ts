/** Sightings on their way into a store that is there, locked or gone. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { aSighting as sightingOf } from '../../support/store/sightings.ts'
import { SightingWriter } from '../../../src/serve/store-sync/sighting-writer.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { aRing, sqliteBackend, testClock, type Place } from '../../support/store/backends.ts'

const clock = testClock()
const hex = (number: number): string => number.toString(16).padStart(64, '0')

/** Any number of different devices, each seen once. */
const sightings = (first: number, many: number): readonly Sighting[] =>
  Array.from({ length: many }, (_, index) => aSighting(first + index))

const aSighting = (number: number): Sighting => ({
  at: clock.now(),
  count: 1,
  listener: 'devices',
  certificate: {
    fingerprint: hex(number) as Fingerprint,
    key: hex(number) as KeyFingerprint,
    issuerKey: hex(0) as KeyFingerprint,
    serial: '01',
    issuer: 'CN=CA',
    subject: `CN=${number}`,
    signedIds: [],
    notBefore: 0 as Instant,
    notAfter: (clock.at + 1000) as Instant,
    setting: undefined,
    sound: true,
  },
  reportedId: undefined,
  class: undefined,
  agent: undefined,
  agentVersion: undefined,
  agentRank: undefined,
  verdict: 'admit',
  code: 'verified',
  authentication: 'succeeded',
  migration: undefined,
  approvesItself: false,
})

async function storeAt({ settings }: Place): Promise<Store & AsyncDisposable> {
  if (settings.kind !== 'sqlite') throw new Error('this test locks a file')
  const opened = await openStore(
    { ...settings, busyTimeout: 50 as never },
    { clock, ring: aRing(1), initialSettings: { enforcement: 'recording' } },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

const devicesIn = async ({ devices }: Store): Promise<number> => {
  const count = await devices.count({}, [])
  return count.ok ? count.value : -1
}

test('a store that another process has locked loses no sighting: they wait, and are written when it is free', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const writer = new SightingWriter(store.sightings, { retryMs: 20 })
  const lockHolder = new DatabaseSync(place.settings.kind === 'sqlite' ? place.settings.path : '')
  lockHolder.exec('begin immediate')
  writer.add(sightings(1, 3000), 0)
  await writer.flush()
  writer.add(sightings(3001, 3000), 0)
  expect(writer.counts()).toMatchObject({ recorded: 0, buffered: 6000, dropped: 0 })
  expect(writer.counts().failures).toBeGreaterThan(0)
  lockHolder.exec('commit')
  lockHolder.close()
  await expect.poll(() => writer.counts().recorded).toBe(6000)
  expect(writer.counts()).toMatchObject({ buffered: 0, dropped: 0 })
  expect(await devicesIn(store)).toBe(6000)
  await writer.close()
})

test('sightings that do not fit are counted, and those that a worker dropped before', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const writer = new SightingWriter(store.sightings, { limit: 10, delayMs: 60_000 })
  writer.add(sightings(1, 12), 5)
  expect(writer.counts()).toMatchObject({ buffered: 10, dropped: 7 })
  await writer.close()
  expect(await devicesIn(store)).toBe(10)
})

const recordedAs = ({ sightings }: { sightings: readonly Sighting[] }) => ({
  ok: true as const,
  value: {
    sightings: sightings.length,
    newDevices: 0,
    approvedThemselves: 0,
    dropped: 0,
    unidentified: 0,
  },
})

test('unverified devices get a fifth of the buffer: the fleet has the rest while the store is away', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const writer = new SightingWriter(store.sightings, { limit: 100, delayMs: 60_000 })
  const unverified = sightings(1, 90).map((one) => {
    if (one.certificate === undefined) throw new Error('an unverified device shows a certificate')
    return { ...one, certificate: { ...one.certificate, sound: false } }
  })
  writer.add(unverified, 0)
  expect(writer.counts()).toMatchObject({ buffered: 20, dropped: 70 })
  writer.add(sightings(101, 81), 0)
  expect(writer.counts()).toMatchObject({ buffered: 100, dropped: 71 })
  await writer.flush()
  // What was written leaves space for unverified devices again.
  writer.add(unverified, 0)
  expect(writer.counts()).toMatchObject({ buffered: 20, dropped: 141 })
  await writer.close()
})

test('a store that keeps one batch waiting is not asked again meanwhile', async () => {
  const free = Promise.withResolvers<void>()
  let asked = 0
  const writer = new SightingWriter({
    async record(batch) {
      asked += 1
      await free.promise
      return recordedAs({ sightings: batch })
    },
  })
  writer.add(sightings(1, 1), 0)
  const first = writer.flush()
  writer.add(sightings(2, 1), 0)
  const second = writer.flush()
  expect(asked).toBe(1)
  free.resolve()
  await Promise.all([first, second])
  expect(writer.counts()).toMatchObject({ recorded: 2, buffered: 0 })
})

const DELAY_MS = 1

test('what comes while a slow store writes is written after it, without another call', async () => {
  const seen: number[] = []
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const free = Promise.withResolvers<void>()
  const writer = new SightingWriter(
    {
      async record(batch) {
        seen.push(batch.length)
        asked[seen.length === 1 ? 0 : 1].resolve()
        await free.promise
        return recordedAs({ sightings: batch })
      },
    },
    { delayMs: DELAY_MS },
  )
  writer.add(sightings(1, 1), 0)
  await asked[0].promise
  // Its time is over while the first batch is being written: of two timers with one duration, the first ends first.
  writer.add(sightings(2, 1), 0)
  await new Promise((resolve) => setTimeout(resolve, DELAY_MS))
  free.resolve()
  await asked[1].promise
  writer.add(sightings(3, 1), 0)
  await expect.poll(() => writer.counts().recorded).toBe(3)
})

test('a batch that meets a bug is dropped and counted, and those behind it are written', async () => {
  const told: unknown[] = []
  let asked = 0
  const writer = new SightingWriter(
    {
      record(batch) {
        asked += 1
        if (asked === 1) throw new Error('a bug')
        return Promise.resolve(recordedAs({ sightings: batch }))
      },
    },
    {
      events: {
        storeFailed() {},
        storeAnswered() {},
        unwritten() {},
        dropped: (many, error) => told.push([many, String(error)]),
      },
    },
  )
  writer.add(sightings(1, 3), 0)
  await writer.flush()
  writer.add(sightings(4, 2), 0)
  await writer.flush()
  expect(told).toEqual([[3, 'Error: a bug']])
  expect(writer.counts()).toMatchObject({ recorded: 2, buffered: 0, dropped: 3 })
})

test('listeners are told once that the store is away, and once that it is back', async () => {
  const told: string[] = []
  const answers = ['store-locked', 'store-locked', 'store-full', undefined, undefined] as const
  let asked = 0
  const writer = new SightingWriter(
    {
      record(batch) {
        const kind = answers[asked]
        asked += 1
        return Promise.resolve(
          kind === undefined
            ? recordedAs({ sightings: batch })
            : { ok: false as const, failure: { kind, detail: '' } },
        )
      },
    },
    {
      events: {
        storeFailed: ({ kind }) => void told.push(kind),
        storeAnswered: () => void told.push('back'),
        unwritten() {},
        dropped() {},
      },
    },
  )
  writer.add(sightings(1, 1), 0)
  for (const _ of answers) {
    await writer.flush()
    writer.add(sightings(2, 1), 0)
  }
  expect(told).toEqual(['store-locked', 'store-full', 'back'])
})

test('a device that calls again while it waits takes no second entry, and both times count', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const writer = new SightingWriter(store.sightings, { limit: 1, delayMs: 60_000 })
  writer.add([aSighting(1), aSighting(1), aSighting(1)], 0)
  expect(writer.counts()).toMatchObject({ buffered: 3, dropped: 0 })
  await writer.flush()
  expect(writer.counts()).toMatchObject({ recorded: 3, buffered: 0 })
  await writer.close()
})

test('what a store does not take before the end is counted as dropped', async () => {
  await using place = await sqliteBackend.place()
  const store = await storeAt(place)
  const writer = new SightingWriter(store.sightings)
  writer.add(sightings(1, 7), 0)
  await store.close()
  await writer.close()
  expect(writer.counts()).toMatchObject({ recorded: 0, buffered: 0, dropped: 7 })
})

/** A writer to a store that takes every batch, and what was written. */
function keepingWriter(limits: { readonly limit?: number; readonly delayMs?: number }): {
  readonly writer: SightingWriter
  readonly written: readonly Sighting[]
} {
  const written: Sighting[] = []
  const record = (batch: readonly Sighting[]) => {
    written.push(...batch)
    return Promise.resolve(recordedAs({ sightings: batch }))
  }
  return { writer: new SightingWriter({ record }, limits), written }
}

test('a flood of names while the store is away leaves no request uncounted that would be refused', async () => {
  const { writer, written } = keepingWriter({ limit: 100, delayMs: 60_000 })
  const bare = (reportedId: string | undefined, count: number): Sighting =>
    sightingOf(undefined, {
      reportedId,
      count,
      wouldRefuse: true,
      row: 'checkin',
      code: 'no-certificate',
    })
  writer.add(
    Array.from({ length: 50 }, (_, number) => bare(`made-up-${number}`, 2)),
    0,
  )
  writer.add([bare(undefined, 1)], 0)
  expect(writer.counts()).toMatchObject({ buffered: 101, dropped: 0 })
  await writer.close()
  const unnamed = written.filter(({ reportedId }) => reportedId === undefined)
  expect([written.length, unnamed.map(({ count }) => count)]).toEqual([21, [61]])
})

test('a flood of names while the store is away displaces nothing that a sync port carried', async () => {
  const { writer, written } = keepingWriter({ limit: 100, delayMs: 60_000 })
  writer.add(
    Array.from({ length: 50 }, (_, number) =>
      sightingOf(undefined, { reportedId: `made-up-${number}` }),
    ),
    0,
  )
  const exchange = { address: '192.0.2.1', connections: 1, octetsIn: 1, octetsOut: 2 }
  writer.add([sightingOf(undefined, { listener: 'sync', exchange })], 0)
  expect(writer.counts()).toMatchObject({ buffered: 21, dropped: 30 })
  await writer.close()
  expect(written.filter((one) => one.exchange !== undefined)).toHaveLength(1)
})

test('octets that are all there is to say are written, too', async () => {
  const { writer, written } = keepingWriter({})
  const octets = (connections: number): Sighting =>
    sightingOf(undefined, {
      count: connections,
      exchange: { address: '192.0.2.1', connections, octetsIn: 5, octetsOut: 7 },
    })
  writer.add([octets(0)], 0)
  await writer.flush()
  writer.add([octets(1), octets(0)], 0)
  await writer.close()
  expect(written.map(({ count, exchange }) => [count, exchange?.octetsIn])).toEqual([
    [0, 5],
    [1, 10],
  ])
})
