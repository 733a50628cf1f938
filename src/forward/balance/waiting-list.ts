/**
 * Who waits for a connection to a server: those that we vouch for, in the order of arrival, and behind all of them the others,
 * of whom those are passed over that have their share.
 */
import type { UpstreamFailure } from '../upstream-failure.ts'
import type { UpstreamConnection } from './connection.ts'
import type { SlotShares, Unvouched } from './slot-shares.ts'

/** A `ConnectionWaiter` waits for a connection; it is told exactly once, unless it was cancelled before. */
export interface ConnectionWaiter {
  /** Whose share it counts for. */
  readonly unvouched: Unvouched
  ready(connection: UpstreamConnection): void
  failed(failure: UpstreamFailure): void
}

/** What it waits for: any connection, one that is new, or any while one is being opened for it. */
export type Wait = 'waits' | 'waits-for-new' | 'opening'

/** Two queues with a bound on each. */
export class WaitingList {
  readonly #connections: number
  readonly #shares: SlotShares
  readonly #vouched = new Map<ConnectionWaiter, Wait>()
  readonly #others = new Map<ConnectionWaiter, Wait>()
  readonly #othersByAddress = new Map<string, number>()

  constructor(connections: number, shares: SlotShares) {
    this.#connections = connections
    this.#shares = shares
  }

  get size(): number {
    return this.#vouched.size + this.#others.size
  }

  /** Each part of the connections has as many places to wait; one that has used up its own fills no other. */
  hasRoomFor({ unvouched }: ConnectionWaiter): boolean {
    if (unvouched === undefined) {
      return this.#vouched.size < this.#connections * WAITING_PER_CONNECTION
    }
    const { share, addressShare } = this.#shares
    const ofAddress = this.#othersByAddress.get(unvouched) ?? 0
    return (
      this.#others.size < share * WAITING_PER_CONNECTION &&
      ofAddress < addressShare * WAITING_PER_CONNECTION
    )
  }

  add(waiter: ConnectionWaiter, wait: Wait): void {
    this.#listOf(waiter).set(waiter, wait)
    this.#count(waiter, 1)
  }

  /** A connection is being opened for it; it may be given another one all the same. */
  opening(waiter: ConnectionWaiter): void {
    this.#listOf(waiter).set(waiter, 'opening')
  }

  /** It met a dead connection just now, and may meet another among the idle ones. */
  wantsNew(waiter: ConnectionWaiter): boolean {
    return this.#listOf(waiter).get(waiter) === 'waits-for-new'
  }

  /** Whether it waited. */
  remove(waiter: ConnectionWaiter): boolean {
    if (!this.#listOf(waiter).delete(waiter)) return false
    this.#count(waiter, -1)
    return true
  }

  /** Takes out whose turn it is. */
  next(): ConnectionWaiter | undefined {
    const waiter = this.#first(() => true)
    if (waiter !== undefined) this.remove(waiter)
    return waiter
  }

  /** Whose turn it is among those for whom no connection is being opened. */
  nextUnopened(): ConnectionWaiter | undefined {
    return this.#first((wait) => wait !== 'opening')
  }

  takeAll(): readonly ConnectionWaiter[] {
    const all = [...this.#vouched.keys(), ...this.#others.keys()]
    for (const waiter of all) this.remove(waiter)
    return all
  }

  #first(fits: (wait: Wait) => boolean): ConnectionWaiter | undefined {
    for (const [waiter, wait] of this.#vouched) if (fits(wait)) return waiter
    for (const [waiter, wait] of this.#others) {
      if (fits(wait) && this.#shares.allows(waiter.unvouched)) return waiter
    }
    return undefined
  }

  #listOf({ unvouched }: ConnectionWaiter): Map<ConnectionWaiter, Wait> {
    return unvouched === undefined ? this.#vouched : this.#others
  }

  #count({ unvouched }: ConnectionWaiter, change: 1 | -1): void {
    if (unvouched === undefined) return
    const count = (this.#othersByAddress.get(unvouched) ?? 0) + change
    if (count > 0) this.#othersByAddress.set(unvouched, count)
    else this.#othersByAddress.delete(unvouched)
  }
}

/** Each waits at most the connect limit; more would wait in vain and hold memory meanwhile. */
const WAITING_PER_CONNECTION = 4
