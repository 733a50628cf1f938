/**
 * The servers that one exchange has been to: each at most once, except that a kept connection which turns out
 * dead is renewed once. Bounded, whatever happens.
 */
import type { UpstreamFailure } from '../failure.ts'
import type { Leg } from '../balance/connection.ts'
import type { Want } from '../balance/pool.ts'
import { remedy, type Mishap } from './retry.ts'
import type { Server } from '../balance/server.ts'
import type { Upstream } from '../balance/upstream.ts'

/** An exchange on its way: it forgets the last attempt before the next begins. */
export interface Traveller extends Want {
  beginAnew(): void
}

/** Where an exchange is and where it has been. */
export class Itinerary {
  readonly #upstream: Upstream
  readonly #device: string | undefined
  readonly #tried: Server[] = []
  #server: Server | undefined
  #renewed = false

  constructor(upstream: Upstream, device: string | undefined) {
    this.#upstream = upstream
    this.#device = device
  }

  /** The server that it has chosen last. */
  get server(): Server | undefined {
    return this.#server
  }

  /** One connection was not enough. */
  get detoured(): boolean {
    return this.#renewed || this.#tried.length > 1
  }

  /** On to a server that was not tried yet; false when there is none, or enough were. */
  advance(traveller: Traveller): boolean {
    if (this.#tried.length >= this.#upstream.attempts) return false
    const next = this.#upstream.choose(this.#device, this.#tried)
    if (next === undefined) return false
    this.end()
    next.taken()
    this.#server = next
    this.#tried.push(next)
    traveller.beginAnew()
    next.pool.acquire(traveller)
    return true
  }

  /** Once more, if that is right; the same server at most once, on a new connection. */
  retry(mishap: Mishap, traveller: Traveller): boolean {
    const wise = remedy(mishap)
    if (wise === 'give-up') return false
    if (wise === 'other-server' || this.#renewed) {
      if (!mishap.unsent) this.#server?.failed({ kind: 'reset', during: 'request' })
      return this.advance(traveller)
    }
    this.#renewed = true
    traveller.beginAnew()
    this.#server?.pool.acquireFresh(traveller)
    return true
  }

  /** Writes in the server's own host: it is known only now, and changes with the next one. */
  address(fields: string[]): void {
    const at = fields.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'host')
    if (at !== -1 && this.#server !== undefined) fields[at + 1] = this.#server.authority
  }

  /** The exchange failed for good. A failed dial is no business of ours: the pool has told of it. */
  blame(failure: UpstreamFailure, leg: Leg | undefined): void {
    if (leg === undefined) return
    // A kept connection may die at any time.
    if (leg.reused && failure.kind === 'reset' && failure.during === 'request') return
    this.#server?.failed(failure)
  }

  /** The exchange is over, or leaves for the next server. */
  end(): void {
    this.#server?.left()
  }
}
