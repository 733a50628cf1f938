/**
 * The upstream's answer as it is written to the device: status, fields and octets as they came.
 */
import type { ServerResponse } from 'node:http'
import { endAfterLingering } from './lingering-close.ts'
import type { Exchange } from './exchange.ts'
import { latin1, responseHead, trailers } from './response-head.ts'

/** One response on its way; it counts what it carries. */
export class ResponseWriter {
  readonly #exchange: Exchange
  readonly #response: ServerResponse
  /** Octets of the body still to come; negative when the head does not say. */
  #remaining = -1
  #octets = 0
  #drained: (() => void) | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#response = exchange.response
  }

  /** Octets of the body that were handed to the device's connection. */
  get octets(): number {
    return this.#octets
  }

  /** An interim response (RFC 9110 §15.2); HTTP/1.0 knows none. */
  writeInterim(status: number, raw: readonly Buffer[]): void {
    if (this.#exchange.request.httpVersionMinor === 0) return
    this.#response.writeInformation(status, responseHead(raw).fields)
  }

  /** The head; `close` says that the connection ends with this response. */
  writeHead({ status, reason, raw, close }: ResponseStart): void {
    const { fields, length } = responseHead(raw)
    if (this.#exchange.request.method !== 'HEAD') this.#remaining = length
    if (close) fields.push('Connection', 'close')
    this.#response.writeHead(status, PRINTABLE.test(reason) ? reason : '', fields)
  }

  /** Octets of the body; false when the device cannot take more now. `wait`: the request is not all here yet. */
  write(chunk: Buffer, wait: boolean): boolean {
    this.#octets += chunk.length
    this.#remaining -= chunk.length
    if (this.#remaining !== 0 || wait) return this.#response.write(chunk)
    // The last octets and the end go out in one write; head and body of a small answer become one string for it.
    if (this.#octets === chunk.length && chunk.length <= SMALL_BODY) {
      this.#response.end(latin1(chunk), 'latin1')
    } else this.#response.end(chunk)
    return true
  }

  /** Calls back whenever the device can take more after it could not. */
  onDrain(drained: () => void): void {
    if (this.#drained !== undefined) return
    this.#drained = drained
    this.#response.on('drain', drained)
  }

  /** The end of the body; `wait`: the request is not all here yet, and must be dealt with first. */
  end(rawTrailers: readonly Buffer[], wait: boolean): void {
    if (this.#response.writableEnded) return
    if (rawTrailers.length > 0) this.#response.addTrailers(trailers(rawTrailers))
    if (wait) endAfterLingering(this.#exchange.request, this.#response)
    else this.#response.end()
  }
}

/** What a response begins with. */
export interface ResponseStart {
  readonly status: number
  readonly reason: string
  /** undici's octets: name, value, name, value … */
  readonly raw: readonly Buffer[]
  readonly close: boolean
}

/** Octets up to which copying costs less than a second buffer in the write (measured: 5 µs of a request). */
const SMALL_BODY = 2048
/** A reason phrase that Node would refuse to write is left out; no client may rely on one (RFC 9112 §4). */
const PRINTABLE = /^[\t\x20-\x7e]*$/
