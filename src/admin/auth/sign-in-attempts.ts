/**
 * How often a client may try to sign in: per address and per name, so that neither one address can try many names
 * nor many addresses one name.
 */
import { BoundedMap } from '../../kernel/bounded-map.ts'
import type { MonotonicClock } from '../../kernel/ports.ts'

/** Counts failures within a sliding period; bounded in memory. */
export class SignInAttempts {
  readonly #clock: MonotonicClock
  readonly #failures = new BoundedMap<string, { count: number; since: number }>(MAX_KEYS)

  constructor(clock: MonotonicClock) {
    this.#clock = clock
  }

  /**
   * Begins an attempt, or says how many seconds it still has to wait. It counts as failed until it is known to be
   * something else: guesses that are sent all at once would otherwise all begin before the first has failed.
   */
  begin(address: string, name: string): number {
    const seconds = Math.max(
      this.#secondsToWait(byAddress(address)),
      this.#secondsToWait(byName(name)),
    )
    if (seconds > 0) return seconds
    this.#increment(byAddress(address))
    this.#increment(byName(name))
    return 0
  }

  /** A success forgives the address, not the name: others may still be at it. */
  succeeded(address: string, name: string): void {
    this.#failures.delete(byAddress(address))
    this.#decrement(byName(name))
  }

  /** It was neither right nor wrong: the store did not answer. */
  undecided(address: string, name: string): void {
    this.#decrement(byAddress(address))
    this.#decrement(byName(name))
  }

  #decrement(key: string): void {
    const failures = this.#current(key)
    if (failures === undefined) return
    failures.count -= 1
    if (failures.count <= 0) this.#failures.delete(key)
  }

  #secondsToWait(key: string): number {
    const failures = this.#current(key)
    if (failures === undefined || failures.count < FREE_FAILURES) return 0
    return Math.ceil((failures.since + PERIOD_MS - this.#clock.now()) / 1000)
  }

  #increment(key: string): void {
    const failures = this.#current(key)
    if (failures !== undefined) {
      failures.count += 1
      return
    }
    // The oldest goes when it is full: a client that makes us forget it pays with as many attempts.
    this.#failures.set(key, { count: 1, since: this.#clock.now() })
  }

  #current(key: string): { count: number; since: number } | undefined {
    const failures = this.#failures.get(key)
    if (failures === undefined || failures.since + PERIOD_MS > this.#clock.now()) return failures
    this.#failures.delete(key)
    return undefined
  }
}

const byAddress = (address: string): string => `address ${address}`
const byName = (name: string): string => `name ${name}`

/** People mistype a password twice or three times in a row, seldom five times. */
const FREE_FAILURES = 5
const PERIOD_MS = 60_000
/** Some megabytes; only addresses on the allow list get here. */
const MAX_KEYS = 10_000
