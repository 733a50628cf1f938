/**
 * What the pure modules are handed in place of the clock and the log of the process.
 */
import type { Instant, Moment } from './types.ts'

/** A `Clock` tells the time. Tests pass one that stands still. */
export interface Clock {
  now(): Instant
}

/** A `MonotonicClock` measures lengths of time: setting the time of the machine does not move it. */
export interface MonotonicClock {
  now(): Moment
}

/** A `Log` takes what the operator reads; the names of `fields` are in snake_case. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Something that may be overdue. */
export interface DeadlineItem {
  /** Its index in the list of deadlines; only that list sets it. */
  slot: number
  /** Called a few times a second with the clock of the deadlines. */
  check(now: number): void
}

/** Deadlines that are looked at together, a few times a second: a timer for each would cost more than what it guards. */
export interface Deadlines {
  /** Milliseconds on a clock that is never set, at most one period old: what a deadline is measured from. */
  readonly now: number
  /** Milliseconds by which a deadline may be noticed late, and would be too early without being added to it. */
  readonly period: number
  add(item: DeadlineItem): void
  remove(item: DeadlineItem): void
}
