import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../src/kernel/types.ts'
import type { ApprovalModel } from '../../src/decide/policy.ts'
import type { Sighting } from '../../src/fleet/sighting.ts'
import { SightingBuffer, type Observation } from '../../src/record/sighting-buffer.ts'
import { EMPTY_POLICY } from '../support/empty-policy.ts'

const anObservation = (parts: Partial<Observation> = {}): Observation => ({
  at: 1000 as Instant,
  listener: 'devices',
  key: 'key' as KeyFingerprint,
  fingerprint: 'print' as Fingerprint,
  sound: true,
  verdict: 'admit',
  code: 'verified',
  authentication: 'succeeded',
  row: 'device',
  wouldRefuse: false,
  sensitive: false,
  exchange: undefined,
  userAgent: 'Agent/1.0',
  reportedId: undefined,
  policy: EMPTY_POLICY,
  describe: () => ({
    certificate: undefined,
    class: undefined,
    agent: undefined,
    agentVersion: undefined,
    agentRank: undefined,
    migration: undefined,
    approvesItself: false,
  }),
  ...parts,
})

/** Returns a buffer, and the batches that it has passed on. */
function aBuffer(limit?: number) {
  const batches: { readonly seen: readonly Sighting[]; readonly lost: number }[] = []
  const buffer = new SightingBuffer(
    { onSightings: (seen, lost) => batches.push({ seen, lost }) },
    { waitMs: 60_000, ...(limit === undefined ? {} : { limit }) },
  )
  return { buffer, batches }
}

const key = (name: string): Partial<Observation> => ({ key: name as KeyFingerprint })
const counts = (seen: readonly Sighting[] | undefined) =>
  seen?.map(({ code, count, at }) => [code, count, at])

test('the same facts a hundred times are one sighting with a count and the last instant', () => {
  const { buffer, batches } = aBuffer()
  for (let at = 1; at <= 100; at += 1) buffer.add(anObservation({ at: at as Instant }))
  buffer.flush()
  expect(batches.map(({ seen, lost }) => [counts(seen), lost])).toEqual([
    [[['verified', 100, 100]], 0],
  ])
})

test('other facts of one device are another sighting, and the newest is told last', () => {
  const { buffer, batches } = aBuffer()
  buffer.add(anObservation({ at: 1 as Instant }))
  buffer.add(anObservation({ at: 2 as Instant, verdict: 'refuse', code: 'blocked' }))
  buffer.add(anObservation({ at: 3 as Instant }))
  buffer.flush()
  expect(counts(batches[0]?.seen)).toEqual([
    ['blocked', 1, 2],
    ['verified', 2, 3],
  ])
})

test('what is met under another policy is another sighting: what held before does not speak for it', () => {
  const { buffer, batches } = aBuffer()
  const under = (model: ApprovalModel): Partial<Observation> => ({
    policy: { ...EMPTY_POLICY, fleet: { ...EMPTY_POLICY.fleet, model } },
    describe: () => ({ ...anObservation().describe(), approvesItself: model === 'auto' }),
  })
  buffer.add(anObservation({ at: 1 as Instant, ...under('off') }))
  buffer.add(anObservation({ at: 2 as Instant, ...under('auto') }))
  buffer.flush()
  expect(batches[0]?.seen.map(({ approvesItself }) => approvesItself)).toEqual([false, true])
})

test('nothing seen is nothing told', () => {
  const { buffer, batches } = aBuffer()
  buffer.flush()
  expect(batches).toEqual([])
})

test('a batch begins anew after each', () => {
  const { buffer, batches } = aBuffer()
  for (const name of ['one', 'two']) {
    buffer.add(anObservation(key(name)))
    buffer.flush()
  }
  expect(batches.map(({ seen }) => seen.length)).toEqual([1, 1])
})

test('what does not fit is counted, and devices that wait already are still counted on', () => {
  const { buffer, batches } = aBuffer(2)
  for (const name of ['one', 'two', 'three', 'one']) buffer.add(anObservation(key(name)))
  buffer.flush()
  expect(batches.map(({ seen, lost }) => [seen.map(({ count }) => count), lost])).toEqual([
    [[2, 1], 1],
  ])
})

test('unverified devices with made-up keys do not displace the fleet', () => {
  const { buffer, batches } = aBuffer(100)
  for (let number = 0; number < 1000; number += 1) {
    buffer.add(
      anObservation({ ...key(`made up ${number}`), sound: false, code: 'untrusted-issuer' }),
    )
  }
  for (let number = 0; number < 80; number += 1) buffer.add(anObservation(key(`device ${number}`)))
  buffer.flush()
  const codes = batches[0]?.seen.map(({ code }) => code) ?? []
  expect(codes.filter((code) => code === 'verified')).toHaveLength(80)
  expect([codes.length, batches[0]?.lost]).toEqual([100, 980])
})

test('a device that calls itself by a thousand names is counted whole, in bounded memory', () => {
  const { buffer, batches } = aBuffer()
  for (let number = 0; number < 1000; number += 1) {
    buffer.add(anObservation({ userAgent: `Agent/${number}` }))
  }
  buffer.flush()
  const seen = batches[0]?.seen ?? []
  expect(seen.length).toBeLessThanOrEqual(16)
  expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(1000)
})

test('what a sighting needs besides is worked out when its batch goes, once for all its requests', () => {
  const { buffer, batches } = aBuffer()
  let asked = 0
  const describe = (): ReturnType<Observation['describe']> => {
    asked += 1
    return { ...anObservation().describe(), class: 'ios-mdm' }
  }
  for (let times = 0; times < 3; times += 1) buffer.add(anObservation({ describe }))
  expect(asked).toBe(0)
  buffer.flush()
  expect([asked, batches[0]?.seen[0]?.class]).toEqual([1, 'ios-mdm'])
})

test('when many devices wait, they are passed on before the wait is over, unverified ones with them', async () => {
  const { buffer, batches } = aBuffer()
  for (let number = 0; number < 300; number += 1) buffer.add(anObservation(key(`device ${number}`)))
  buffer.add(anObservation({ ...key('made up'), sound: false }))
  expect(batches).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches.map(({ seen, lost }) => [seen.length, lost])).toEqual([[301, 0]])
})

test('any number of unverified devices hastens nothing', async () => {
  const { buffer, batches } = aBuffer()
  for (let number = 0; number < 900; number += 1) {
    buffer.add(anObservation({ ...key(`made up ${number}`), sound: false }))
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toEqual([])
})

test('those who show no certificate and call themselves differently are never counted as one', () => {
  const { buffer, batches } = aBuffer()
  const names = Array.from({ length: 20 }, (_, at) => `device-${at}`)
  for (const reportedId of names) {
    buffer.add(anObservation({ key: undefined, fingerprint: undefined, sound: false, reportedId }))
  }
  buffer.flush()
  expect(batches[0]?.seen).toHaveLength(names.length)
})

/** A request without a certificate that recording let pass. */
const bare = (parts: Partial<Observation> = {}): Observation =>
  anObservation({
    key: undefined,
    fingerprint: undefined,
    sound: false,
    verdict: 'refuse',
    code: 'no-certificate',
    wouldRefuse: true,
    userAgent: undefined,
    ...parts,
  })

test('requests without a certificate are told apart by listener, row and code, and pass their row on', () => {
  const { buffer, batches } = aBuffer()
  for (let number = 0; number < 60; number += 1) buffer.add(bare({ row: `row-${number % 30}` }))
  buffer.add(bare({ listener: 'other', row: 'row-0' }))
  buffer.flush()
  const seen = batches[0]?.seen ?? []
  expect(seen).toHaveLength(31)
  expect(seen.filter(({ row, wouldRefuse }) => row === undefined || wouldRefuse !== true)).toEqual(
    [],
  )
  expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(61)
})

test('a flood of names leaves no request uncounted: those past the bound are counted without a name', () => {
  const { buffer, batches } = aBuffer(100)
  for (let number = 0; number < 500; number += 1)
    buffer.add(bare({ reportedId: `made-up-${number}` }))
  for (let number = 0; number < 10; number += 1) {
    buffer.add(bare({ ...key(`made up ${number}`), code: 'untrusted-issuer', row: 'apps' }))
  }
  buffer.flush()
  const [{ seen, lost } = { seen: [], lost: 0 }] = batches
  expect(lost).toBe(0)
  expect(seen.filter(({ reportedId }) => reportedId !== undefined)).toHaveLength(20)
  const unnamed = seen.filter(({ reportedId }) => reportedId === undefined)
  expect(
    unnamed.map(({ row, code, count, certificate }) => [row, code, count, certificate]),
  ).toEqual([
    ['device', 'no-certificate', 480, undefined],
    ['apps', 'untrusted-issuer', 10, undefined],
  ])
})

test('of what would be admitted a flood is not counted, and is told as lost', () => {
  const { buffer, batches } = aBuffer(100)
  for (let number = 0; number < 50; number += 1) {
    buffer.add(bare({ reportedId: `made-up-${number}`, wouldRefuse: false }))
  }
  buffer.flush()
  expect([batches[0]?.seen.length, batches[0]?.lost]).toEqual([20, 30])
})

test('octets that one connection carried later are added to it, and make no second one', () => {
  const { buffer, batches } = aBuffer()
  const carried = (connections: number, address = '192.0.2.1'): Partial<Observation> => ({
    wouldRefuse: false,
    exchange: { address, connections, octetsIn: 1, octetsOut: 2 },
  })
  buffer.add(bare(carried(1)))
  buffer.add(bare(carried(0)))
  buffer.add(bare(carried(1, '192.0.2.2')))
  buffer.flush()
  expect(batches[0]?.seen.map(({ count, exchange }) => [count, exchange])).toEqual([
    [1, { address: '192.0.2.1', connections: 1, octetsIn: 2, octetsOut: 4 }],
    [1, { address: '192.0.2.2', connections: 1, octetsIn: 1, octetsOut: 2 }],
  ])
})

test('a flood of names displaces nothing that a sync port carried', () => {
  const { buffer, batches } = aBuffer(100)
  for (let number = 0; number < 500; number += 1) {
    buffer.add(bare({ reportedId: `made-up-${number}`, wouldRefuse: false }))
  }
  const exchange = { address: '192.0.2.1', connections: 1, octetsIn: 1, octetsOut: 2 }
  buffer.add(bare({ listener: 'sync', wouldRefuse: false, exchange }))
  buffer.flush()
  expect(batches[0]?.seen.filter((one) => one.exchange !== undefined)).toHaveLength(1)
  expect(batches[0]?.lost).toBe(480)
})
