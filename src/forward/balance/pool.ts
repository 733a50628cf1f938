/**
 * The connections to one server of an upstream, under one TLS identity. Two upstreams, two servers, or two
 * settings of the same one never share a connection: each has its own `Pool`.
 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Deadlines } from '../../kernel/ports.ts'
import type { DialPlan } from '../connect/attempt.ts'
import { dial } from '../connect/dial.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { UpstreamConnection, type ConnectionOwner } from './connection.ts'
import type { UpstreamLimits } from '../settings.ts'

/** A `ConnectionWaiter` waits for a connection; it is told exactly once, unless it was cancelled before. */
export interface ConnectionWaiter {
  ready(connection: UpstreamConnection): void
  failed(failure: UpstreamFailure): void
}

/** Told of a connection that could not be made; `shown` is the leaf that the server presented. */
export type DialFailureCallback = (
  failure: UpstreamFailure,
  shown: X509Certificate | undefined,
) => void

/** A pool with a bound on connections and on who waits for one. */
export class Pool implements ConnectionOwner {
  readonly limits: UpstreamLimits
  readonly #plan: DialPlan
  readonly #deadlines: Deadlines
  readonly #dialFailed: DialFailureCallback
  readonly #established = new Set<UpstreamConnection>()
  /** Most recently used last, and used first: the others come to their idle limit. */
  readonly #idle: UpstreamConnection[] = []
  /** In the order of arrival; true while a connection is being opened for it. */
  readonly #waiters = new Map<ConnectionWaiter, boolean>()
  #dialling = 0
  #closing: PromiseWithResolvers<void> | undefined
  /** Opens what is still to be opened once these settings no longer hold. */
  #replacement: Pool | undefined

  /** `dialFailed` is told once of each connection that could not be made. */
  constructor(plan: DialPlan, deadlines: Deadlines, dialFailed: DialFailureCallback) {
    this.limits = plan.settings.limits
    this.#plan = plan
    this.#deadlines = deadlines
    this.#dialFailed = dialFailed
  }

  /** A connection at once, or when one is free or new; a failure when there is none to be had. */
  acquire(waiter: ConnectionWaiter): void {
    if (this.#replacement !== undefined) {
      this.#replacement.acquire(waiter)
      return
    }
    const connection = this.#takeIdle()
    if (connection !== undefined) waiter.ready(connection)
    else this.#enqueue(waiter)
  }

  /** As `acquire`, but never an idle connection: for a request that just met a dead one. */
  acquireFresh(waiter: ConnectionWaiter): void {
    if (this.#replacement !== undefined) {
      this.#replacement.acquireFresh(waiter)
      return
    }
    if (this.#full) this.#takeIdle()?.destroy()
    this.#enqueue(waiter)
  }

  /** Forgets a waiter, here or in the replacement. */
  cancel(waiter: ConnectionWaiter): void {
    this.#waiters.delete(waiter)
    this.#replacement?.cancel(waiter)
  }

  /** Connections now open or opening, for the metrics. */
  get connections(): number {
    return this.#established.size + this.#dialling
  }

  /** Exchanges that wait for a connection, for the metrics. */
  get waiting(): number {
    return this.#waiters.size
  }

  /**
   * Closes what is idle now and the rest when it is done; requests that already began here still get through. With a
   * replacement no connection is opened here again: a request that still waits, or needs another connection, gets one of
   * the replacement's, made under its settings.
   */
  async close(replacement?: Pool): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#replacement ??= replacement
    for (const connection of this.#idle.splice(0)) connection.destroy()
    if (this.#replacement !== undefined) this.#moveWaitersTo(this.#replacement)
    this.#settleClose()
    await this.#closing.promise
  }

  /** Breaks off everything under way. */
  destroy(): void {
    void this.close()
    for (const connection of this.#established) connection.destroy()
  }

  released(connection: UpstreamConnection): void {
    const next = this.#nextWaiter()
    if (next !== undefined) next.ready(connection)
    else if (this.#closing === undefined) this.#idle.push(connection)
    else connection.destroy()
  }

  closed(connection: UpstreamConnection): void {
    this.#established.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    this.#openForWaiters()
    this.#settleClose()
  }

  get #full(): boolean {
    return this.connections >= this.limits.connections
  }

  #takeIdle(): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.alive) return connection
      connection.destroy()
    }
  }

  #enqueue(waiter: ConnectionWaiter): void {
    const { connections } = this.limits
    const bound = connections * WAITING_PER_CONNECTION
    if (this.#full && this.#waiters.size >= bound) {
      waiter.failed({ kind: 'overloaded', connections, waiting: this.#waiters.size })
      return
    }
    this.#waiters.set(waiter, false)
    if (!this.#full) this.#open(waiter)
  }

  #nextWaiter(): ConnectionWaiter | undefined {
    for (const waiter of this.#waiters.keys()) {
      this.#waiters.delete(waiter)
      return waiter
    }
    return undefined
  }

  #open(waiter: ConnectionWaiter): void {
    this.#waiters.set(waiter, true)
    this.#dialling += 1
    dial(this.#plan, (result, shown) => {
      this.#dialling -= 1
      if (!result.ok) this.#dialFailed(result.failure, shown)
      if (result.ok) this.#opened(this.#connectionOn(result.value), waiter)
      else if (this.#waiters.delete(waiter)) waiter.failed(result.failure)
      this.#openForWaiters()
      this.#settleClose()
    })
  }

  #connectionOn(socket: Socket): UpstreamConnection {
    return new UpstreamConnection(socket, { limits: this.limits, deadlines: this.#deadlines }, this)
  }

  #opened(connection: UpstreamConnection, waiter: ConnectionWaiter): void {
    this.#established.add(connection)
    if (this.#waiters.delete(waiter)) waiter.ready(connection)
    else this.released(connection)
  }

  #openForWaiters(): void {
    for (const [waiter, opening] of this.#waiters) {
      if (this.#full) return
      if (!opening) this.#open(waiter)
    }
  }

  /** A handshake that is under way ends under the old settings, and its connection is thrown away unused. */
  #moveWaitersTo(replacement: Pool): void {
    const waiting = [...this.#waiters.keys()]
    this.#waiters.clear()
    for (const waiter of waiting) replacement.acquire(waiter)
  }

  #settleClose(): void {
    if (this.connections === 0 && this.#waiters.size === 0) this.#closing?.resolve()
  }
}

/** Each waits at most the connect limit; more would wait in vain and hold memory meanwhile. */
const WAITING_PER_CONNECTION = 4
