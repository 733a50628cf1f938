import { expect, test } from 'vitest'
import type { Instant, KeyFingerprint } from '../../src/kernel/types.ts'
import { ExpirySightingBuffer, type ExpirySighting } from '../../src/record/expiry-sightings.ts'

const seen = (key: string, notAfter = 1): ExpirySighting => ({
  key: key as KeyFingerprint,
  notAfter: notAfter as Instant,
})

function batches(options: { readonly waitMs?: number; readonly limit?: number } = {}) {
  const told: { readonly sightings: readonly ExpirySighting[]; readonly lost: number }[] = []
  const first = Promise.withResolvers<void>()
  const sink = {
    onExpirySightings: (sightings: readonly ExpirySighting[], lost: number): void => {
      told.push({ sightings, lost })
      first.resolve()
    },
  }
  return { told, first: first.promise, gathering: new ExpirySightingBuffer(sink, options) }
}

test('a batch names each device once, with the certificate that lasts longest', () => {
  const { told, gathering } = batches()
  for (const one of [seen('a', 5), seen('b'), seen('a', 9), seen('a', 7)]) gathering.add(one)
  gathering.flush()
  expect(told).toEqual([{ sightings: [seen('a', 9), seen('b')], lost: 0 }])
})

test('nothing is told while nothing was seen, nor twice', () => {
  const { told, gathering } = batches()
  gathering.flush()
  gathering.add(seen('a'))
  gathering.flush()
  gathering.flush()
  expect(told).toHaveLength(1)
})

test('nothing is told while a device is on its way, and everything soon after', async () => {
  const { told, first, gathering } = batches({ waitMs: 1 })
  gathering.add(seen('a'))
  gathering.add(seen('b'))
  expect(told).toEqual([])
  await first
  expect(told).toEqual([{ sightings: [seen('a'), seen('b')], lost: 0 }])
})

test('what comes faster than it can be told is counted, and the next batch begins afresh', () => {
  const { told, gathering } = batches({ limit: 2 })
  for (const key of ['a', 'b', 'c', 'd', 'a']) gathering.add(seen(key))
  gathering.flush()
  gathering.add(seen('c'))
  gathering.flush()
  expect(told).toEqual([
    { sightings: [seen('a'), seen('b')], lost: 2 },
    { sightings: [seen('c')], lost: 0 },
  ])
})
