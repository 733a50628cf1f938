/**
 * How often the legacy OAuth endpoint may be asked for a token (S0-25): by address, by account, and by account
 * from one network. It knows failures from the statuses of the server and forgives nothing on success: the owner of
 * one account could otherwise reset the count of an address with it after every few guesses.
 *
 * A lock on an account everywhere would let any client lock out any user. So the small bound is per account and network;
 * the large one, per account, does not grow, and does not hold on networks from which that account has signed in.
 */
import { BoundedMap } from '../kernel/bounded-map.ts'
import type { Millis } from '../kernel/types.ts'
import type { AccountNames } from './account-names.ts'
import {
  takeToken,
  refill,
  waitForToken,
  type TokenBucket,
  type RateLimit,
} from './token-bucket.ts'
import type { ThrottleRefusal, ThrottledBy } from './throttle-refusal.ts'
import { recordFailure, lockedFor, type LockoutRule, type FailureRecord } from './lockout.ts'

/** How many requests, and how many failures, are too many. */
export interface ThrottleRules {
  /** Of one address (IPv6: its /64), in all workers together. */
  readonly address: RateLimit
  /** Of one account, from addresses where it has not recently signed in, in all workers together. */
  readonly account: RateLimit
  readonly lockout: {
    readonly period: Millis
    /** Of one account from one network. */
    readonly failures: number
    /** Of one address, whatever accounts it names. */
    readonly addressFailures: number
    /** Of one account, from everywhere. */
    readonly accountFailures: number
    readonly first: Millis
    readonly longest: Millis
  }
}

/** Who asks. */
export interface Caller extends AccountNames {
  /** Of the connection's other end, as `countedNetwork` has it. */
  readonly network: string
}

/** What the server said: a status, `unclear` for one that proves nothing, or for no answer at all. */
export type SignInResult = 'failed' | 'succeeded' | 'unclear'

/** What one process remembers; times are of a clock that only goes forward. */
export class Throttle {
  readonly #addresses = new BoundedMap<string, Counters>(MAX_ENTRIES)
  readonly #accounts = new BoundedMap<string, Counters>(MAX_ENTRIES)
  readonly #pairs = new BoundedMap<string, Counters>(MAX_ENTRIES)
  /** When an account last signed in from a network. Of its own, so that made-up names do not push it out. */
  readonly #signedIn = new BoundedMap<string, Millis>(MAX_ENTRIES)

  /** Why a request is held back; nothing when it may go on, which it then has paid for. */
  check(caller: Caller, rules: ThrottleRules, now: Millis): ThrottleRefusal | undefined {
    const scopes = this.#scopes(caller, rules, now)
    for (const { map, key, by, rule } of scopes) {
      const wait = lockedFor(map.get(key)?.record, now)
      if (wait > 0) {
        return { kind: 'locked-out', by, retryAfter: seconds(wait), failures: rule.failures }
      }
    }
    const draws = scopes.flatMap(({ limit, ...scope }) => {
      if (limit === undefined) return []
      return [{ ...scope, limit, bucket: refill(scope.map.get(scope.key)?.bucket, limit, now) }]
    })
    for (const { by, bucket, limit } of draws) {
      const wait = waitForToken(bucket, limit)
      if (wait > 0) {
        return { kind: 'rate-limited', by, retryAfter: seconds(wait), perMinute: limit.perMinute }
      }
    }
    // Only now: who is held back by one bucket does not empty the others.
    for (const { map, key, bucket } of draws) {
      map.set(key, { bucket: takeToken(bucket), record: map.get(key)?.record })
    }
    return undefined
  }

  /** Notes how a request that was let through ended. */
  recordResult(
    caller: Caller & { readonly answered: SignInResult },
    rules: ThrottleRules,
    now: Millis,
  ): void {
    if (caller.answered === 'succeeded' && caller.isSure) {
      for (const account of caller.accounts) this.#signedIn.set(pairOf(account, caller), now)
    }
    if (caller.answered !== 'failed') return
    for (const { map, key, rule } of this.#scopes(caller, rules, now)) {
      const counters = map.get(key)
      map.set(key, { bucket: counters?.bucket, record: recordFailure(counters?.record, rule, now) })
    }
  }

  /** How many are locked out now. */
  locked(now: Millis): Readonly<Record<ThrottledBy, number>> {
    const countLocked = (map: BoundedMap<string, Counters>): number => {
      let count = 0
      for (const { record } of map.values()) if (lockedFor(record, now) > 0) count += 1
      return count
    }
    return {
      address: countLocked(this.#addresses),
      'account-and-network': countLocked(this.#pairs),
      account: countLocked(this.#accounts),
    }
  }

  /** Everything that a request is counted by, in the order in which it is asked. */
  #scopes(
    caller: Caller,
    { address, account, lockout }: ThrottleRules,
    now: Millis,
  ): readonly Scope[] {
    const { period, first, longest } = lockout
    const growing = { period, first, longest }
    const scopes: Scope[] = [
      {
        map: this.#addresses,
        key: caller.network,
        by: 'address',
        limit: address,
        rule: { ...growing, failures: lockout.addressFailures },
      },
    ]
    for (const name of caller.accounts) {
      const pair = pairOf(name, caller)
      const rule = { ...growing, failures: lockout.failures }
      scopes.push({
        map: this.#pairs,
        key: pair,
        by: 'account-and-network',
        limit: undefined,
        rule,
      })
      if (this.#isKnown(pair, now)) continue
      scopes.push({
        map: this.#accounts,
        key: name,
        by: 'account',
        limit: account,
        // As long as failures count, each time: long enough to make guessing hopeless, never growing.
        rule: { period, first: period, longest: period, failures: lockout.accountFailures },
      })
    }
    return scopes
  }

  #isKnown(pair: string, now: Millis): boolean {
    const last = this.#signedIn.get(pair)
    return last !== undefined && now - last < KNOWN_MS
  }
}

interface Counters {
  readonly bucket: TokenBucket | undefined
  readonly record: FailureRecord | undefined
}

interface Scope {
  readonly map: BoundedMap<string, Counters>
  readonly key: string
  readonly by: ThrottledBy
  readonly limit: RateLimit | undefined
  readonly rule: LockoutRule
}

const pairOf = (account: string, { network }: Pick<Caller, 'network'>): string =>
  `${account} ${network}`

/** Rounded up, so that a client that obeys is not too early. */
const seconds = (wait: Millis): number => Math.ceil(wait / 1000)

/**
 * In each of four maps; the four take 17 MiB together when they are full (measured). An attacker who wants a lock
 * forgotten needs as many requests from other addresses or under other names, each of which costs an address a token.
 */
const MAX_ENTRIES = 20_000
/** A holiday; after a longer absence an account is unknown on its own network until it has signed in again. */
const KNOWN_MS = 30 * 86_400_000
