/** Sightings on their way into a store that is there, locked or gone. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../src/kernel/types.ts'
import { Ledger } from '../../src/serve/ledger.ts'
import type { Sighting } from '../../src/store/sighting.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { aRing, sqliteBackend, testClock, type Place } from '../store/place.ts'

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
    { ...settings, patience: 50 as never },
    { clock, ring: aRing(1), beginnings: { enforcement: 'recording' } },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

const devicesIn = async ({ devices }: Store): Promise<number> => {
  const count = await devices.count({}, [])
  return count.ok ? count.value : -1
}

test('a store that another process has locked loses nobody: they wait, and are written when it is free', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const ledger = new Ledger(store.sightings, { retryMs: 20 })
  const thief = new DatabaseSync(place.settings.kind === 'sqlite' ? place.settings.path : '')
  thief.exec('begin immediate')
  ledger.add(sightings(1, 3000), 0)
  await ledger.flush()
  ledger.add(sightings(3001, 3000), 0)
  expect(ledger.counts()).toMatchObject({ recorded: 0, buffered: 6000, dropped: 0 })
  expect(ledger.counts().failures).toBeGreaterThan(0)
  thief.exec('commit')
  thief.close()
  await expect.poll(() => ledger.counts().recorded, { timeout: 10_000 }).toBe(6000)
  expect(ledger.counts()).toMatchObject({ buffered: 0, dropped: 0 })
  expect(await devicesIn(store)).toBe(6000)
  await ledger.close()
})

test('what there is no room for is counted, and what came to nobody before', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const ledger = new Ledger(store.sightings, { limit: 10, gatherMs: 60_000 })
  ledger.add(sightings(1, 12), 5)
  expect(ledger.counts()).toMatchObject({ buffered: 10, dropped: 7 })
  await ledger.close()
  expect(await devicesIn(store)).toBe(10)
})

test('a device that calls again while it waits takes no more room, and both times count', async () => {
  await using place = await sqliteBackend.place()
  await using store = await storeAt(place)
  const ledger = new Ledger(store.sightings, { limit: 1, gatherMs: 60_000 })
  ledger.add([aSighting(1), aSighting(1), aSighting(1)], 0)
  expect(ledger.counts()).toMatchObject({ buffered: 3, dropped: 0 })
  await ledger.flush()
  expect(ledger.counts()).toMatchObject({ recorded: 3, buffered: 0 })
  await ledger.close()
})

test('what a store does not take before the end is counted as dropped', async () => {
  await using place = await sqliteBackend.place()
  const store = await storeAt(place)
  const ledger = new Ledger(store.sightings)
  ledger.add(sightings(1, 7), 0)
  await store.close()
  await ledger.close()
  expect(ledger.counts()).toMatchObject({ recorded: 0, buffered: 0, dropped: 7 })
})
