/**
 * The servers that one exchange has been to: each at most once, except that a kept connection which turns out
 * dead is renewed once. Bounded, whatever happens.
 */
import type { UpstreamFailure } from '../upstream-failure.ts'
import type { UpstreamConnection } from '../balance/connection.ts'
import type { ConnectionWaiter } from '../balance/waiting-list.ts'
import { retryDecision, type FailedAttempt } from './retry.ts'
import type { Server } from '../balance/server.ts'
import type { Upstream } from '../balance/upstream.ts'

/** A `RetryableRequest` forgets the last attempt before the next begins. */
export interface RetryableRequest extends ConnectionWaiter {
  beginAttempt(): void
}

/** Where an exchange is and where it has been. */
export class Failover {
  readonly #upstream: Upstream
  readonly #device: string | undefined
  readonly #tried: Server[] = []
  #server: Server | undefined
  #reconnected = false

  constructor(upstream: Upstream, device: string | undefined) {
    this.#upstream = upstream
    this.#device = device
  }

  /** The server that it has chosen last. */
  get server(): Server | undefined {
    return this.#server
  }

  /** One connection was not enough. */
  get retried(): boolean {
    return this.#reconnected || this.#tried.length > 1
  }

  /** On to a server that was not tried yet; false when there is none, or enough were. */
  tryNextServer(request: RetryableRequest): boolean {
    const next = this.#upstream.choose(this.#device, this.#tried)
    if (next === undefined) return false
    this.release()
    next.exchangeBegan()
    this.#server = next
    this.#tried.push(next)
    request.beginAttempt()
    next.pool.acquire(request)
    return true
  }

  /** Once more, if that is right; the same server at most once, on a new connection. */
  retry(attempt: FailedAttempt, request: RetryableRequest): boolean {
    const decision = retryDecision(attempt)
    if (decision === 'give-up') return false
    if (decision === 'other-server' || this.#reconnected) {
      if (!attempt.unsent) this.#server?.failed({ kind: 'reset', during: 'request' })
      return this.tryNextServer(request)
    }
    this.#reconnected = true
    request.beginAttempt()
    this.#server?.pool.acquireFresh(request)
    return true
  }

  /** Writes in the server's own host: it is known only now, and changes with the next one. */
  setHost(fields: string[]): void {
    const at = fields.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'host')
    if (at !== -1 && this.#server !== undefined) fields[at + 1] = this.#server.authority
  }

  /** The exchange failed for good. A connection that could not be opened is left out: the pool has reported it. */
  recordFailure(failure: UpstreamFailure, connection: UpstreamConnection | undefined): void {
    if (connection === undefined) return
    // A kept connection may die at any time.
    if (connection.reused && failure.kind === 'reset' && failure.during === 'request') return
    this.#server?.failed(failure)
  }

  /** The exchange is over, or leaves for the next server. */
  release(): void {
    this.#server?.exchangeEnded()
  }
}
