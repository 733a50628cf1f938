/**
 * One exchange on a device's connection: what has come of the request's body, and the answer as it is written. Head and body of
 * a small answer leave in one write.
 */
import type { TLSSocket } from 'node:tls'
import type { DeviceExchange, ExchangeObserver, ResponseStart } from '../http1/device-exchange.ts'
import { chunkSize, fieldLines, lastChunk, statusLine } from '../http1/head-text.ts'
import { fieldValue, type RequestMessage } from '../http1/message.ts'
import { sendMessage } from '../http1/send-message.ts'
import { withoutHsts } from '../message/hsts.ts'
import { dateLine } from './date-line.ts'

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly socket: TLSSocket
  /** What a connection that goes on says of itself. */
  readonly keepAliveLines: string
  /** What each answer of the listener says of HSTS now; '' where that is left to the upstream. */
  readonly hstsLine: string
  /** Octets of the body were taken, or wanted no more: there is room to read on. */
  bodyTaken(): void
  /** The last write of the answer was handed over; `close` where the connection ends with it. */
  answerEnded(): void
  /** Called by the runtime when that write is with the operating system. */
  readonly answerFlushed: () => void
}

/** The exchange of one request. */
export class HttpExchange implements DeviceExchange {
  readonly request: RequestMessage
  awaitsContinue: boolean
  buffered = 0
  isBodyComplete: boolean
  isClosed = false
  isAnswered = false
  status: number | undefined
  /** The connection ends with the answer. */
  close: boolean
  /** What else comes of the body is of no use any more. */
  isDiscarding = false
  /** Everything of the answer was handed to the socket. */
  isEnded = false
  readonly #owner: ExchangeOwner
  #observer: ExchangeObserver | undefined
  #body: Buffer[] = NOTHING
  /** What is to be sent: text of a head, and then octets of a body. */
  #head = ''
  #pieces: Buffer[] = NOTHING
  #octets = 0
  #isChunked = false
  /** The answer has no body, whatever is written (RFC 9112 §6.3). */
  #isBodiless = false

  constructor(owner: ExchangeOwner, request: RequestMessage, close: boolean) {
    this.#owner = owner
    this.request = request
    // Behind one that asks for another protocol its sender may go on in that (RFC 9110 §7.8), and we upgrade to nothing.
    this.close = close || !request.keepAlive || request.upgrade
    this.isBodyComplete = request.body === 0
    this.awaitsContinue = !this.isBodyComplete && expectsContinue(request)
  }

  observe(observer: ExchangeObserver): void {
    this.#observer = observer
  }

  /** Octets of the body have arrived. */
  bodyArrived(octets: Buffer): void {
    if (this.isDiscarding) return
    // Most bodies come in one piece.
    if (this.buffered === 0) this.#body = [octets]
    // A body that comes octet by octet would hold an object of the runtime for each.
    else if (this.#body.length >= MAX_PIECES) this.#body = [Buffer.concat([...this.#body, octets])]
    else this.#body.push(octets)
    this.buffered += octets.length
    this.#observer?.bodyArrived()
  }

  /** The last octet of the body has arrived. */
  bodyEnded(): void {
    this.isBodyComplete = true
    this.#observer?.bodyArrived()
  }

  peekBody(): readonly Buffer[] {
    return this.#body
  }

  takeBody(): readonly Buffer[] {
    const pieces = this.#body
    if (this.buffered === 0) return NOTHING
    this.#body = NOTHING
    this.buffered = 0
    if (!this.isBodyComplete) this.#owner.bodyTaken()
    return pieces
  }

  writeContinue(): void {
    if (!this.awaitsContinue || this.isClosed) return
    this.awaitsContinue = false
    if (this.request.version !== '1.0') this.#owner.socket.write(CONTINUE, 'latin1')
  }

  writeInterim(status: number, reason: string, fields: readonly string[]): boolean {
    if (this.request.version === '1.0' || this.isClosed) return true
    const text = `${statusLine(status, reason)}${fieldLines(this.#passing(fields))}\r\n`
    return this.#owner.socket.write(text, 'latin1')
  }

  respond({ status, reason, fields, length, close }: ResponseStart): void {
    const { version, method } = this.request
    this.status = status
    this.#isBodiless = method === 'HEAD' || status === NO_CONTENT || status === NOT_MODIFIED
    this.#isChunked = length === undefined && !this.#isBodiless && version !== '1.0'
    // HTTP/1.0 learns the end of such a body from the end of the connection.
    const endsByClose = length === undefined && !this.#isBodiless && version === '1.0'
    this.close ||= close || endsByClose
    this.#head = [
      statusLine(status, reason),
      fieldLines(this.#passing(fields)),
      this.#owner.hstsLine,
      fieldValue(fields, 'date') === undefined ? dateLine() : '',
      this.#isChunked ? CHUNKED : '',
      this.close ? CLOSE : this.#owner.keepAliveLines,
      '\r\n',
    ].join('')
  }

  write(octets: Buffer): void {
    if (this.#isBodiless || octets.length === 0) return
    if (this.#octets === 0) this.#pieces = [octets]
    else this.#pieces.push(octets)
    this.#octets += octets.length
  }

  flush(): boolean {
    const { socket } = this.#owner
    if (this.isClosed) return true
    if (this.#head !== '' || this.#octets > 0) this.#send('', undefined)
    return !socket.writableNeedDrain
  }

  end(trailers: readonly string[] = NO_FIELDS): void {
    if (this.isEnded || this.isClosed) return
    this.isEnded = true
    this.#send(this.#isChunked ? lastChunk(trailers) : '', this.#owner.answerFlushed)
    this.#owner.answerEnded()
  }

  destroy(): void {
    this.#owner.socket.destroy()
  }

  /** The device can take more. */
  drained(): void {
    this.#observer?.drained()
  }

  /** It is over: with the answer when that was handed to the operating system, otherwise because the device is gone. */
  settle(isAnswered: boolean): void {
    if (this.isClosed) return
    this.isClosed = true
    this.isAnswered = isAnswered
    this.#body = NOTHING
    this.#pieces = NOTHING
    this.buffered = 0
    this.#observer?.closed()
  }

  /** Where the listener says HSTS itself, an upstream's word on it goes. */
  #passing(fields: readonly string[]): readonly string[] {
    return this.#owner.hstsLine === '' ? fields : withoutHsts(fields)
  }

  /** Sends what waits, and `tail` behind it. */
  #send(tail: string, done: (() => void) | undefined): void {
    const { socket } = this.#owner
    const [head, pieces, octets] = [this.#head, this.#pieces, this.#octets]
    this.#head = ''
    this.#pieces = NOTHING
    this.#octets = 0
    const isFramed = this.#isChunked && octets > 0
    const before = isFramed ? head + chunkSize(octets) : head
    sendMessage(socket, { before, pieces, after: isFramed ? CRLF + tail : tail }, done)
  }
}

/** Any other expectation is refused by the pipeline. */
const expectsContinue = ({ fields }: RequestMessage): boolean =>
  fieldValue(fields, 'expect')?.toLowerCase() === '100-continue'

const NOTHING: Buffer[] = []
const NO_FIELDS: readonly string[] = []
const [NO_CONTENT, NOT_MODIFIED] = [204, 304]
const CRLF = '\r\n'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const CLOSE = 'Connection: close\r\n'
/** So many times the octets of a body are copied at most, and so many objects hold a buffer's worth. */
const MAX_PIECES = 64
