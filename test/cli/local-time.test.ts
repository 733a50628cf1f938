import { expect, test } from 'vitest'
import { localTimeText, systemTimeZone, timeColumn, withTimes } from '../../src/cli/local-time.ts'
import type { Instant } from '../../src/kernel/types.ts'

const instant = (text: string): Instant => Date.parse(text) as Instant

const TOLD: readonly (readonly [promise: string, zone: string, at: string, told: string])[] = [
  [
    'a time is told in the zone, with UTC beside',
    'Europe/Berlin',
    '2026-11-29T20:41:07Z',
    '2026-11-29 21:41 +01:00 (20:41Z)',
  ],
  [
    'in summer with the offset of summer',
    'Europe/Berlin',
    '2026-07-01T20:41:00Z',
    '2026-07-01 22:41 +02:00 (20:41Z)',
  ],
  ['in UTC once', 'UTC', '2026-11-29T20:41:00Z', '2026-11-29 20:41Z'],
  [
    'once, too, where a zone is UTC at that time',
    'Europe/London',
    '2026-11-29T20:41:00Z',
    '2026-11-29 20:41Z',
  ],
  [
    'the day stands beside where it is another one in UTC',
    'Asia/Tokyo',
    '2026-12-31T20:41:00Z',
    '2027-01-01 05:41 +09:00 (2026-12-31 20:41Z)',
  ],
  [
    'an offset of half an hour is told, west of UTC, too',
    'America/St_Johns',
    '2026-11-29T20:41:00Z',
    '2026-11-29 17:11 -03:30 (20:41Z)',
  ],
]

for (const [promise, zone, at, told] of TOLD) {
  test(promise, () => {
    expect(localTimeText(instant(at), zone)).toBe(told)
  })
}

test('seconds are told where they matter', () => {
  const at = instant('2026-11-29T23:59:59.999Z')
  expect(localTimeText(at, 'Asia/Kolkata', 'second')).toBe(
    '2026-11-30 05:29:59 +05:30 (2026-11-29 23:59:59Z)',
  )
})

test('the times of a column have their offset in its head', () => {
  const times = ['2026-11-29T20:41:00Z', '2026-12-24T12:00:00Z'].map(instant)
  expect(timeColumn([...times, undefined], 'Europe/Berlin')).toEqual({
    zone: '+01:00',
    cells: ['2026-11-29 21:41', '2026-12-24 13:00', undefined],
  })
})

test('times of summer and of winter in one column each say their offset', () => {
  const times = ['2026-07-01T20:41:00Z', '2026-12-24T12:00:00Z'].map(instant)
  expect(timeColumn(times, 'Europe/Berlin')).toEqual({
    zone: 'local',
    cells: ['2026-07-01 22:41 +02:00', '2026-12-24 13:00 +01:00'],
  })
})

test('a column without times is in UTC', () => {
  expect(timeColumn([undefined], 'UTC')).toEqual({ zone: 'UTC', cells: [undefined] })
})

test('times inside of a sentence are told in the zone as well', () => {
  const told = (at: Instant): string => localTimeText(at, 'Europe/Berlin')
  expect(withTimes('revoked at 2026-01-02T03:04:05.000Z (keyCompromise)', told)).toBe(
    'revoked at 2026-01-02 04:04 +01:00 (03:04Z) (keyCompromise)',
  )
})

test('the zone of the system is one that times can be told in', () => {
  expect(localTimeText(0 as Instant, systemTimeZone())).toMatch(/^19(?:69|70)-/u)
})
