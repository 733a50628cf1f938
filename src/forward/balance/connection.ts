/**
 * One connection to an upstream, and HTTP/1.1 on it, one request at a time: writes heads and bodies, reads answers, and tells
 * the exchange that has it.
 */
import type { Socket } from 'node:net'
import { chunkSize } from '../../http1/head-text.ts'
import { firstFieldValue, type ResponseMessage } from '../../http1/message.ts'
import { MessageParser, type ParseFault } from '../../http1/parser.ts'
import { sendMessage } from '../../http1/send-message.ts'
import type { DeadlineItem, Deadlines } from '../../kernel/ports.ts'
import type { UpstreamLimits } from '../settings.ts'

/** What a request tells its connection. */
export interface UpstreamRequest {
  readonly method: string
  /** Request line and header section, to their end. */
  readonly head: string
  readonly isChunked: boolean
  /** What is here of the body. */
  readonly body: readonly Buffer[]
  /** Nothing more will come of it. */
  readonly isComplete: boolean
}

/** Who is told what comes of a request. */
export interface ResponseHandler {
  /** An octet of an answer arrived, be it an interim one. */
  responseBegan(): void
  interim(head: ResponseMessage): void
  responseHead(head: ResponseMessage): void
  responseData(octets: Buffer): void
  /** What one read brought was told; false: no more for now, `resume` when there may be. */
  responseRead(): boolean
  /** Told once, and last; the connection is another request's then. */
  responseEnd(trailers: readonly string[]): void
  /** More of the request's body can be taken. */
  requestDrained(): void
  /** Told once, and last: the connection is gone. */
  connectionLost(loss: ConnectionLoss): void
}

/** Why an answer did not come to its end. */
export type ConnectionLoss =
  /** It ended; with an error where there was one. */
  | { readonly kind: 'closed'; readonly error: Error | undefined }
  /** What came was no HTTP/1.1 response. */
  | { readonly kind: 'bad-response'; readonly reason: string }

/** Who wants to know what becomes of a connection. */
export interface ConnectionOwner {
  /** The connection may carry the next request. */
  released(connection: UpstreamConnection): void
  /** The connection is no more. */
  closed(connection: UpstreamConnection): void
}

/** A live connection; it is never opened anew. */
export class UpstreamConnection implements DeadlineItem {
  slot = 0
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #parser: MessageParser
  #handler: ResponseHandler | undefined
  #method = ''
  #requestCount = 0
  #isRequestSent = true
  #isChunked = false
  /** What is being read. */
  #reading: 'head' | 'chunks' | 'until-close' | 'counted' = 'head'
  #left = 0
  #keep = true
  #interimCount = 0
  #error: Error | undefined
  #isPaused = false
  readonly #limits: UpstreamLimits
  #idleLimit: number
  readonly #deadlines: Deadlines
  #idleSince = 0

  constructor(
    socket: Socket,
    { limits, deadlines }: { readonly limits: UpstreamLimits; readonly deadlines: Deadlines },
    owner: ConnectionOwner,
  ) {
    this.#socket = socket
    this.#deadlines = deadlines
    this.#idleSince = deadlines.now
    deadlines.add(this)
    this.#owner = owner
    this.#parser = new MessageParser('response', limits.responseHeaderBytes)
    this.#limits = limits
    this.#idleLimit = limits.idle
    socket.on('data', (octets: Buffer) => this.#read(octets))
    socket.on('drain', () => this.#handler?.requestDrained())
    socket.on('error', (error: Error) => {
      this.#error ??= error
    })
    // A fatal alert reaches OpenSSL as an end and an error, and Node passes on the end first; only this event (Node's own,
    // undocumented) tells what was said where the end has closed the socket.
    socket.on('_tlsError', (error: Error) => {
      this.#error = error
    })
    socket.on('end', () => socket.end())
    socket.once('close', () => this.#closed())
  }

  /** True from the second request on: the upstream may have hung up meanwhile. */
  get reused(): boolean {
    return this.#requestCount > 1
  }

  get alive(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded && this.#socket.writable
  }

  /** Sends a request, head and what is here of the body in one write; false where the connection is gone and nothing was sent. */
  send(request: UpstreamRequest, handler: ResponseHandler): boolean {
    this.#requestCount += 1
    if (!this.alive) {
      this.destroy()
      return false
    }
    const { method, head, isChunked, body, isComplete } = request
    this.#handler = handler
    this.#method = method
    this.#isChunked = isChunked
    this.#isRequestSent = isComplete
    this.#reading = 'head'
    this.#interimCount = 0
    this.#write(head, body, isComplete)
    return true
  }

  /** Sends more of the body; false: no more for now. */
  sendBody(body: readonly Buffer[], isComplete: boolean): boolean {
    if (isComplete) this.#isRequestSent = true
    this.#write('', body, isComplete)
    return !this.#socket.writableNeedDrain
  }

  /** Whether more of the body would wait in our memory. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** Reads on after `responseRead` said no. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }

  /** Back to the owner, unless it may not be used again. */
  release(): void {
    this.#handler = undefined
    if (this.#keep && this.#isRequestSent && this.alive) {
      this.resume()
      this.#idleSince = this.#deadlines.now
      this.#owner.released(this)
    } else this.destroy()
  }

  /** Closes it when it has had nothing to do for as long as it may. */
  check(now: number): void {
    // Too early costs a handshake; too late, the server closes it under a request.
    if (this.#handler === undefined && now - this.#idleSince > this.#idleLimit) this.destroy()
  }

  /** Ends the connection; a request on it is told nothing more. */
  destroy(): void {
    this.#handler = undefined
    this.#socket.destroy()
  }

  #write(head: string, pieces: readonly Buffer[], isComplete: boolean): void {
    let octets = 0
    for (const piece of pieces) octets += piece.length
    const isFramed = this.#isChunked && octets > 0
    const before = isFramed ? head + chunkSize(octets) : head
    const after = this.#isChunked ? (isFramed ? CRLF : '') + (isComplete ? LAST_CHUNK : '') : ''
    if (octets === 0 && before === '' && after === '') return
    sendMessage(this.#socket, { before, pieces, after }, undefined)
  }

  #read(octets: Buffer): void {
    const handler = this.#handler
    // Nothing was asked, or all was answered: whatever this is, no request may take it for its answer.
    if (handler === undefined) return this.destroy()
    handler.responseBegan()
    let rest: Buffer | undefined = octets
    while (rest !== undefined && this.#handler === handler) rest = this.#readSome(handler, rest)
    if (this.#handler !== handler || handler.responseRead()) return
    this.#isPaused = true
    this.#socket.pause()
  }

  /** Reads one thing; gives what is behind it. */
  #readSome(handler: ResponseHandler, octets: Buffer): Buffer | undefined {
    switch (this.#reading) {
      case 'head':
        return this.#readHead(handler, octets)
      case 'chunks':
        return this.#readChunks(handler, octets)
      case 'until-close':
        handler.responseData(octets)
        return undefined
      case 'counted':
        return this.#readCounted(handler, octets)
    }
  }

  #readHead(handler: ResponseHandler, octets: Buffer): Buffer | undefined {
    const result = this.#parser.responseHead(octets, this.#method)
    if (result.kind === 'unfinished') return undefined
    if (result.kind === 'fault') return this.#lost(badResponse(result.fault))
    const { head, taken } = result
    const rest = taken < octets.length ? octets.subarray(taken) : undefined
    const { status, body } = head
    if (status < FINAL) return this.#interim(handler, head, rest)
    const kept = keptFor(head.fields)
    this.#idleLimit = Math.min(this.#limits.idle, kept)
    this.#keep = head.keepAlive && kept > 0
    this.#reading =
      body === 'chunked' ? 'chunks' : body === 'until-close' ? 'until-close' : 'counted'
    this.#left = typeof body === 'number' ? body : 0
    handler.responseHead(head)
    if (body === 0) this.#ended(handler, NO_TRAILERS, rest)
    return this.#handler === handler ? rest : undefined
  }

  /** A 100 that was not asked for is skipped (RFC 9110 §15.2): old IIS and WebLogic servers send it. */
  #interim(
    handler: ResponseHandler,
    head: ResponseMessage,
    rest: Buffer | undefined,
  ): Buffer | undefined {
    const { status } = head
    this.#interimCount += 1
    if (status < CONTINUE) return this.#lost({ kind: 'bad-response', reason: `status ${status}` })
    if (status === SWITCHING) {
      return this.#lost({ kind: 'bad-response', reason: 'it switched protocols unasked' })
    }
    if (this.#interimCount > MAX_INTERIM) {
      return this.#lost({
        kind: 'bad-response',
        reason: `more than ${MAX_INTERIM} interim responses`,
      })
    }
    if (status !== CONTINUE) handler.interim(head)
    return rest
  }

  #readChunks(handler: ResponseHandler, octets: Buffer): Buffer | undefined {
    const result = this.#parser.body(octets)
    if (result.kind === 'fault') return this.#lost(badResponse(result.fault))
    for (const piece of result.pieces) handler.responseData(piece)
    if (result.trailers === undefined || this.#handler !== handler) return undefined
    const { taken, trailers } = result
    this.#ended(handler, trailers, taken < octets.length ? octets : undefined)
    return undefined
  }

  #readCounted(handler: ResponseHandler, octets: Buffer): Buffer | undefined {
    const taken = Math.min(this.#left, octets.length)
    this.#left -= taken
    handler.responseData(taken === octets.length ? octets : octets.subarray(0, taken))
    if (this.#left > 0 || this.#handler !== handler) return undefined
    this.#ended(handler, NO_TRAILERS, taken < octets.length ? octets : undefined)
    return undefined
  }

  /** The answer is whole. What came behind it was not asked for, so that nothing more on this connection can be trusted. */
  #ended(handler: ResponseHandler, trailers: readonly string[], behind: Buffer | undefined): void {
    if (behind !== undefined) this.#keep = false
    this.#handler = undefined
    handler.responseEnd(trailers)
    this.release()
  }

  #lost(loss: ConnectionLoss): undefined {
    const handler = this.#handler
    this.destroy()
    handler?.connectionLost(loss)
  }

  #closed(): void {
    this.#deadlines.remove(this)
    this.#parser.reset()
    const handler = this.#handler
    this.#handler = undefined
    this.#owner.closed(this)
    if (handler === undefined) return
    const error = this.#error
    if (this.#reading === 'until-close' && error === undefined) handler.responseEnd(NO_TRAILERS)
    else handler.connectionLost({ kind: 'closed', error })
  }
}

/**
 * Milliseconds for which the server says that it keeps the connection (the `Keep-Alive` field, which Apache httpd and Node send),
 * less one second, in which a request may be on its way. Infinite where it says nothing.
 */
function keptFor(fields: readonly string[]): number {
  const said = /timeout=(\d{1,9})/i.exec(firstFieldValue(fields, 'keep-alive') ?? '')?.[1]
  return said === undefined ? Infinity : (Number(said) - 1) * 1000
}

const badResponse = (fault: ParseFault): ConnectionLoss => ({
  kind: 'bad-response',
  reason: reasonOf(fault),
})

function reasonOf(fault: ParseFault): string {
  switch (fault.kind) {
    case 'malformed':
      return fault.reason
    case 'head-too-large':
      return `a head of more than ${fault.limit} octets`
    case 'chunk-overhead':
      return 'chunks that say too much of themselves'
  }
}

const NO_TRAILERS: readonly string[] = []
const CRLF = '\r\n'
const LAST_CHUNK = '0\r\n\r\n'
const [CONTINUE, SWITCHING, FINAL] = [100, 101, 200]
/** Honest servers send one or two (100, 103); each is written to a device that may not read. */
const MAX_INTERIM = 16
