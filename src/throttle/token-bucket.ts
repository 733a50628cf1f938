/**
 * A token bucket: so many requests at once, and so many each minute. A refused request takes no token, so that
 * asking again does not make the wait longer.
 */
import type { Millis } from '../kernel/types.ts'

/** How often something may happen. */
export interface RateLimit {
  readonly perMinute: number
  /** What may come at once, after a quiet time. */
  readonly burst: number
}

/** What was left at a point in time, on a clock that only goes forward. */
export interface TokenBucket {
  readonly tokens: number
  readonly at: Millis
}

/** Returns a bucket as it is now; an unknown one is full. */
export function refill(
  bucket: TokenBucket | undefined,
  limit: RateLimit,
  now: Millis,
): TokenBucket {
  if (bucket === undefined) return { tokens: limit.burst, at: now }
  const gained = ((now - bucket.at) * limit.perMinute) / MINUTE_MS
  return { tokens: Math.min(limit.burst, bucket.tokens + gained), at: now }
}

/** One request less. */
export const takeToken = ({ tokens, at }: TokenBucket): TokenBucket => ({ tokens: tokens - 1, at })

/** Milliseconds until there is a whole token; 0 when there is one. */
export function waitForToken({ tokens }: TokenBucket, { perMinute }: RateLimit): Millis {
  return Math.max(0, Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute - ROUNDING)) as Millis
}

const MINUTE_MS = 60_000
/** Fractions of tokens do not add up exactly; a thousandth of a millisecond does not count. */
const ROUNDING = 0.001
