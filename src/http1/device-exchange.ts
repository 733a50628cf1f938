/**
 * One request of a device and the way back to it, as its connection offers them to what judges and forwards.
 *
 * A connection has one exchange at a time: what is sent behind a request is not read before that is answered, so pipelined
 * requests are carried out in order and never queue in our memory (RFC 9112 §9.3.2).
 */
import type { Buffer } from 'node:buffer'
import type { RequestMessage } from './message.ts'

/** A request, what has come of its body, and the answer to it. */
export interface DeviceExchange {
  readonly request: RequestMessage
  /** The device waits for `100 Continue` before it sends its body (RFC 9110 §10.1.1), and was not told to go on. */
  readonly awaitsContinue: boolean
  /** Octets of the body that are here and were not taken; no more than a buffer's worth is read ahead. */
  readonly buffered: number
  /** The last octet of the body has arrived, whether it was taken or not. */
  readonly isBodyComplete: boolean
  /** The device is gone, or the answer is with the operating system: nothing more happens. */
  readonly isClosed: boolean
  /** The whole answer was handed to the operating system. */
  readonly isAnswered: boolean
  /** The status that the device is sent; undefined before there is one. */
  readonly status: number | undefined

  /** Names the one that is told how it goes on; told nothing of what was before. */
  observe(observer: ExchangeObserver): void
  /** Takes what is here of the body, in order; more is read then. */
  takeBody(): readonly Buffer[]
  /** Looks at what is here of the body, and leaves it. */
  peekBody(): readonly Buffer[]
  /** Tells the device to send its body. */
  writeContinue(): void
  /** An interim response (RFC 9110 §15.2); HTTP/1.0 knows none. False: the device takes no more for now. */
  writeInterim(status: number, reason: string, fields: readonly string[]): boolean
  /** Begins the answer; nothing is sent before `flush` or `end`. */
  respond(start: ResponseStart): void
  /** Adds octets to the answer's body. */
  write(octets: Buffer): void
  /** Sends what was added since. False: the device takes no more for now, and `drained` tells when it does. */
  flush(): boolean
  /** Ends the answer. */
  end(trailers?: readonly string[]): void
  /** Breaks the connection off, so that the device sees that its answer is not whole. */
  destroy(): void
}

/** Who is told how an exchange goes on. */
export interface ExchangeObserver {
  /** Octets of the body, or its end, are here. */
  bodyArrived(): void
  /** The device can take more of its answer. */
  drained(): void
  /** The answer is with the operating system, or the device is gone; told once, and last. */
  closed(): void
}

/** How an answer begins. */
export interface ResponseStart {
  readonly status: number
  /** Empty where it holds what no status line may hold. */
  readonly reason: string
  /** Name, value, name, value …: nothing hop-by-hop. */
  readonly fields: readonly string[]
  /** Octets of the body; undefined where that is not known before its end. */
  readonly length: number | undefined
  /** The connection ends with this answer. */
  readonly close: boolean
}
