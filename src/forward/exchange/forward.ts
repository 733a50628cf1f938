/**
 * One admitted request and its response, streamed both ways. Whatever happens on either side, the device gets
 * the upstream's answer faithfully, or a refusal of ours, or a connection that visibly breaks: never a
 * truncated answer that looks whole.
 */
import { performance } from 'node:perf_hooks'
import type { Dispatcher } from 'undici'
import type { Admission } from '../../decide/decide.ts'
import { unreachable } from '../../kernel/types.ts'
import { exchangeFailure, isReset, type Progress } from './exchange-failure.ts'
import { hasBody, type Destination, type Exchange, type Outcome } from './exchange.ts'
import type { UpstreamFailure } from '../failure.ts'
import { Itinerary, type Traveller } from './failover.ts'
import { SpentError, type Leg } from '../balance/connection.ts'
import { lateness, patience, type Turn } from './timeouts.ts'
import { answerFailure } from './refuse.ts'
import { Reply } from './response.ts'
import { Upload, type UploadWatcher } from './request-body.ts'
import type { Watched } from '../deadlines.ts'

type Controller = Dispatcher.DispatchController

/** Forwards an admitted request; settles, never with an error, when nothing more will reach the device. */
export function forward(
  _proof: Admission,
  exchange: Exchange,
  destination: Destination,
): Promise<Outcome> {
  return new Promise((resolve) => {
    new Flight(exchange, destination, resolve).begin()
  })
}

/** `sending` ends with the answer's head, `answering` with its last octet, `answered` when the device has it all. */
type Phase = 'waiting' | 'sending' | 'answering' | 'answered' | 'over'

/** Everything one exchange remembers: one object for each request instead of a closure for each event. */
class Flight implements Dispatcher.DispatchHandler, Traveller, UploadWatcher, Watched {
  slot = 0
  readonly #exchange: Exchange
  readonly #to: Destination
  readonly #resolve: (outcome: Outcome) => void
  readonly #reply: Reply
  readonly #itinerary: Itinerary
  readonly #begunAt = performance.now()
  #phase: Phase = 'waiting'
  #leg: Leg | undefined
  #controller: Controller | undefined
  #upload: Upload | undefined
  /** When something last moved, on the watch's clock. */
  #since = 0
  #heard = false
  #continued = false
  #bytesIn = 0
  #connectMs: number | undefined
  #firstByteMs: number | undefined
  #failure: UpstreamFailure | undefined

  constructor(exchange: Exchange, to: Destination, resolve: (outcome: Outcome) => void) {
    this.#exchange = exchange
    this.#reply = new Reply(exchange)
    this.#to = to
    this.#itinerary = new Itinerary(to.upstream, to.device)
    this.#resolve = resolve
  }

  begin(): void {
    const { request, response } = this.#exchange
    const { upstream, bodyBytes } = this.#to
    upstream.watch.add(this)
    this.#moved()
    response.on('close', () => this.#closed())
    if (request.destroyed || response.destroyed) this.#closed()
    else if (Number(request.headers['content-length'] ?? 0) > bodyBytes) this.tooLarge()
    else this.#itinerary.advance(this)
  }

  beginAnew(): void {
    this.#phase = 'waiting'
    this.#controller = undefined
    this.#leg = undefined
    this.#upload = undefined
    this.#moved()
  }

  ready(leg: Leg): void {
    const { request, response, expectsContinue } = this.#exchange
    this.#leg = leg
    this.#connectMs ??= performance.now() - this.#begunAt
    this.#phase = 'sending'
    this.#moved()
    if (hasBody(request)) this.#upload = new Upload(request, this.#to.bodyBytes, this)
    // Only now: when there is no upstream, the device need not send its body.
    if (expectsContinue && !this.#continued) response.writeContinue()
    this.#continued = true
    const { target, fields, host } = this.#to
    if (host === 'server') this.#itinerary.address(fields)
    leg.send({ method: request.method ?? '', target, fields, body: this.#upload ?? null }, this)
  }

  /** Nothing was sent, and nobody has touched the device's body: another server may have any request. */
  failed(failure: UpstreamFailure): void {
    if (this.#abandoned || !this.#itinerary.advance(this)) this.#fail(failure)
  }

  arrived(octets: number): void {
    this.#bytesIn += octets
    this.#moved()
  }

  tooLarge(): void {
    this.#fail({ kind: 'request-too-large', limit: this.#to.bodyBytes })
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    // undici had the request and could not be told before now.
    if (this.#abandoned) controller.abort(new AbandonedError())
  }

  /** The first byte of a response, an interim one included. */
  onResponseStarted(): void {
    this.#heard = true
  }

  onResponseStart(controller: Controller, status: number, _: unknown, reason = ''): void {
    const raw = controller.rawHeaders as readonly Buffer[]
    // undici takes anything below 200 for an interim response, and a 100 never gets here (skip-100-continue.ts).
    if (status < 100) this.#fail({ kind: 'bad-response', reason: `status ${status}` })
    else if (status < 200) this.#reply.inform(status, raw)
    else {
      this.#firstByteMs = performance.now() - this.#begunAt
      this.#phase = 'answering'
      this.#moved()
      this.#itinerary.server?.answered()
      const close = this.#exchange.last || this.#uploading
      this.#reply.begin({ status, reason, raw, close })
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#moved()
    if (this.#reply.write(chunk, this.#uploading)) return
    controller.pause()
    this.#reply.onDrain(() => {
      this.#moved()
      // Node may call this from within the write of a pipelined answer, and so from within undici's parser, which
      // must not be entered twice.
      process.nextTick(() => this.#controller?.resume())
    })
  }

  onResponseEnd(controller: Controller): void {
    // undici takes a reset for the end of a body without a length.
    if (this.#leg?.broken === true) {
      this.#fail({ kind: 'reset', during: 'response' })
      return
    }
    this.#phase = 'answered'
    this.#moved()
    const uploading = this.#uploading
    if (uploading) this.#upload?.destroy()
    this.#reply.end((controller.rawTrailers ?? NO_TRAILERS) as readonly Buffer[], uploading)
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#abandoned) return
    if (this.#again(error)) return
    // A request that undici would not even take leaves the connection untouched.
    if (this.#controller === undefined) this.#leg?.release()
    if (this.#heard) this.#fail(this.#failureOf(error))
    else setImmediate(() => this.#fail(this.#failureOf(this.#leg?.alert ?? error)))
  }

  check(now: number): void {
    // A pipelined request hears nothing of the end of its connection before its turn.
    if (this.#exchange.request.socket.destroyed) {
      this.#closed()
      return
    }
    const { upstream, bodyIdle } = this.#to
    const pool = this.#itinerary.server?.pool ?? upstream
    const turn = this.#turn
    const limit = patience(turn, upstream.limits, bodyIdle)
    // The clock is coarse: nothing may be cut off before its time.
    if (now - this.#since <= limit + upstream.watch.period) return
    // An answer of ours that the device does not take is not answered again.
    if (this.#abandoned) this.#exchange.response.destroy()
    else this.#fail(lateness(turn, limit, pool))
  }

  /** Who has to move next. */
  get #turn(): Turn {
    switch (this.#phase) {
      case 'waiting':
        return 'connection'
      case 'sending':
        if (!this.#uploading) return 'upstream-answer'
        return this.#upload?.hungry === true ? 'device-sends' : 'upstream-takes'
      case 'answering':
        return this.#controller?.paused === true ? 'device-takes' : 'upstream-sends'
      case 'answered':
      case 'over':
        return 'device-takes'
      default:
        return unreachable(this.#phase)
    }
  }

  get #progress(): Progress {
    if (this.#phase === 'answering') return 'answering'
    return this.#heard ? 'heard' : 'unheard'
  }

  /** The device still sends its body. */
  get #uploading(): boolean {
    return this.#upload !== undefined && !this.#upload.ended
  }

  /** Nobody waits for the upstream any more. */
  get #abandoned(): boolean {
    return this.#failure !== undefined || this.#phase === 'over'
  }

  #moved(): void {
    this.#since = this.#to.upstream.watch.now
  }

  #failureOf(error: Error): UpstreamFailure {
    return exchangeFailure(error, this.#progress, this.#itinerary.server?.hostname ?? '')
  }

  /** Whether the request is on its way once more. */
  #again(error: Error): boolean {
    const mishap = {
      method: this.#exchange.request.method ?? '',
      unsent: error instanceof SpentError,
      heard: this.#heard,
      body: this.#upload === undefined ? 'none' : this.#upload.begun ? 'touched' : 'untouched',
      ended: isReset(error),
      reused: this.#leg?.reused === true,
    } as const
    return this.#itinerary.retry(mishap, this)
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#abandoned) return
    this.#failure = failure
    this.#itinerary.blame(failure, this.#leg)
    this.#abandonUpstream()
    const { response } = this.#exchange
    if (response.headersSent || failure.kind === 'device-gone') {
      response.destroy()
      return
    }
    this.#phase = 'answered'
    this.#moved()
    answerFailure(this.#exchange, failure, this.#continued)
  }

  #abandonUpstream(): void {
    this.#itinerary.server?.pool.forget(this)
    this.#upload?.destroy()
    this.#controller?.abort(new AbandonedError())
  }

  /** The response's end, good or bad: every exchange leaves by this door. */
  #closed(): void {
    if (this.#phase === 'over') return
    const { response } = this.#exchange
    const answered = this.#phase === 'answered'
    this.#phase = 'over'
    if (!answered) this.#abandonUpstream()
    if (!(answered && response.writableFinished)) {
      this.#failure ??= { kind: 'device-gone', how: 'hung-up' }
    }
    this.#to.upstream.watch.remove(this)
    this.#itinerary.end()
    this.#resolve({
      status: response.headersSent ? response.statusCode : undefined,
      bytesIn: this.#bytesIn,
      bytesOut: this.#reply.octets,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      server: this.#itinerary.server?.name,
      retried: this.#itinerary.detoured,
      failure: this.#failure,
    })
  }
}

/** Nobody waits for the answer any more. */
class AbandonedError extends Error {
  constructor() {
    super('the exchange was given up')
  }
}

const NO_TRAILERS: readonly Buffer[] = []
