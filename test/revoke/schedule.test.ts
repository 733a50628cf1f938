import { expect, test } from 'vitest'
import type { Instant, Millis } from '../../src/kernel/types.ts'
import { FIRST_RETRY_MS, LAST_RETRY_MS, nextDelay } from '../../src/revoke/schedule.ts'

const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

const rows: readonly (readonly [string, number, number | undefined, number, number, number])[] = [
  // promise, failures, nextUpdate in, refresh, chance, delay
  ['a list that lasts is asked for every refresh', 0, 99 * HOUR, HOUR, 1, HOUR],
  ['chance brings it forward by a tenth at most', 0, 99 * HOUR, HOUR, 0, HOUR * 0.9],
  ['a list that ends is replaced with a fifth of its life left', 0, HOUR, 2 * HOUR, 1, HOUR * 0.8],
  ['a list that has ended is asked for as if it failed', 0, -HOUR, HOUR, 1, FIRST_RETRY_MS],
  ['a list about to end is not asked for without pause', 0, 1, HOUR, 1, FIRST_RETRY_MS],
  ['a refresh shorter than the first retry is kept', 0, -HOUR, 1000, 1, 1000],
  ['a failure is followed soon', 1, 99 * HOUR, HOUR, 1, FIRST_RETRY_MS],
  ['chance halves the wait after a failure at most', 1, 99 * HOUR, HOUR, 0, FIRST_RETRY_MS / 2],
  ['each further failure doubles the wait', 3, 99 * HOUR, HOUR, 1, FIRST_RETRY_MS * 4],
  ['the wait is bounded', 30, undefined, 99 * HOUR, 1, LAST_RETRY_MS],
  ['the wait is never longer than the refresh', 30, undefined, 60_000, 1, 60_000],
  ['ten thousand failures are no overflow', 10_000, undefined, 99 * HOUR, 1, LAST_RETRY_MS],
]

for (const [promise, failures, left, refresh, chance, delay] of rows) {
  test(promise, () => {
    const nextUpdate = left === undefined ? undefined : ((NOW + left) as Instant)
    const now = NOW as Instant
    expect(nextDelay({ failures, nextUpdate }, { refresh: refresh as Millis, now, chance })).toBe(
      delay,
    )
  })
}
