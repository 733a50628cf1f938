/**
 * How often somebody may ask the legacy OAuth endpoint for a token (S0-25): by address, by account, and by account
 * from one network. It knows failures from the statuses of the server and forgives nothing on success: whoever owns
 * one account could otherwise buy back his address with it after every few guesses.
 *
 * A lock on an account everywhere would let anybody lock out anybody. So the small bound is per account and network;
 * the large one, per account, does not grow, and does not hold on networks from which that account has signed in.
 */
import type { Millis } from '../kernel/types.ts'
import type { Claim } from './account-names.ts'
import { drawn, filled, waitOf, type Bucket, type Pace } from './token-bucket.ts'
import type { Held, HeldBy } from './throttle-refusal.ts'
import { Shelf } from './lru-map.ts'
import { failed, lockedFor, type LockRule, type Tally } from './lockout.ts'

/** How many requests, and how many failures, are too many. */
export interface Rules {
  readonly address: Pace
  readonly account: Pace
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
export interface Caller extends Claim {
  /** Of the connection's other end, as `networkOf` has it. */
  readonly network: string
}

/** What the server said: a status, which is no token as far as anybody knows, or nothing at all. */
export type Answered = 'failed' | 'succeeded' | 'unclear'

/** What one process remembers; times are of a clock that only goes forward. */
export class Throttle {
  readonly #addresses = new Shelf<Entry>(MOST_ENTRIES)
  readonly #accounts = new Shelf<Entry>(MOST_ENTRIES)
  readonly #pairs = new Shelf<Entry>(MOST_ENTRIES)
  /** When an account last signed in from a network. Of its own, so that made-up names do not push it out. */
  readonly #signedIn = new Shelf<Millis>(MOST_ENTRIES)

  /** Why a request is held back; nothing when it may go on, which it then has paid for. */
  ask(caller: Caller, rules: Rules, now: Millis): Held | undefined {
    const scopes = this.#scopes(caller, rules, now)
    for (const { shelf, key, by, rule } of scopes) {
      const wait = lockedFor(shelf.read(key)?.tally, now)
      if (wait > 0) {
        return { kind: 'locked-out', by, retryAfter: seconds(wait), failures: rule.failures }
      }
    }
    const draws = scopes.flatMap(({ pace, ...scope }) => {
      if (pace === undefined) return []
      return [{ ...scope, pace, bucket: filled(scope.shelf.read(scope.key)?.bucket, pace, now) }]
    })
    for (const { by, bucket, pace } of draws) {
      const wait = waitOf(bucket, pace)
      if (wait > 0) {
        return { kind: 'rate-limited', by, retryAfter: seconds(wait), perMinute: pace.perMinute }
      }
    }
    // Only now: who is held back by one bucket does not empty the others.
    for (const { shelf, key, bucket } of draws) {
      shelf.put(key, { bucket: drawn(bucket), tally: shelf.read(key)?.tally })
    }
    return undefined
  }

  /** Notes how a request that was let through ended. */
  tell(caller: Caller & { readonly answered: Answered }, rules: Rules, now: Millis): void {
    if (caller.answered === 'succeeded' && caller.sure) {
      for (const account of caller.accounts) this.#signedIn.put(pairOf(account, caller), now)
    }
    if (caller.answered !== 'failed') return
    for (const { shelf, key, rule } of this.#scopes(caller, rules, now)) {
      const entry = shelf.read(key)
      shelf.put(key, { bucket: entry?.bucket, tally: failed(entry?.tally, rule, now) })
    }
  }

  /** How many are locked out now. */
  locked(now: Millis): Readonly<Record<HeldBy, number>> {
    const among = (shelf: Shelf<Entry>): number => {
      let count = 0
      for (const { tally } of shelf.values()) if (lockedFor(tally, now) > 0) count += 1
      return count
    }
    return {
      address: among(this.#addresses),
      'account-and-network': among(this.#pairs),
      account: among(this.#accounts),
    }
  }

  /** Everything that a request is counted by, in the order in which it is asked. */
  #scopes(caller: Caller, { address, account, lockout }: Rules, now: Millis): readonly Scope[] {
    const { period, first, longest } = lockout
    const growing = { period, first, longest }
    const scopes: Scope[] = [
      {
        shelf: this.#addresses,
        key: caller.network,
        by: 'address',
        pace: address,
        rule: { ...growing, failures: lockout.addressFailures },
      },
    ]
    for (const name of caller.accounts) {
      const pair = pairOf(name, caller)
      const rule = { ...growing, failures: lockout.failures }
      scopes.push({
        shelf: this.#pairs,
        key: pair,
        by: 'account-and-network',
        pace: undefined,
        rule,
      })
      if (this.#isKnown(pair, now)) continue
      scopes.push({
        shelf: this.#accounts,
        key: name,
        by: 'account',
        pace: account,
        // As long as failures count, each time: long enough to make guessing hopeless, never growing.
        rule: { period, first: period, longest: period, failures: lockout.accountFailures },
      })
    }
    return scopes
  }

  #isKnown(pair: string, now: Millis): boolean {
    const last = this.#signedIn.read(pair)
    return last !== undefined && now - last < KNOWN_MS
  }
}

interface Entry {
  readonly bucket: Bucket | undefined
  readonly tally: Tally | undefined
}

interface Scope {
  readonly shelf: Shelf<Entry>
  readonly key: string
  readonly by: HeldBy
  readonly pace: Pace | undefined
  readonly rule: LockRule
}

const pairOf = (account: string, { network }: Pick<Caller, 'network'>): string =>
  `${account} ${network}`

/** Rounded up: who comes back when told is not too early. */
const seconds = (wait: Millis): number => Math.ceil(wait / 1000)

/**
 * On each of four shelves, 17 MiB when all are full (measured). Whoever wants to make us forget a lock pays with as many requests of
 * other addresses or under other names, each of which costs an address a token.
 */
const MOST_ENTRIES = 20_000
/** A holiday; longer away, and an account is a stranger on its own network until it has signed in again. */
const KNOWN_MS = 30 * 86_400_000
