/**
 * The connections to one server of an upstream, under one TLS identity. Two upstreams, two servers, or two
 * settings of the same one never share a connection: each has its own `Pool`.
 */
import type { X509Certificate } from 'node:crypto'
import { dial, type DialPlan } from '../connect/dial.ts'
import type { UpstreamFailure } from '../failure.ts'
import { Leg, type LegOwner } from './connection.ts'
import type { UpstreamLimits } from '../settings.ts'

/** Somebody who waits for a connection; told exactly once, unless forgotten first. */
export interface Want {
  ready(leg: Leg): void
  failed(failure: UpstreamFailure): void
}

/** Told of a connection that could not be made; `shown` is the leaf that the server presented. */
export type DialFailed = (failure: UpstreamFailure, shown: X509Certificate | undefined) => void

/** A pool with a bound on connections and on who waits for one. */
export class Pool implements LegOwner {
  readonly limits: UpstreamLimits
  readonly #plan: DialPlan
  readonly #dialFailed: DialFailed
  readonly #legs = new Set<Leg>()
  /** Most recently used last, and used first: the others come to their idle limit. */
  readonly #idle: Leg[] = []
  /** In the order of arrival; true while a connection is being opened for it. */
  readonly #waiting = new Map<Want, boolean>()
  #dialling = 0
  #closing: PromiseWithResolvers<void> | undefined
  /** Opens what is still to be opened once these settings no longer hold. */
  #successor: Pool | undefined

  /** `dialFailed` is told once of each connection that could not be made. */
  constructor(plan: DialPlan, dialFailed: DialFailed) {
    this.limits = plan.settings.limits
    this.#plan = plan
    this.#dialFailed = dialFailed
  }

  /** A connection at once, or when one is free or new; a failure when there is none to be had. */
  acquire(want: Want): void {
    if (this.#successor !== undefined) {
      this.#successor.acquire(want)
      return
    }
    const leg = this.#takeIdle()
    if (leg !== undefined) want.ready(leg)
    else this.#enqueue(want)
  }

  /** As `acquire`, but never an idle connection: for a request that just met a dead one. */
  acquireFresh(want: Want): void {
    if (this.#successor !== undefined) {
      this.#successor.acquireFresh(want)
      return
    }
    if (this.#full) this.#takeIdle()?.destroy()
    this.#enqueue(want)
  }

  /** Whoever waited does so no longer. */
  forget(want: Want): void {
    this.#waiting.delete(want)
    this.#successor?.forget(want)
  }

  /** Connections now open or opening, for the metrics. */
  get connections(): number {
    return this.#legs.size + this.#dialling
  }

  /** Exchanges that wait for a connection, for the metrics. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Closes what is idle now and the rest when it is done; requests that already began here still get through. With a
   * successor nobody dials here again: whoever still waits, or comes back for another connection, gets one of the
   * successor's, made under its settings.
   */
  async close(successor?: Pool): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#successor ??= successor
    for (const leg of this.#idle.splice(0)) leg.destroy()
    if (this.#successor !== undefined) this.#handOver(this.#successor)
    this.#settleClose()
    await this.#closing.promise
  }

  /** Breaks off everything under way. */
  destroy(): void {
    void this.close()
    for (const leg of this.#legs) leg.destroy()
  }

  freed(leg: Leg): void {
    const next = this.#nextWaiting()
    if (next !== undefined) next.ready(leg)
    else if (this.#closing === undefined) this.#idle.push(leg)
    else leg.destroy()
  }

  lost(leg: Leg): void {
    this.#legs.delete(leg)
    const index = this.#idle.indexOf(leg)
    if (index !== -1) this.#idle.splice(index, 1)
    this.#openForWaiting()
    this.#settleClose()
  }

  get #full(): boolean {
    return this.connections >= this.limits.connections
  }

  #takeIdle(): Leg | undefined {
    for (;;) {
      const leg = this.#idle.pop()
      if (leg === undefined || leg.alive) return leg
      leg.destroy()
    }
  }

  #enqueue(want: Want): void {
    const { connections } = this.limits
    const bound = connections * WAITING_PER_CONNECTION
    if (this.#full && this.#waiting.size >= bound) {
      want.failed({ kind: 'overloaded', connections, waiting: this.#waiting.size })
      return
    }
    this.#waiting.set(want, false)
    if (!this.#full) this.#open(want)
  }

  #nextWaiting(): Want | undefined {
    for (const want of this.#waiting.keys()) {
      this.#waiting.delete(want)
      return want
    }
    return undefined
  }

  #open(want: Want): void {
    this.#waiting.set(want, true)
    this.#dialling += 1
    dial(this.#plan, (result, shown) => {
      this.#dialling -= 1
      if (!result.ok) this.#dialFailed(result.failure, shown)
      if (result.ok) this.#opened(new Leg(result.value, this.#plan, this), want)
      else if (this.#waiting.delete(want)) want.failed(result.failure)
      this.#openForWaiting()
      this.#settleClose()
    })
  }

  #opened(leg: Leg, want: Want): void {
    this.#legs.add(leg)
    const taker = this.#waiting.delete(want) ? want : this.#nextWaiting()
    // Nobody waits any more. undici only watches a connection that has carried a request, so it is not kept.
    if (taker === undefined) leg.destroy()
    else taker.ready(leg)
  }

  #openForWaiting(): void {
    for (const [want, opening] of this.#waiting) {
      if (this.#full) return
      if (!opening) this.#open(want)
    }
  }

  /** A handshake that is under way ends under the old settings, and its connection is thrown away unused. */
  #handOver(successor: Pool): void {
    const waiting = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const want of waiting) successor.acquire(want)
  }

  #settleClose(): void {
    if (this.connections === 0 && this.#waiting.size === 0) this.#closing?.resolve()
  }
}

/** Each waits at most the connect limit; more would wait in vain and hold memory meanwhile. */
const WAITING_PER_CONNECTION = 4
