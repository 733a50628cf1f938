/**
 * One admitted connection, octet by octet: a connection to the upstream of its own, and both directions until both
 * have ended. Whoever is slow is waited for (the other side is not read meanwhile), and whoever breaks off breaks
 * off the other.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Admission } from '../../decide/decide.ts'
import type { Millis } from '../../kernel/types.ts'
import { dial, type Dialled, type Opening } from '../connect/dial.ts'
import type { UpstreamFailure } from '../failure.ts'
import { brokenLine, type RelayFailure } from './relay-failure.ts'
import type { Server } from '../balance/server.ts'
import type { Upstream } from '../balance/upstream.ts'
import type { Watched } from '../deadlines.ts'

/** Where an admitted connection goes, and what goes ahead of it. */
export interface Way {
  readonly upstream: Upstream
  /** Octets that we say about the device, before any of its own. */
  readonly header: Buffer | undefined
  /** Whether they go in the clear, ahead of our TLS handshake, or inside it. */
  readonly place: 'before-tls' | 'inside-tls'
  /** The fingerprint of the device's key, when we vouch for it: it chooses a server. */
  readonly device: string | undefined
  /** Without an octet in either direction. */
  readonly idle: Millis
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
export function relay(_proof: Admission, device: TLSSocket, way: Way): Promise<RelayOutcome> {
  return new Relay(device, way).run()
}

class Relay implements Watched {
  slot = 0
  #isWatched = false
  readonly #device: TLSSocket
  readonly #way: Way
  readonly #tried: Server[] = []
  readonly #begun = performance.now()
  readonly #over = Promise.withResolvers<void>()
  #line: Socket | undefined
  #failure: RelayFailure | undefined
  #connectMs: number | undefined
  #bytesIn = 0
  #bytesOut = 0
  #moved = 0

  constructor(device: TLSSocket, way: Way) {
    this.#device = device
    this.#way = way
  }

  async run(): Promise<RelayOutcome> {
    const { watch } = this.#way.upstream
    this.#device.once('close', () => this.#deviceClosed())
    this.#advance({ kind: 'overloaded', connections: 0, waiting: 0 })
    await this.#over.promise
    if (this.#isWatched) watch.remove(this)
    return {
      server: this.#tried.at(-1)?.name,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      connectMs: this.#connectMs,
      failure: this.#failure,
    }
  }

  check(now: number): void {
    const { idle } = this.#way
    if (now - this.#moved < idle) return
    this.#break({ kind: 'relay-idle', limit: idle })
  }

  /** On to a server that was not tried yet; the last failure stands when there is none. Nothing was sent so far. */
  #advance(last: UpstreamFailure): void {
    const { upstream, device, header, place } = this.#way
    const next =
      this.#tried.length < upstream.attempts ? upstream.choose(device, this.#tried) : undefined
    if (next === undefined) return this.#giveUp(last)
    this.#tried.push(next)
    if (!next.takeLine()) {
      const { connections } = upstream.limits
      return this.#advance({ kind: 'overloaded', connections, waiting: 0 })
    }
    const preamble = place === 'before-tls' ? header : undefined
    const opening: Opening = { alpn: [], halfOpen: true, preamble }
    const answer: Dialled = (result, shown) => {
      if (result.ok) return this.#connected(result.value, next)
      next.freeLine()
      next.failed(result.failure, shown)
      if (this.#device.destroyed) this.#over.resolve()
      else this.#advance(result.failure)
    }
    dial(next.plan, answer, opening)
  }

  #giveUp(failure: UpstreamFailure): void {
    this.#failure ??= failure
    if (this.#device.destroyed) this.#over.resolve()
    else this.#device.destroy()
  }

  #connected(line: Socket, server: Server): void {
    this.#line = line
    line.once('close', () => {
      server.freeLine()
      this.#lineClosed(line, server)
    })
    const device = this.#device
    if (device.destroyed) {
      line.destroy()
      return
    }
    this.#connectMs = Math.round(performance.now() - this.#begun)
    const { upstream, header, place } = this.#way
    upstream.watch.add(this)
    this.#isWatched = true
    this.#moved = upstream.watch.now + upstream.watch.period
    const isAhead = place === 'before-tls' && server.plan.context !== undefined
    if (header !== undefined && !isAhead) line.write(header)
    const moves = (): void => {
      this.#moved = upstream.watch.now + upstream.watch.period
    }
    device.on('data', (chunk: Buffer) => {
      this.#bytesIn += chunk.length
      moves()
    })
    line.on('data', (chunk: Buffer) => {
      if (this.#bytesOut === 0) server.answered()
      this.#bytesOut += chunk.length
      moves()
    })
    device.pipe(line)
    line.pipe(device)
  }

  #deviceClosed(): void {
    if (this.#line === undefined) {
      // While the upstream was being called: whoever answers then is hung up on.
      this.#failure ??= { kind: 'relay-device-gone' }
      this.#over.resolve()
      return
    }
    if (!this.#isOver()) this.#break({ kind: 'relay-device-gone' })
    if (this.#line.closed) this.#over.resolve()
  }

  #lineClosed(line: Socket, server: Server): void {
    if (!this.#isOver()) {
      const failure = brokenLine(line.errored, this.#bytesOut > 0, server.hostname)
      if (this.#failure === undefined) server.failed(failure)
      this.#break(failure)
    }
    if (this.#device.closed) this.#over.resolve()
  }

  /** Both have said all they had to say: whatever becomes of the connections now is nobody's loss. */
  #isOver(): boolean {
    return this.#device.readableEnded && this.#line?.readableEnded === true
  }

  /** Not politely: a connection that was broken off must not look complete to the other side. */
  #break(failure: RelayFailure): void {
    this.#failure ??= failure
    this.#device.destroy()
    this.#line?.destroy()
  }
}
