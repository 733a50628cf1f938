/**
 * Failures within a period, and the lock that follows. A lock is doubled each time it falls again soon, up to the
 * longest; what is refused while it holds is not counted, so that requests cannot prolong a lock.
 */
import type { Millis } from '../kernel/types.ts'

/** When a lock falls, and for how long. */
export interface LockoutRule {
  readonly failures: number
  readonly period: Millis
  readonly first: Millis
  /** The same as `first` where a lock does not grow. */
  readonly longest: Millis
}

/** What is remembered about failures; times are of a clock that only goes forward. */
export interface FailureRecord {
  readonly failures: number
  /** When the first of them was. */
  readonly since: Millis
  /** Locks that fell one soon after the other. */
  readonly locks: number
  readonly until: Millis
}

/** One failure more. */
export function recordFailure(
  record: FailureRecord | undefined,
  rule: LockoutRule,
  now: Millis,
): FailureRecord {
  // Under way when the lock fell.
  if (record !== undefined && now < record.until) return record
  const counts = record !== undefined && record.failures > 0 && now < record.since + rule.period
  const failures = counts ? record.failures + 1 : 1
  const since = counts ? record.since : now
  // As long without a lock as the longest one lasts: then it begins anew.
  const locks = record !== undefined && now < record.until + rule.longest ? record.locks : 0
  if (failures < rule.failures) return { failures, since, locks, until: record?.until ?? NEVER }
  const length = Math.min(rule.longest, rule.first * 2 ** locks)
  return { failures: 0, since: now, locks: locks + 1, until: (now + length) as Millis }
}

/** Milliseconds that a lock still holds; 0 when there is none. */
export const lockedFor = (record: FailureRecord | undefined, now: Millis): Millis =>
  Math.max(0, (record?.until ?? NEVER) - now) as Millis

/** Long before anything happened. */
const NEVER = -Infinity as Millis
