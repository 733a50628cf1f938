/**
 * One admitted connection, octet by octet: a connection to the upstream of its own, and both directions until both
 * have ended. While one side is slow the other is not read, and when one connection breaks the
 * other is destroyed.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Admission } from '../../decide/decide.ts'
import type { Millis } from '../../kernel/types.ts'
import type { DialOptions } from '../connect/attempt.ts'
import { dial, type DialCallback } from '../connect/dial.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { ExchangeProgress, type CarriedOctets } from './exchange-progress.ts'
import { upstreamBroken, type RelayFailure } from './relay-failure.ts'
import type { Server } from '../balance/server.ts'
import type { Unvouched } from '../balance/slot-shares.ts'
import type { Upstream } from '../balance/upstream.ts'
import type { DeadlineItem } from '../../kernel/ports.ts'

/** Where an admitted connection goes, and what goes ahead of it. */
export interface RelayDestination {
  readonly upstream: Upstream
  /** Octets that we say about the device, before any of its own. */
  readonly header: Buffer | undefined
  /** Whether they go in the clear, ahead of our TLS handshake, or inside it. */
  readonly place: 'before-tls' | 'inside-tls'
  /** The fingerprint of the device's key, when we vouch for it: it chooses a server. */
  readonly device: string | undefined
  /** Whose share of the upstream's connections it counts for. */
  readonly unvouched: Unvouched
  /** Without an octet in either direction. */
  readonly idle: Millis
  /** Called as soon as octets have passed both ways, and then every few hours while octets pass. */
  readonly onExchange?: ((octets: CarriedOctets) => void) | undefined
}

/** How it ended. */
export interface RelayOutcome {
  readonly server: string | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds until there was a connection to the upstream. */
  readonly connectMs: number | undefined
  /** Undefined when both sides had ended. */
  readonly failure: RelayFailure | undefined
}

/** Relays until it is over; settles when both connections are gone. Demands the proof that the device may pass. */
export function relay(
  _proof: Admission,
  device: TLSSocket,
  destination: RelayDestination,
): Promise<RelayOutcome> {
  return new Relay(device, destination).run()
}

/** What is told where no server was tried: there is none. */
const NO_SERVER: UpstreamFailure = {
  kind: 'overloaded',
  connections: 0,
  waiting: 0,
  held: 0,
  top: undefined,
}

class Relay implements DeadlineItem {
  slot = 0
  #hasDeadline = false
  readonly #device: TLSSocket
  readonly #destination: RelayDestination
  readonly #tried: Server[] = []
  readonly #startedAt = performance.now()
  readonly #finished = Promise.withResolvers<void>()
  #upstreamSocket: Socket | undefined
  #failure: RelayFailure | undefined
  #connectMs: number | undefined
  #bytesIn = 0
  #bytesOut = 0
  readonly #progress = new ExchangeProgress()
  #lastProgressAt = 0

  constructor(device: TLSSocket, destination: RelayDestination) {
    this.#device = device
    this.#destination = destination
  }

  async run(): Promise<RelayOutcome> {
    const { deadlines } = this.#destination.upstream
    this.#device.once('close', () => this.#deviceClosed())
    this.#tryNextServer(NO_SERVER)
    await this.#finished.promise
    if (this.#hasDeadline) deadlines.remove(this)
    return {
      server: this.#tried.at(-1)?.name,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      connectMs: this.#connectMs,
      failure: this.#failure,
    }
  }

  check(now: number): void {
    const { idle } = this.#destination
    if (now - this.#lastProgressAt < idle) return
    this.#abort({ kind: 'relay-idle', limit: idle })
  }

  /** On to a server that was not tried yet; the last failure stands when there is none. Nothing was sent so far. */
  #tryNextServer(last: UpstreamFailure): void {
    const { upstream, device, unvouched, header, place } = this.#destination
    const next = upstream.choose(device, this.#tried)
    if (next === undefined) return this.#giveUp(last)
    this.#tried.push(next)
    if (!next.openTunnel(unvouched)) return this.#tryNextServer(next.pool.overload({ unvouched }))
    const preamble = place === 'before-tls' ? header : undefined
    const options: DialOptions = { alpn: [], halfOpen: true, preamble }
    const dialled: DialCallback = (result, shown) => {
      if (result.ok) return this.#connected(result.value, next)
      next.closeTunnel(unvouched)
      next.failed(result.failure, shown)
      if (this.#device.destroyed) this.#finished.resolve()
      else this.#tryNextServer(result.failure)
    }
    dial(next.plan, dialled, options)
  }

  #giveUp(failure: UpstreamFailure): void {
    this.#failure ??= failure
    if (this.#device.destroyed) this.#finished.resolve()
    else this.#device.destroy()
  }

  #connected(upstreamSocket: Socket, server: Server): void {
    this.#upstreamSocket = upstreamSocket
    upstreamSocket.once('close', () => {
      server.closeTunnel(this.#destination.unvouched)
      this.#upstreamClosed(upstreamSocket, server)
    })
    const device = this.#device
    if (device.destroyed) {
      upstreamSocket.destroy()
      return
    }
    this.#connectMs = Math.round(performance.now() - this.#startedAt)
    const { upstream, header, place } = this.#destination
    upstream.deadlines.add(this)
    this.#hasDeadline = true
    this.#lastProgressAt = upstream.deadlines.now + upstream.deadlines.period
    const isAhead = place === 'before-tls' && server.plan.context !== undefined
    if (header !== undefined && !isAhead) upstreamSocket.write(header)
    const noteProgress = (): void => {
      this.#lastProgressAt = upstream.deadlines.now + upstream.deadlines.period
    }
    device.on('data', (chunk: Buffer) => {
      this.#bytesIn += chunk.length
      noteProgress()
      this.#noteExchange()
    })
    upstreamSocket.on('data', (chunk: Buffer) => {
      if (this.#bytesOut === 0) server.responseBegan()
      this.#bytesOut += chunk.length
      noteProgress()
      this.#noteExchange()
    })
    device.pipe(upstreamSocket)
    upstreamSocket.pipe(device)
  }

  #noteExchange(): void {
    const { upstream, onExchange } = this.#destination
    const carried = this.#progress.due(this.#bytesIn, this.#bytesOut, upstream.deadlines.now)
    if (carried !== undefined) onExchange?.(carried)
  }

  #deviceClosed(): void {
    if (this.#upstreamSocket === undefined) {
      // The upstream was still being called: a connection that opens now is closed at once.
      this.#failure ??= { kind: 'relay-device-gone' }
      this.#finished.resolve()
      return
    }
    if (!this.#isComplete()) this.#abort({ kind: 'relay-device-gone' })
    if (this.#upstreamSocket.closed) this.#finished.resolve()
  }

  #upstreamClosed(upstreamSocket: Socket, server: Server): void {
    if (!this.#isComplete()) {
      const failure = upstreamBroken(upstreamSocket.errored, this.#bytesOut > 0, server.hostname)
      if (this.#failure === undefined) server.failed(failure)
      this.#abort(failure)
    }
    if (this.#device.closed) this.#finished.resolve()
  }

  /** Both sides have ended: a connection that breaks now loses nothing. */
  #isComplete(): boolean {
    return this.#device.readableEnded && this.#upstreamSocket?.readableEnded === true
  }

  /** Destroys both, without an orderly end: a connection that was broken off must not look complete to the other side. */
  #abort(failure: RelayFailure): void {
    this.#failure ??= failure
    this.#device.destroy()
    this.#upstreamSocket?.destroy()
  }
}
