/**
 * One admitted request and its response, streamed both ways. Whatever happens on either side, the device gets
 * the upstream's answer faithfully, or a refusal of ours, or a connection that visibly breaks: never a
 * truncated answer that looks whole.
 */
import { performance } from 'node:perf_hooks'
import type { Dispatcher } from 'undici'
import type { Admission } from '../../decide/decide.ts'
import { unreachable } from '../../kernel/types.ts'
import { exchangeFailure, isReset, type ResponseProgress } from './exchange-failure.ts'
import { hasBody, type Destination, type Exchange, type Outcome } from './exchange.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { Failover, type RetryableRequest } from './failover.ts'
import { ConnectionClosedError, type UpstreamConnection } from '../balance/connection.ts'
import { timeoutFailure, timeoutOf, type WaitState } from './timeouts.ts'
import { replyWithFailure } from './refuse.ts'
import { ResponseWriter } from './response.ts'
import { RequestBody, type RequestBodyObserver } from './request-body.ts'
import type { DeadlineItem } from '../deadlines.ts'

type Controller = Dispatcher.DispatchController

/** Forwards an admitted request; settles, never with an error, when nothing more will reach the device. */
export function forward(
  _proof: Admission,
  exchange: Exchange,
  destination: Destination,
): Promise<Outcome> {
  return new Promise((resolve) => {
    new ForwardedRequest(exchange, destination, resolve).start()
  })
}

/** `sending` ends with the answer's head, `answering` with its last octet, `answered` when the device has it all. */
type Phase = 'waiting' | 'sending' | 'answering' | 'answered' | 'over'

/** Everything one exchange remembers: one object for each request instead of a closure for each event. */
class ForwardedRequest
  implements Dispatcher.DispatchHandler, RetryableRequest, RequestBodyObserver, DeadlineItem
{
  slot = 0
  readonly #exchange: Exchange
  readonly #destination: Destination
  readonly #resolve: (outcome: Outcome) => void
  readonly #responseWriter: ResponseWriter
  readonly #failover: Failover
  readonly #startedAt = performance.now()
  #phase: Phase = 'waiting'
  #connection: UpstreamConnection | undefined
  #controller: Controller | undefined
  #requestBody: RequestBody | undefined
  /** When something last moved, on the clock of the deadlines. */
  #lastProgressAt = 0
  #responseBegan = false
  #sentContinue = false
  #bytesIn = 0
  #connectMs: number | undefined
  #firstByteMs: number | undefined
  #failure: UpstreamFailure | undefined

  constructor(exchange: Exchange, destination: Destination, resolve: (outcome: Outcome) => void) {
    this.#exchange = exchange
    this.#responseWriter = new ResponseWriter(exchange)
    this.#destination = destination
    this.#failover = new Failover(destination.upstream, destination.device)
    this.#resolve = resolve
  }

  start(): void {
    const { request, response } = this.#exchange
    const { upstream, bodyBytes } = this.#destination
    upstream.deadlines.add(this)
    this.#noteProgress()
    response.on('close', () => this.#responseClosed())
    if (request.destroyed || response.destroyed) this.#responseClosed()
    else if (Number(request.headers['content-length'] ?? 0) > bodyBytes) this.bodyTooLarge()
    else this.#failover.tryNextServer(this)
  }

  beginAttempt(): void {
    this.#phase = 'waiting'
    this.#controller = undefined
    this.#connection = undefined
    this.#requestBody = undefined
    this.#noteProgress()
  }

  ready(connection: UpstreamConnection): void {
    const { request, response, expectsContinue } = this.#exchange
    this.#connection = connection
    this.#connectMs ??= performance.now() - this.#startedAt
    this.#phase = 'sending'
    this.#noteProgress()
    if (hasBody(request))
      this.#requestBody = new RequestBody(request, this.#destination.bodyBytes, this)
    // Only now: when there is no upstream, the device need not send its body.
    if (expectsContinue && !this.#sentContinue) response.writeContinue()
    this.#sentContinue = true
    const { target, fields, host } = this.#destination
    if (host === 'server') this.#failover.setHost(fields)
    connection.send(
      { method: request.method ?? '', target, fields, body: this.#requestBody ?? null },
      this,
    )
  }

  /** Nothing was sent, and the device's body is untouched: another server may have any request. */
  failed(failure: UpstreamFailure): void {
    if (this.#abandoned || !this.#failover.tryNextServer(this)) this.#fail(failure)
  }

  bodyReceived(octets: number): void {
    this.#bytesIn += octets
    this.#noteProgress()
  }

  bodyTooLarge(): void {
    this.#fail({ kind: 'request-too-large', limit: this.#destination.bodyBytes })
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    // undici had the request and could not be told before now.
    if (this.#abandoned) controller.abort(new AbandonedError())
  }

  /** The first byte of a response, an interim one included. */
  onResponseStarted(): void {
    this.#responseBegan = true
  }

  onResponseStart(controller: Controller, status: number, _: unknown, reason = ''): void {
    const raw = controller.rawHeaders as readonly Buffer[]
    // undici takes anything below 200 for an interim response, and a 100 never gets here (skip-100-continue.ts).
    if (status < 100) this.#fail({ kind: 'bad-response', reason: `status ${status}` })
    else if (status < 200) this.#responseWriter.writeInterim(status, raw)
    else {
      this.#firstByteMs = performance.now() - this.#startedAt
      this.#phase = 'answering'
      this.#noteProgress()
      this.#failover.server?.responseBegan()
      const close = this.#exchange.last || this.#bodyPending
      this.#responseWriter.writeHead({ status, reason, raw, close })
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#noteProgress()
    if (this.#responseWriter.write(chunk, this.#bodyPending)) return
    controller.pause()
    this.#responseWriter.onDrain(() => {
      this.#noteProgress()
      // Node may call this from within the write of a pipelined answer, and so from within undici's parser, which
      // must not be entered twice.
      process.nextTick(() => this.#controller?.resume())
    })
  }

  onResponseEnd(controller: Controller): void {
    // undici takes a reset for the end of a body without a length.
    if (this.#connection?.broken === true) {
      this.#fail({ kind: 'reset', during: 'response' })
      return
    }
    this.#phase = 'answered'
    this.#noteProgress()
    const bodyPending = this.#bodyPending
    if (bodyPending) this.#requestBody?.destroy()
    this.#responseWriter.end(
      (controller.rawTrailers ?? NO_TRAILERS) as readonly Buffer[],
      bodyPending,
    )
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#abandoned) return
    if (this.#retry(error)) return
    // A request that undici would not even take leaves the connection untouched.
    if (this.#controller === undefined) this.#connection?.release()
    if (this.#responseBegan) this.#fail(this.#failureOf(error))
    else setImmediate(() => this.#fail(this.#failureOf(this.#connection?.alert ?? error)))
  }

  check(now: number): void {
    // A pipelined request hears nothing of the end of its connection before its turn.
    if (this.#exchange.request.socket.destroyed) {
      this.#responseClosed()
      return
    }
    const { upstream, bodyIdle } = this.#destination
    const pool = this.#failover.server?.pool ?? upstream
    const waitState = this.#waitState
    const limit = timeoutOf(waitState, upstream.limits, bodyIdle)
    // The clock is coarse: nothing may be cut off before its time.
    if (now - this.#lastProgressAt <= limit + upstream.deadlines.period) return
    // An answer of ours that the device does not take is not answered again.
    if (this.#abandoned) this.#exchange.response.destroy()
    else this.#fail(timeoutFailure(waitState, limit, pool))
  }

  /** Who has to move next. */
  get #waitState(): WaitState {
    switch (this.#phase) {
      case 'waiting':
        return 'connection'
      case 'sending':
        if (!this.#bodyPending) return 'upstream-answer'
        return this.#requestBody?.awaitingDevice === true ? 'device-sends' : 'upstream-takes'
      case 'answering':
        return this.#controller?.paused === true ? 'device-takes' : 'upstream-sends'
      case 'answered':
      case 'over':
        return 'device-takes'
      default:
        return unreachable(this.#phase)
    }
  }

  get #progress(): ResponseProgress {
    if (this.#phase === 'answering') return 'head-received'
    return this.#responseBegan ? 'begun' : 'none'
  }

  /** The device still sends its body. */
  get #bodyPending(): boolean {
    return this.#requestBody !== undefined && !this.#requestBody.ended
  }

  /** The device is gone, or has our own answer: the upstream's is not needed. */
  get #abandoned(): boolean {
    return this.#failure !== undefined || this.#phase === 'over'
  }

  #noteProgress(): void {
    this.#lastProgressAt = this.#destination.upstream.deadlines.now
  }

  #failureOf(error: Error): UpstreamFailure {
    return exchangeFailure(error, this.#progress, this.#failover.server?.hostname ?? '')
  }

  /** Whether the request is on its way once more. */
  #retry(error: Error): boolean {
    const attempt = {
      method: this.#exchange.request.method ?? '',
      unsent: error instanceof ConnectionClosedError,
      responseBegan: this.#responseBegan,
      body:
        this.#requestBody === undefined
          ? 'none'
          : this.#requestBody.started
            ? 'touched'
            : 'untouched',
      closed: isReset(error),
      reused: this.#connection?.reused === true,
    } as const
    return this.#failover.retry(attempt, this)
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#abandoned) return
    this.#failure = failure
    this.#failover.recordFailure(failure, this.#connection)
    this.#abandonUpstream()
    const { response } = this.#exchange
    if (response.headersSent || failure.kind === 'device-gone') {
      response.destroy()
      return
    }
    this.#phase = 'answered'
    this.#noteProgress()
    replyWithFailure(this.#exchange, failure, this.#sentContinue)
  }

  #abandonUpstream(): void {
    this.#failover.server?.pool.cancel(this)
    this.#requestBody?.destroy()
    this.#controller?.abort(new AbandonedError())
  }

  /** The response has ended, well or not: every exchange ends here. */
  #responseClosed(): void {
    if (this.#phase === 'over') return
    const { response } = this.#exchange
    const answered = this.#phase === 'answered'
    this.#phase = 'over'
    if (!answered) this.#abandonUpstream()
    if (!(answered && response.writableFinished)) {
      this.#failure ??= { kind: 'device-gone', how: 'closed' }
    }
    this.#destination.upstream.deadlines.remove(this)
    this.#failover.release()
    this.#resolve({
      status: response.headersSent ? response.statusCode : undefined,
      bytesIn: this.#bytesIn,
      bytesOut: this.#responseWriter.octets,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      server: this.#failover.server?.name,
      retried: this.#failover.retried,
      failure: this.#failure,
    })
  }
}

/** The upstream's answer is not needed any more. */
class AbandonedError extends Error {
  constructor() {
    super('the exchange was given up')
  }
}

const NO_TRAILERS: readonly Buffer[] = []
