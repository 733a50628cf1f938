/**
 * The request body on its way to the upstream. It stands between the device's request and undici, which would
 * otherwise destroy the request, and could read a body that is already here as one of known length: a chunked
 * body stays chunked.
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Who is told what happens to a body. */
export interface RequestBodyObserver {
  /** Octets arrived from the device. */
  bodyReceived(octets: number): void
  bodyTooLarge(): void
}

/** Nothing is read from the device before the upstream asks for it. */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage
  readonly #limit: number
  readonly #observer: RequestBodyObserver
  #octets = 0
  #started = false
  #ended = false

  /** `limit` is in octets. */
  constructor(request: IncomingMessage, limit: number, observer: RequestBodyObserver) {
    super()
    this.#request = request
    this.#limit = limit
    this.#observer = observer
  }

  /** The device has sent everything. */
  get ended(): boolean {
    return this.#ended
  }

  /** Something may have been taken from the device. */
  get started(): boolean {
    return this.#started
  }

  /** It is the device we wait for, not the upstream. */
  get awaitingDevice(): boolean {
    return this.#started && !this.#ended && !this.#request.isPaused()
  }

  override _read(): void {
    if (!this.#started) this.#start()
    this.#request.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#onData).off('end', this.#onEnd)
    if (!this.#ended) this.#request.pause()
    done(error)
  }

  #start(): void {
    this.#started = true
    this.#request.on('data', this.#onData).once('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#octets += chunk.length
    this.#observer.bodyReceived(chunk.length)
    if (this.#octets > this.#limit) this.#observer.bodyTooLarge()
    else if (!this.push(chunk)) this.#request.pause()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    // Trailers end here: a field that arrives after the verdict must not reach the upstream (RFC 9110 §6.5.1).
    this.push(null)
  }
}
