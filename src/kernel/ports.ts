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
