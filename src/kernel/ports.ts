import type { Instant } from './types.ts'

/**
 * The windows through which the pure floors would see the world, were they allowed to look.
 */

/** Tells the time. Tests hand in one that stands still. */
export interface Clock {
  now(): Instant
}

/** Says something to the operator; `fields` are snake_case facts. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}
