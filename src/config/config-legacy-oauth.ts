/** What is demanded of clients of the legacy OAuth endpoint; the throttle room's rules, and whose the name in Basic is. */
import type { Millis } from '../kernel/types.ts'

export interface LegacyOAuthSettings {
  /** Of one address (IPv6: its /64), in all workers together. */
  readonly address: RateLimit
  /** Of one account, from addresses where it has not signed in lately, in all workers together. */
  readonly account: RateLimit
  readonly basic: 'account' | 'client'
  readonly lockout: {
    readonly period: Millis
    readonly failures: number
    readonly addressFailures: number
    readonly accountFailures: number
    readonly first: Millis
    readonly longest: Millis
  }
}

interface RateLimit {
  readonly perMinute: number
  readonly burst: number
}
