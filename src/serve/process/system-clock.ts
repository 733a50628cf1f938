/**
 * The clock and the timer of this process, for the parts that get theirs as an argument.
 */
import type { Clock, MonotonicClock } from '../../kernel/ports.ts'
import type { Instant, Moment } from '../../kernel/types.ts'

/** The wall clock. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now() as Instant }

/** The clock that only goes forward. */
export const SYSTEM_MONOTONIC_CLOCK: MonotonicClock = { now: () => performance.now() as Moment }

/** Runs once after `wait` milliseconds, unless the process has nothing else to wait for; returns what cancels it. */
export function afterUnref(wait: number, run: () => void): () => void {
  const timer = setTimeout(run, wait).unref()
  return () => clearTimeout(timer)
}
