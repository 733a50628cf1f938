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
import { SlotShares, type ShareUse, type Unvouched } from './slot-shares.ts'
import { WaitingList, type ConnectionWaiter, type Wait } from './waiting-list.ts'
import type { UpstreamLimits } from '../settings.ts'

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
  readonly #shares: SlotShares
  readonly #waiters: WaitingList
  /** The connections that are used by peers we do not vouch for, and by which. */
  readonly #unvouched = new Map<UpstreamConnection, string>()
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
    this.#shares = new SlotShares(this.limits.connections)
    this.#waiters = new WaitingList(this.limits.connections, this.#shares)
  }

  /** A connection at once, or when one is free or new; a failure when there is none to be had. */
  acquire(waiter: ConnectionWaiter): void {
    if (this.#replacement !== undefined) {
      this.#replacement.acquire(waiter)
      return
    }
    const connection = this.#shares.allows(waiter.unvouched) ? this.#takeIdle() : undefined
    if (connection !== undefined) this.#give(connection, waiter)
    else this.#enqueue(waiter)
  }

  /** As `acquire`, but never an idle connection: for a request that just met a dead one. */
  acquireFresh(waiter: ConnectionWaiter): void {
    if (this.#replacement !== undefined) {
      this.#replacement.acquireFresh(waiter)
      return
    }
    if (this.#full && this.#shares.allows(waiter.unvouched)) this.#takeIdle()?.destroy()
    this.#enqueue(waiter, 'waits-for-new')
  }

  /** Forgets a waiter, here or in the replacement. */
  cancel(waiter: ConnectionWaiter): void {
    this.#waiters.remove(waiter)
    this.#replacement?.cancel(waiter)
  }

  /** Why a request gets no connection: all are busy, or those are that may be used by its like. */
  overload(waiter: Pick<ConnectionWaiter, 'unvouched'>): UpstreamFailure {
    const pool = this.#replacement ?? this
    return pool.#overloadOf(waiter.unvouched)
  }

  /** Connections now open or opening, for the metrics. */
  get connections(): number {
    return this.#established.size + this.#dialling
  }

  /** Connections that nothing is under way on, for the metrics. */
  get idle(): number {
    return this.#idle.length
  }

  /** Exchanges that wait for a connection, for the metrics. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** What peers that we do not vouch for hold of the connections. */
  get shareUse(): ShareUse {
    return this.#shares.use
  }

  /** Whether a connection that is not of this pool, but of the same server, may be opened; it counts for its peer then. */
  enterTunnel(unvouched: Unvouched): boolean {
    if (!this.#shares.allows(unvouched)) return false
    this.#shares.take(unvouched)
    return true
  }

  /** Such a connection is over. */
  leaveTunnel(unvouched: Unvouched): void {
    this.#shares.leave(unvouched)
    this.#serveWaiters()
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
    this.#leaveShare(connection)
    const next = this.#waiters.next()
    if (next !== undefined) this.#give(connection, next)
    else if (this.#closing === undefined) this.#idle.push(connection)
    else connection.destroy()
  }

  closed(connection: UpstreamConnection): void {
    this.#leaveShare(connection)
    this.#established.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    this.#serveWaiters()
    this.#settleClose()
  }

  #overloadOf(unvouched: Unvouched): UpstreamFailure {
    const { waiting, shareUse } = this
    const { connections } = this.limits
    if (!this.#shares.allows(unvouched)) return { kind: 'share-used-up', connections, ...shareUse }
    const { held, top } = shareUse
    return { kind: 'overloaded', connections, waiting, held, top }
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

  #give(connection: UpstreamConnection, waiter: ConnectionWaiter): void {
    const { unvouched } = waiter
    if (unvouched !== undefined) {
      this.#shares.take(unvouched)
      this.#unvouched.set(connection, unvouched)
    }
    waiter.ready(connection)
  }

  #leaveShare(connection: UpstreamConnection): void {
    const unvouched = this.#unvouched.get(connection)
    if (unvouched === undefined) return
    this.#unvouched.delete(connection)
    this.#shares.leave(unvouched)
  }

  #enqueue(waiter: ConnectionWaiter, wait: Wait = 'waits'): void {
    const mayOpen = !this.#full && this.#shares.allows(waiter.unvouched)
    if (!mayOpen && !this.#waiters.hasRoomFor(waiter)) {
      waiter.failed(this.overload(waiter))
      return
    }
    this.#waiters.add(waiter, wait)
    if (mayOpen) this.#open(waiter)
  }

  #open(waiter: ConnectionWaiter): void {
    const { unvouched } = waiter
    this.#waiters.opening(waiter)
    this.#shares.take(unvouched)
    this.#dialling += 1
    dial(this.#plan, (result, shown) => {
      this.#dialling -= 1
      this.#shares.leave(unvouched)
      if (!result.ok) this.#dialFailed(result.failure, shown)
      if (result.ok) this.#opened(this.#connectionOn(result.value), waiter)
      else if (this.#waiters.remove(waiter)) waiter.failed(result.failure)
      this.#serveWaiters()
      this.#settleClose()
    })
  }

  #connectionOn(socket: Socket): UpstreamConnection {
    return new UpstreamConnection(socket, { limits: this.limits, deadlines: this.#deadlines }, this)
  }

  #opened(connection: UpstreamConnection, waiter: ConnectionWaiter): void {
    this.#established.add(connection)
    if (this.#waiters.remove(waiter)) this.#give(connection, waiter)
    else this.released(connection)
  }

  /** Gives what is idle, and opens what may be opened. */
  #serveWaiters(): void {
    for (;;) {
      const waiter = this.#waiters.nextUnopened()
      if (waiter === undefined) return
      let connection = this.#takeIdle()
      if (connection !== undefined && this.#waiters.wantsNew(waiter)) {
        connection.destroy()
        connection = undefined
      }
      if (connection === undefined && this.#full) return
      if (connection === undefined) this.#open(waiter)
      else if (this.#waiters.remove(waiter)) this.#give(connection, waiter)
    }
  }

  /** A handshake that is under way ends under the old settings, and its connection is thrown away unused. */
  #moveWaitersTo(replacement: Pool): void {
    for (const waiter of this.#waiters.takeAll()) replacement.acquire(waiter)
  }

  #settleClose(): void {
    if (this.connections === 0 && this.#waiters.size === 0) this.#closing?.resolve()
  }
}
