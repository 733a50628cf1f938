import { expect, test } from 'vitest'
import type { Instant } from '../../src/kernel/types.ts'
import { AUTHORITY_DAYS, endsSoon, LEAF_DAYS } from '../../src/x509/ending-soon.ts'

const DAY = 86_400_000
const END = 1_800_000_000_000

const ROWS: readonly (readonly [promise: string, life: number, left: number, soon: boolean])[] = [
  ['thirty days before the end of a year are not soon', 365 * DAY, 30 * DAY, false],
  ['a millisecond less is', 365 * DAY, 30 * DAY - 1, true],
  ['a quarter of a short life is not soon', 8 * DAY, 2 * DAY, false],
  ['a millisecond less than a quarter is', 8 * DAY, 2 * DAY - 1, true],
  ['of a life of 120 days the quarter and the thirty days are one', 120 * DAY, 30 * DAY, false],
  ['what has ended ends soon', 365 * DAY, -1, true],
]

for (const [promise, life, left, soon] of ROWS) {
  test(promise, () => {
    const validity = { notBefore: (END - life) as Instant, notAfter: END as Instant }
    expect(endsSoon(validity, { now: (END - left) as Instant, days: 30 })).toBe(soon)
  })
}

test('a leaf is told thirty days before its end, and a CA ninety', () => {
  expect([LEAF_DAYS, AUTHORITY_DAYS]).toEqual([30, 90])
})
