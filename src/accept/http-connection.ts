/**
 * HTTP/1.1 on one connection of a device: reads a request, hands it over, writes the answer, and goes on with the next. While an
 * answer is due nothing that was sent behind its request is read.
 */
import type { TLSSocket } from 'node:tls'
import type { DeviceExchange } from '../http1/device-exchange.ts'
import { MessageParser, type ParseFault } from '../http1/parser.ts'
import type { DeadlineItem, Deadlines } from '../kernel/ports.ts'
import type { Slot, SlotList } from '../kernel/slot-list.ts'
import { HttpExchange, type ExchangeOwner } from './http-exchange.ts'
import { listenTo, type SocketListener } from './socket-listener.ts'
import { unparsableAnswer, type Unparsable } from './unparsable.ts'
import type { ListenerLimits } from './acceptor.ts'

/** Who answers what arrives on one connection. */
export interface RequestHandler {
  request(exchange: DeviceExchange): void
  /** Something arrived that is no request; the reference is what the device is told, if anything. */
  unparsable(fault: Unparsable): string
  /** The handler threw, which is a bug; the connection is destroyed. */
  bug(error: unknown): void
}

/** What a connection is told from outside. */
export interface HttpControl {
  /** A request was read, and its answer is not with the operating system yet. */
  readonly isAnswering: boolean
  /** Ends the connection: now or, with an answer due, behind that. Nothing more is read. */
  endAfterAnswer(): void
}

/** What a connection waits for. */
type Phase =
  /** The first octet of its first request. */
  | 'opened'
  /** The end of a head. */
  | 'head'
  /** An answer. */
  | 'exchange'
  /** The rest of a request that was answered. */
  | 'rest'
  /** The next request. */
  | 'idle'
  /** The device, to end its side: what it still sends is dropped. */
  | 'ending'

/** One connection. */
export class HttpConnection implements DeadlineItem, ExchangeOwner, HttpControl, SocketListener {
  slot = 0
  readonly socket: TLSSocket
  readonly keepAliveLines: string
  readonly #hstsLine: () => string
  readonly #connections: SlotList<HttpConnection>
  #place: Slot<HttpConnection> | undefined
  readonly #limits: ListenerLimits
  readonly #deadlines: Deadlines
  readonly #parser: MessageParser
  #handler: RequestHandler | undefined
  #phase: Phase = 'opened'
  /** When the phase began or, of an exchange, its answer ended: on the clock of the deadlines. */
  #since = 0
  #exchange: HttpExchange | undefined
  /** What was read behind the request that is under way. */
  #rest: Buffer | undefined
  /** Octets of a body of known length that are still to come. */
  #bodyLeft = 0
  /** Octets that were dropped since the answer ended. */
  #dropped = 0
  #isPaused = false
  #isLast = false

  constructor(socket: TLSSocket, settings: HttpConnectionSettings) {
    const { connections, limits, deadlines, keepAliveLines, hstsLine } = settings
    this.#connections = connections
    this.socket = socket
    this.keepAliveLines = keepAliveLines
    this.#hstsLine = hstsLine
    this.#limits = limits
    this.#deadlines = deadlines
    this.#parser = new MessageParser('request', limits.headerBytes)
  }

  /** Begins to read. */
  serve(handler: RequestHandler): void {
    this.#handler = handler
    this.#place = this.#connections.add(this)
    this.#deadlines.add(this)
    // Without connections the clock of the deadlines stands still: it is right again only now.
    this.#enter('opened')
    listenTo(this.socket, this)
  }

  get hstsLine(): string {
    return this.#hstsLine()
  }

  get isAnswering(): boolean {
    return this.#exchange !== undefined
  }

  /** Nothing has begun that an end would cut off. */
  get isIdle(): boolean {
    return this.#phase === 'idle' || (this.#phase === 'opened' && !this.#parser.isInside)
  }

  endAfterAnswer(): void {
    this.#isLast = true
    // Behind an answer that is out already nothing is owed: the rest of its request leads to no other.
    if (this.#phase === 'rest' || this.isIdle) this.#end()
    else if (this.#exchange !== undefined) this.#exchange.close = true
  }

  check(now: number): void {
    const limit = this.#limit()
    // The clock is coarse: nothing may be cut off before its time.
    if (limit === undefined || now - this.#since <= limit + this.#deadlines.period) return
    if (this.#phase === 'opened' || this.#phase === 'head') this.#unparsable('header-timeout')
    else this.socket.destroy()
  }

  bodyTaken(): void {
    this.#flow()
  }

  answerEnded(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    // From here on it is the device that has to move.
    this.#since = this.#deadlines.now
    if (exchange.isBodyComplete) return
    exchange.isDiscarding = true
    exchange.takeBody()
    this.#flow()
  }

  readonly answerFlushed = (): void => this.#guarded(() => this.#flushed())

  #flushed(): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.socket.destroyed) return
    exchange.settle(true)
    if (exchange.close || this.#isLast) this.#end()
    else if (exchange.isBodyComplete) this.#next()
    else this.#enter('rest')
  }

  #limit(): number | undefined {
    switch (this.#phase) {
      case 'opened':
      case 'head':
        return this.#limits.headers
      case 'idle':
        return this.#limits.idle
      case 'rest':
      case 'ending':
        return LINGER_MS
      case 'exchange':
        return this.#exchange?.isEnded === true ? FLUSH_MS : undefined
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#since = this.#deadlines.now
  }

  socketDrained(): void {
    this.#guarded(() => this.#exchange?.drained())
  }

  socketRead(octets: Buffer): void {
    this.#guarded(() => this.#read(octets))
  }

  #read(octets: Buffer): void {
    // A stream that was destroyed still gives what it had read before (Node 26.10); there is no request for it any more.
    if (this.socket.destroyed) return
    if (this.#phase === 'ending') this.#drop(octets)
    else if (this.#exchange !== undefined) this.#readBody(this.#exchange, octets)
    else this.#readHead(octets)
  }

  #readHead(octets: Buffer): void {
    const result = this.#parser.requestHead(octets)
    if (result.kind === 'fault') return this.#unparsable(unparsableHead(result.fault))
    if (result.kind === 'unfinished') {
      if (this.#phase === 'idle' && this.#parser.isInside) this.#enter('head')
      return
    }
    const { head, taken } = result
    if (head.method === 'CONNECT') return this.#unparsable('connect')
    this.#enter('exchange')
    this.#dropped = 0
    const exchange = new HttpExchange(this, head, this.#isLast)
    this.#exchange = exchange
    this.#bodyLeft = typeof head.body === 'number' ? head.body : 0
    if (taken < octets.length) this.#readBody(exchange, octets.subarray(taken))
    this.#handler?.request(exchange)
  }

  #readBody(exchange: HttpExchange, octets: Buffer): void {
    if (exchange.isDiscarding) this.#dropped += octets.length
    if (exchange.isBodyComplete) this.#hold(octets)
    else if (exchange.request.body === 'chunked') this.#readChunks(exchange, octets)
    else this.#readCounted(exchange, octets)
    if (this.#dropped > MAX_DROPPED) this.socket.destroy()
  }

  #readCounted(exchange: HttpExchange, octets: Buffer): void {
    const taken = Math.min(this.#bodyLeft, octets.length)
    this.#bodyLeft -= taken
    if (this.#bodyLeft === 0) exchange.isBodyComplete = true
    exchange.bodyArrived(taken === octets.length ? octets : octets.subarray(0, taken))
    if (taken < octets.length) this.#hold(octets.subarray(taken))
    this.#bodyRead(exchange)
  }

  #readChunks(exchange: HttpExchange, octets: Buffer): void {
    const result = this.#parser.body(octets)
    if (result.kind === 'fault') return this.#brokenBody(result.fault)
    for (const piece of result.pieces) exchange.bodyArrived(piece)
    if (result.trailers !== undefined) exchange.bodyEnded()
    if (result.taken < octets.length) this.#hold(octets.subarray(result.taken))
    this.#bodyRead(exchange)
  }

  /** After octets of a body: no more than a buffer's worth is read ahead, and behind an answered request goes on. */
  #bodyRead(exchange: HttpExchange): void {
    if (this.#phase === 'rest' && exchange.isBodyComplete) this.#next()
    else this.#flow()
  }

  /** What was sent behind a request waits; it is one read, because nothing more is read then. */
  #hold(octets: Buffer): void {
    this.#rest = this.#rest === undefined ? octets : Buffer.concat([this.#rest, octets])
    this.#flow()
  }

  #next(): void {
    this.#exchange = undefined
    this.#enter('idle')
    const rest = this.#rest
    this.#rest = undefined
    this.#flow()
    if (rest !== undefined) this.#read(rest)
  }

  /** Reads on, or not. */
  #flow(): void {
    const exchange = this.#exchange
    const isFull = exchange !== undefined && exchange.buffered >= MAX_BUFFERED
    const pause = this.#phase !== 'ending' && (this.#rest !== undefined || isFull)
    if (pause === this.#isPaused) return
    this.#isPaused = pause
    if (pause) this.socket.pause()
    else this.socket.resume()
  }

  /** A body that cannot be read any further: its device may have half of an answer, which must not look whole. */
  #brokenBody(fault: ParseFault): void {
    this.#handler?.unparsable(fault.kind === 'malformed' ? 'malformed' : 'body')
    this.socket.destroy()
  }

  #unparsable(fault: Unparsable): void {
    this.#parser.reset()
    const handler = this.#handler
    if (handler === undefined) return
    const answer = unparsableAnswer(fault, handler.unparsable(fault), this.hstsLine)
    if (answer === undefined || !this.socket.writable) {
      this.socket.destroy()
      return
    }
    this.socket.write(answer, 'latin1')
    this.#end()
  }

  socketEnded(): void {
    const exchange = this.#exchange
    if (this.#phase === 'ending') return
    if (exchange === undefined ? this.#parser.isInside : !exchange.isBodyComplete) {
      this.#handler?.unparsable('unfinished')
    }
    // An answer that was handed over whole is still read; behind it, or without one, a TLS alert would reach no reader.
    if (exchange?.isEnded === true) exchange.close = true
    else this.socket.destroy()
  }

  socketClosed(): void {
    if (this.#place !== undefined) this.#connections.remove(this.#place)
    this.#deadlines.remove(this)
    this.#parser.reset()
    this.#exchange?.settle(false)
    this.#exchange = undefined
    this.#rest = undefined
  }

  /**
   * Ends the connection behind what was written. Closing at once while the device still sends would turn what is not read into
   * a TCP reset, which may overtake the answer (RFC 9112 §9.6); reading on without a bound would let it occupy us.
   */
  #end(): void {
    const exchange = this.#exchange
    const isAllRead =
      this.#rest === undefined && (exchange === undefined || exchange.isBodyComplete)
    const isRead = isAllRead && !this.#parser.isInside && this.#phase !== 'opened'
    this.#exchange = undefined
    this.#rest = undefined
    const phase = this.#phase
    this.#enter('ending')
    if (isRead && phase !== 'head') {
      this.socket.destroySoon()
      return
    }
    this.#flow()
    this.socket.end()
  }

  #drop(octets: Buffer): void {
    this.#dropped += octets.length
    if (this.#dropped > MAX_DROPPED) this.socket.destroy()
  }

  /** A throw in here is a bug of ours; it may cost the one connection, never the process. */
  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#handler?.bug(error)
      this.socket.destroy()
    }
  }
}

/** What is the same for all connections of a listener. */
export interface HttpConnectionSettings {
  /** All that are open and served. */
  readonly connections: SlotList<HttpConnection>
  readonly limits: ListenerLimits
  readonly deadlines: Deadlines
  readonly keepAliveLines: string
  /** Asked for each answer, so that open connections follow a reload. */
  readonly hstsLine: () => string
}

function unparsableHead(fault: ParseFault): Unparsable {
  return fault.kind === 'head-too-large' ? 'header-too-large' : 'malformed'
}

/** Octets of a body that are read ahead of who takes them: four records of TLS, as many as a read brings at most. */
const MAX_BUFFERED = 65_536
/** More than two kernels hold in their buffers together (Linux: at most 6 MiB to receive, 4 MiB to send). */
const MAX_DROPPED = 10 * 1024 * 1024
/** Several round trips of a bad mobile link: time to see the answer and to stop sending. */
const LINGER_MS = 2000
/** The last octets of an answer, at most a socket's buffer, over a link that is nearly dead. */
const FLUSH_MS = 60_000
