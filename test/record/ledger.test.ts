import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../src/kernel/types.ts'
import { Ledger, type Glimpse, type Seen } from '../../src/record/device-sightings.ts'

const aGlimpse = (parts: Partial<Glimpse> = {}): Glimpse => ({
  at: 1000 as Instant,
  listener: 'devices',
  key: 'key' as KeyFingerprint,
  fingerprint: 'print' as Fingerprint,
  sound: true,
  verdict: 'admit',
  code: 'verified',
  authentication: 'succeeded',
  row: 'device',
  userAgent: 'Agent/1.0',
  reportedId: undefined,
  describe: () => ({
    certificate: undefined,
    reportedId: undefined,
    class: undefined,
    agent: undefined,
    agentVersion: undefined,
    agentRank: undefined,
    migration: undefined,
    approvesItself: false,
  }),
  ...parts,
})

/** A ledger, and the batches that it has told. */
function aLedger(limit?: number) {
  const batches: { readonly seen: readonly Seen[]; readonly lost: number }[] = []
  const ledger = new Ledger(
    { seen: (seen, lost) => batches.push({ seen, lost }) },
    { waitMs: 60_000, ...(limit === undefined ? {} : { limit }) },
  )
  return { ledger, batches }
}

const key = (name: string): Partial<Glimpse> => ({ key: name as KeyFingerprint })
const counts = (seen: readonly Seen[] | undefined) =>
  seen?.map(({ code, count, at }) => [code, count, at])

test('the same facts a hundred times are one sighting with a count and the last instant', () => {
  const { ledger, batches } = aLedger()
  for (let at = 1; at <= 100; at += 1) ledger.saw(aGlimpse({ at: at as Instant }))
  ledger.flush()
  expect(batches.map(({ seen, lost }) => [counts(seen), lost])).toEqual([
    [[['verified', 100, 100]], 0],
  ])
})

test('other facts of one device are another sighting, and the newest is told last', () => {
  const { ledger, batches } = aLedger()
  ledger.saw(aGlimpse({ at: 1 as Instant }))
  ledger.saw(aGlimpse({ at: 2 as Instant, verdict: 'refuse', code: 'blocked' }))
  ledger.saw(aGlimpse({ at: 3 as Instant }))
  ledger.flush()
  expect(counts(batches[0]?.seen)).toEqual([
    ['blocked', 1, 2],
    ['verified', 2, 3],
  ])
})

test('nothing seen is nothing told', () => {
  const { ledger, batches } = aLedger()
  ledger.flush()
  expect(batches).toEqual([])
})

test('a batch begins anew after each', () => {
  const { ledger, batches } = aLedger()
  for (const name of ['one', 'two']) {
    ledger.saw(aGlimpse(key(name)))
    ledger.flush()
  }
  expect(batches.map(({ seen }) => seen.length)).toEqual([1, 1])
})

test('what does not fit is counted, and devices that wait already are still counted on', () => {
  const { ledger, batches } = aLedger(2)
  for (const name of ['one', 'two', 'three', 'one']) ledger.saw(aGlimpse(key(name)))
  ledger.flush()
  expect(batches.map(({ seen, lost }) => [seen.map(({ count }) => count), lost])).toEqual([
    [[2, 1], 1],
  ])
})

test('strangers with keys that they made up do not crowd out the fleet', () => {
  const { ledger, batches } = aLedger(100)
  for (let number = 0; number < 1000; number += 1) {
    ledger.saw(aGlimpse({ ...key(`made up ${number}`), sound: false, code: 'untrusted-issuer' }))
  }
  for (let number = 0; number < 80; number += 1) ledger.saw(aGlimpse(key(`device ${number}`)))
  ledger.flush()
  const codes = batches[0]?.seen.map(({ code }) => code) ?? []
  expect(codes.filter((code) => code === 'verified')).toHaveLength(80)
  expect([codes.length, batches[0]?.lost]).toEqual([100, 980])
})

test('a device that calls itself by a thousand names is counted whole, in bounded room', () => {
  const { ledger, batches } = aLedger()
  for (let number = 0; number < 1000; number += 1) {
    ledger.saw(aGlimpse({ userAgent: `Agent/${number}` }))
  }
  ledger.flush()
  const seen = batches[0]?.seen ?? []
  expect(seen.length).toBeLessThanOrEqual(16)
  expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(1000)
})

test('what a sighting needs besides is worked out when its batch goes, once for all its requests', () => {
  const { ledger, batches } = aLedger()
  let asked = 0
  const describe = (): ReturnType<Glimpse['describe']> => {
    asked += 1
    return { ...aGlimpse().describe(), class: 'ios-mdm' }
  }
  for (let times = 0; times < 3; times += 1) ledger.saw(aGlimpse({ describe }))
  expect(asked).toBe(0)
  ledger.flush()
  expect([asked, batches[0]?.seen[0]?.class]).toEqual([1, 'ios-mdm'])
})

test('when many devices wait, they are told before the wait is over, strangers with them', async () => {
  const { ledger, batches } = aLedger()
  for (let number = 0; number < 300; number += 1) ledger.saw(aGlimpse(key(`device ${number}`)))
  ledger.saw(aGlimpse({ ...key('made up'), sound: false }))
  expect(batches).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches.map(({ seen, lost }) => [seen.length, lost])).toEqual([[301, 0]])
})

test('any number of strangers hasten nothing', async () => {
  const { ledger, batches } = aLedger()
  for (let number = 0; number < 900; number += 1) {
    ledger.saw(aGlimpse({ ...key(`made up ${number}`), sound: false }))
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toEqual([])
})

test('those who show no certificate and call themselves differently are never counted as one', () => {
  const { ledger, batches } = aLedger()
  const names = Array.from({ length: 20 }, (_, at) => `device-${at}`)
  for (const reportedId of names) {
    ledger.saw(aGlimpse({ key: undefined, fingerprint: undefined, sound: false, reportedId }))
  }
  ledger.flush()
  expect(batches[0]?.seen).toHaveLength(names.length)
})
