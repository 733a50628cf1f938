/**
 * When a list is asked for again. Chance spreads those who started together; a failing server is left in peace more
 * and more; and a list is replaced before it ends.
 */
import type { Instant, Millis } from '../kernel/types.ts'

/** How the last attempt ended. */
export interface LastAttempt {
  /** Failures in a row. */
  readonly failures: number
  /** Of the list in force. */
  readonly nextUpdate: Instant | undefined
}

/** How long to wait; `chance` is from 0 to 1. */
export function nextDelay(
  { failures, nextUpdate }: LastAttempt,
  {
    refresh,
    now,
    chance,
  }: { readonly refresh: Millis; readonly now: Instant; readonly chance: number },
): Millis {
  if (failures > 0) {
    const backoff = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS, refresh)
    return (backoff * (0.5 + chance / 2)) as Millis
  }
  const left = nextUpdate === undefined ? Infinity : nextUpdate - now
  // A fifth of its life is left for a server that fails; a list that has ended is asked for as if it failed.
  const wanted = Math.min(refresh, Math.max(left * 0.8, Math.min(refresh, FIRST_RETRY_MS)))
  return (wanted * (0.9 + chance / 10)) as Millis
}

/** Long enough to restart a server. */
export const FIRST_RETRY_MS = 5000
/** A quarter of an hour after the server has come back, the last of us has noticed. */
export const LAST_RETRY_MS = 900_000
