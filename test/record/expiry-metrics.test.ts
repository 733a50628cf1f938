import { expect, test } from 'vitest'
import type { Instant, KeyFingerprint, Millis } from '../../src/kernel/types.ts'
import {
  EXPIRY_BUCKETS,
  expiryEdges,
  expiryBucket,
  ExpiryMetrics,
  type ExpiryBucket,
} from '../../src/record/expiry-metrics.ts'
import type { ExpirySighting } from '../../src/record/expiry-sightings.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1, 12)
const GRACE = (30 * DAY) as Millis

const ROWS: readonly (readonly [promise: string, distance: number, kind: ExpiryBucket])[] = [
  ['the last millisecond of validity has no whole day left', 0, '0-7d'],
  ['seven whole days are the end of the first week', 8 * DAY - 1, '0-7d'],
  ['eight whole days belong to the month', 8 * DAY, '8-30d'],
  ['thirty whole days are the end of the month', 31 * DAY - 1, '8-30d'],
  ['thirty-one whole days belong to the second month', 31 * DAY, '31-60d'],
  ['sixty whole days are the end of the second month', 61 * DAY - 1, '31-60d'],
  ['sixty-one whole days belong to the window', 61 * DAY, '61-270d'],
  ['two hundred and seventy whole days are the end of the window', 271 * DAY - 1, '61-270d'],
  ['a day more is later', 271 * DAY, 'later'],
  ['a millisecond after notAfter is grace', -1, 'in-grace'],
  ['the last millisecond of grace is grace', -30 * DAY, 'in-grace'],
  ['a millisecond after grace is the end', -30 * DAY - 1, 'expired'],
]

for (const [promise, distance, kind] of ROWS) {
  test(promise, () => {
    expect(expiryBucket((NOW + distance) as Instant, GRACE, NOW as Instant)).toBe(kind)
  })
}

test('a certificate is of one kind by its end and by the edges between kinds', () => {
  const edges = expiryEdges(GRACE, NOW as Instant)
  for (const [, distance] of ROWS) {
    const notAfter = (NOW + distance) as Instant
    const part = edges.filter((edge) => notAfter >= edge).length
    expect(EXPIRY_BUCKETS[part]).toBe(expiryBucket(notAfter, GRACE, NOW as Instant))
  }
})

test('without grace a certificate is over at once', () => {
  expect(expiryBucket((NOW - 1) as Instant, 0 as Millis, NOW as Instant)).toBe('expired')
})

const seen = (key: string, days: number): ExpirySighting => ({
  key: key as KeyFingerprint,
  notAfter: (NOW + days * DAY) as Instant,
})

function forecast(limit?: number) {
  let now = NOW
  const made = new ExpiryMetrics({
    clock: { now: () => now as Instant },
    grace: () => GRACE,
    ...(limit === undefined ? {} : { limit }),
  })
  return { made, later: (days: number) => (now += days * DAY) }
}

test('a device is counted once, however often and by whomever it was seen', () => {
  const { made } = forecast()
  made.onExpirySightings([seen('a', 3), seen('b', 40)], 0)
  made.onExpirySightings([seen('a', 3)], 0)
  expect(made.counts()).toMatchObject({ '0-7d': 1, '31-60d': 1 })
})

test('a device that renewed with the same key moves, whichever certificate was seen last', () => {
  const { made } = forecast()
  made.onExpirySightings([seen('a', 3)], 0)
  made.onExpirySightings([seen('a', 400)], 0)
  made.onExpirySightings([seen('a', 3)], 0)
  expect(made.counts()).toMatchObject({ '0-7d': 0, later: 1 })
})

test('devices move from one end of the forecast to the other as time passes, and are then forgotten', () => {
  const { made, later } = forecast()
  made.onExpirySightings([seen('a', 20)], 0)
  const path: string[] = []
  const look = (): void => {
    const counts = made.counts()
    path.push(EXPIRY_BUCKETS.find((kind) => counts[kind] === 1) ?? 'forgotten')
  }
  look()
  for (const days of [15, 10, 30, 25, 1]) {
    later(days)
    look()
  }
  expect(path).toEqual(['8-30d', '0-7d', 'in-grace', 'expired', 'expired', 'forgotten'])
})

test('memory is bounded, and what is beyond is counted as such', async () => {
  const { made, later } = forecast(2)
  made.onExpirySightings([seen('a', 3), seen('b', 3), seen('c', 3)], 0)
  made.onExpirySightings([seen('c', 3), seen('a', 3)], 5)
  const text = await made.text()
  expect(text).toContain('tfe_devices_by_expiry{expires="0-7d"} 2')
  expect(text).toContain('tfe_device_sightings_uncounted_total 7')
  later(100)
  made.counts()
  made.onExpirySightings([seen('c', 300)], 0)
  expect(made.counts()).toMatchObject({ expired: 0, '61-270d': 1 })
})

test('before any device was seen every kind is zero, not absent', async () => {
  const text = await forecast().made.text()
  for (const kind of EXPIRY_BUCKETS) expect(text).toContain(`{expires="${kind}"} 0`)
  expect(text).toContain('tfe_device_sightings_uncounted_total 0')
})
