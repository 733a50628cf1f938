import { expect, test } from 'vitest'
import type { Millis } from '../../src/kernel/types.ts'
import {
  recordFailure,
  lockedFor,
  type LockoutRule,
  type FailureRecord,
} from '../../src/throttle/lockout.ts'

const ms = (value: number): Millis => value as Millis
const rule: LockoutRule = { failures: 3, period: ms(1000), first: ms(100), longest: ms(400) }

/** Failures at these times, by this rule. */
const after = (times: readonly number[], by = rule): FailureRecord | undefined =>
  times.reduce<FailureRecord | undefined>(
    (record, now) => recordFailure(record, by, ms(now)),
    undefined,
  )

const rows: readonly {
  readonly promise: string
  readonly failures: readonly number[]
  readonly now: number
  readonly wait: number
  readonly by?: LockoutRule
}[] = [
  { promise: 'no client is locked out before a failure', failures: [], now: 0, wait: 0 },
  {
    promise: 'one failure less than the bound locks no client out',
    failures: [0, 1],
    now: 1,
    wait: 0,
  },
  { promise: 'the failure that meets the bound locks out', failures: [0, 1, 2], now: 2, wait: 100 },
  { promise: 'a lock holds through its last millisecond', failures: [0, 1, 2], now: 101, wait: 1 },
  { promise: 'and no longer', failures: [0, 1, 2], now: 102, wait: 0 },
  {
    promise: 'failures count together through the last millisecond of the period',
    failures: [0, 1, 999],
    now: 999,
    wait: 100,
  },
  { promise: 'what is a period old counts no more', failures: [0, 1, 1000], now: 1000, wait: 0 },
  {
    promise: 'a new period begins with the failure that ended the old one',
    failures: [0, 1, 1000, 1001, 1002],
    now: 1002,
    wait: 100,
  },
  {
    promise: 'what was under way when a lock fell does not lengthen it',
    failures: [0, 1, 2, 50, 60, 101],
    now: 101,
    wait: 1,
  },
  {
    promise: 'a lock that is over leaves all failures free again',
    failures: [0, 1, 2, 102, 103],
    now: 103,
    wait: 0,
  },
  {
    promise: 'the next lock is twice as long',
    failures: [0, 1, 2, 102, 103, 104],
    now: 104,
    wait: 200,
  },
  {
    promise: 'a lock doubles up to the longest',
    failures: [0, 1, 2, 102, 103, 104, 304, 305, 306],
    now: 306,
    wait: 400,
  },
  {
    promise: 'and grows no further',
    failures: [0, 1, 2, 102, 103, 104, 304, 305, 306, 706, 707, 708],
    now: 708,
    wait: 400,
  },
  {
    promise: 'a lock is remembered for as long as the longest lasts',
    failures: [0, 1, 2, 501, 501, 501],
    now: 501,
    wait: 200,
  },
  { promise: 'and forgotten then', failures: [0, 1, 2, 502, 502, 502], now: 502, wait: 100 },
  {
    promise: 'a rule that does not grow is the same every time',
    failures: [0, 1, 2, 102, 103, 104],
    now: 104,
    wait: 100,
    by: { ...rule, longest: ms(100) },
  },
  {
    promise: 'a bound of one locks out at once',
    failures: [5],
    now: 5,
    wait: 100,
    by: { ...rule, failures: 1 },
  },
]

for (const { promise, failures, now, wait, by } of rows) {
  test(promise, () => {
    expect(lockedFor(after(failures, by), ms(now))).toBe(wait)
  })
}
