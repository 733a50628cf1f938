/**
 * One admitted request and its response, streamed both ways. Whatever happens on either side, the device gets
 * the upstream's answer faithfully, or a refusal of ours, or a connection that visibly breaks: never a
 * truncated answer that looks whole.
 *
 * A connection to the upstream is taken when there is something to send: a body is first gathered, whole when it is small. So a
 * device that is slow to send holds a buffer of ours, and nothing of the upstream's.
 */
import { performance } from 'node:perf_hooks'
import type { Admission } from '../../decide/decide.ts'
import type { ExchangeObserver } from '../../http1/device-exchange.ts'
import { hasBody, type ResponseMessage } from '../../http1/message.ts'
import type { DeadlineItem } from '../../kernel/ports.ts'
import { unreachable } from '../../kernel/types.ts'
import { responseFields, trailerFields } from '../../message/response-fields.ts'
import type { ConnectionLoss, ResponseHandler, UpstreamConnection } from '../balance/connection.ts'
import type { Unvouched } from '../balance/slot-shares.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { exchangeFailure, isReset } from './exchange-failure.ts'
import type { Destination, Exchange, Outcome } from './exchange.ts'
import { Failover, type RetryableRequest } from './failover.ts'
import { leastOctets, timeoutFailure, timeoutOf, type WaitState } from './timeouts.ts'
import { replyWithFailure } from './refuse.ts'
import { requestHeadText } from './request-head-text.ts'
import { responseStart } from './response-head.ts'

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

/** `answering` begins with the answer's head and ends with its last octet, `answered` when the device has it all. */
type Phase = 'gathering' | 'waiting' | 'sending' | 'answering' | 'answered' | 'over'

/** Everything one exchange remembers: one object for each request instead of a closure for each event. */
class ForwardedRequest
  implements ResponseHandler, ExchangeObserver, RetryableRequest, DeadlineItem
{
  slot = 0
  readonly unvouched: Unvouched
  readonly #exchange: Exchange
  readonly #destination: Destination
  readonly #resolve: (outcome: Outcome) => void
  readonly #failover: Failover
  readonly #startedAt = performance.now()
  #phase: Phase = 'gathering'
  #connection: UpstreamConnection | undefined
  /** Octets of the body were sent somewhere: they cannot be sent again. */
  #isBodyTouched = false
  #isBodySent = false
  /** When something last moved, on the clock of the deadlines. */
  #lastProgressAt = 0
  /** Octets of the body that came since. */
  #sinceProgress = 0
  #responseBegan = false
  #isDeviceFull = false
  #taken = 0
  #bytesIn = 0
  #bytesOut = 0
  #connectMs: number | undefined
  #firstByteMs: number | undefined
  #failure: UpstreamFailure | undefined

  constructor(exchange: Exchange, destination: Destination, resolve: (outcome: Outcome) => void) {
    this.#exchange = exchange
    this.#destination = destination
    this.unvouched = destination.unvouched
    this.#failover = new Failover(destination.upstream, destination.device)
    this.#resolve = resolve
  }

  start(): void {
    const { device } = this.#exchange
    const { upstream, bodyBytes } = this.#destination
    upstream.deadlines.add(this)
    this.#noteProgress()
    if (device.isClosed) {
      this.closed()
      return
    }
    device.observe(this)
    const { body } = device.request
    if (typeof body === 'number' && body > bodyBytes) this.#bodyTooLarge()
    else {
      device.writeContinue()
      this.#bodyMoved()
    }
  }

  beginAttempt(): void {
    this.#phase = 'waiting'
    this.#connection = undefined
    this.#noteProgress()
  }

  ready(connection: UpstreamConnection): void {
    const { device } = this.#exchange
    const { isBodyComplete, request } = device
    this.#connection = connection
    this.#connectMs ??= performance.now() - this.#startedAt
    this.#phase = 'sending'
    this.#noteProgress()
    const { fields, host } = this.#destination
    if (host === 'server') this.#failover.setHost(fields)
    const sent = connection.send(
      {
        method: request.method,
        head: requestHeadText(request, this.#destination),
        isChunked: request.body === 'chunked',
        body: device.peekBody(),
        isComplete: isBodyComplete,
      },
      this,
    )
    if (!sent) {
      if (!this.#retry(UNSENT, true)) this.#lost(UNSENT)
      return
    }
    this.#isBodyTouched = hasBody(request)
    this.#taken += device.buffered
    device.takeBody()
  }

  /** Nothing was sent, and the device's body is untouched: another server may have any request. */
  failed(failure: UpstreamFailure): void {
    if (this.#abandoned || !this.#failover.tryNextServer(this)) this.#fail(failure)
  }

  bodyArrived(): void {
    if (!this.#abandoned) this.#bodyMoved()
  }

  requestDrained(): void {
    if (this.#phase === 'sending') this.#noteProgress()
    this.#sendBody()
  }

  responseBegan(): void {
    this.#responseBegan = true
  }

  interim({ status, reason, fields }: ResponseMessage): void {
    this.#isDeviceFull = !this.#exchange.device.writeInterim(status, reason, responseFields(fields))
  }

  responseHead(head: ResponseMessage): void {
    this.#firstByteMs = performance.now() - this.#startedAt
    this.#phase = 'answering'
    this.#failover.server?.responseBegan()
    const { device, last } = this.#exchange
    device.respond(responseStart(head, last || !device.isBodyComplete))
  }

  responseData(octets: Buffer): void {
    this.#bytesOut += octets.length
    this.#exchange.device.write(octets)
  }

  responseRead(): boolean {
    this.#noteProgress()
    const isTaking = this.#exchange.device.flush() && !this.#isDeviceFull
    this.#isDeviceFull = !isTaking
    return isTaking
  }

  drained(): void {
    if (!this.#isDeviceFull) return
    this.#isDeviceFull = false
    this.#noteProgress()
    this.#connection?.resume()
  }

  responseEnd(trailers: readonly string[]): void {
    this.#connection = undefined
    this.#phase = 'answered'
    this.#noteProgress()
    this.#exchange.device.end(trailers.length === 0 ? trailers : trailerFields(trailers))
  }

  connectionLost(loss: ConnectionLoss): void {
    if (this.#abandoned || this.#retry(loss, false)) return
    this.#lost(loss)
  }

  check(now: number): void {
    const { upstream, bodyIdle } = this.#destination
    const pool = this.#failover.server?.pool
    const waitState = this.#waitState
    const limit = timeoutOf(waitState, upstream.limits, bodyIdle)
    // The clock is coarse: nothing may be cut off before its time.
    if (now - this.#lastProgressAt <= limit + upstream.deadlines.period) return
    // An answer of ours that the device does not take is not answered again.
    if (this.#abandoned) this.#exchange.device.destroy()
    else if (waitState === 'connection' && pool !== undefined) this.#fail(pool.overload(this))
    else this.#fail(timeoutFailure(waitState, limit))
  }

  /** The device has its answer, or is gone: every exchange ends here. */
  closed(): void {
    if (this.#phase === 'over') return
    const { device } = this.#exchange
    this.#phase = 'over'
    this.#abandonUpstream()
    if (!device.isAnswered) this.#failure ??= { kind: 'device-gone', how: 'closed' }
    this.#destination.upstream.deadlines.remove(this)
    this.#failover.release()
    this.#resolve({
      status: device.status,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteMs,
      server: this.#failover.server?.name,
      retried: this.#failover.retried,
      failure: this.#failure,
    })
  }

  /** More of the body is here, or its end. */
  #bodyMoved(): void {
    const { device } = this.#exchange
    const bytesIn = this.#taken + device.buffered
    this.#sinceProgress += bytesIn - this.#bytesIn
    this.#bytesIn = bytesIn
    const { bodyBytes, bodyIdle } = this.#destination
    const isMoving = device.isBodyComplete || this.#sinceProgress >= leastOctets(bodyIdle)
    if (isMoving && this.#phase !== 'answering') this.#noteProgress()
    if (bytesIn > bodyBytes) this.#bodyTooLarge()
    else if (this.#connection !== undefined) this.#sendBody()
    else if (this.#phase === 'gathering' && (device.isBodyComplete || bytesIn >= GATHERED)) {
      this.#failover.tryNextServer(this)
    }
  }

  #bodyTooLarge(): void {
    this.#fail({ kind: 'request-too-large', limit: this.#destination.bodyBytes })
  }

  /** Passes on what is here of the body, unless the upstream takes no more for now. */
  #sendBody(): void {
    const { device } = this.#exchange
    const connection = this.#connection
    if (connection === undefined || connection.isFull || !this.#isBodyTouched) return
    if (this.#isBodySent) return
    this.#taken += device.buffered
    const { isBodyComplete } = device
    this.#isBodySent = isBodyComplete
    connection.sendBody(device.takeBody(), isBodyComplete)
  }

  /** Who has to move next. */
  get #waitState(): WaitState {
    const { device } = this.#exchange
    switch (this.#phase) {
      case 'gathering':
        return 'device-sends'
      case 'waiting':
        return 'connection'
      case 'sending':
        if (device.isBodyComplete && device.buffered === 0) return 'upstream-answer'
        return this.#connection?.isFull === true ? 'upstream-takes' : 'device-sends'
      case 'answering':
        return this.#isDeviceFull ? 'device-takes' : 'upstream-sends'
      case 'answered':
      case 'over':
        return 'device-takes'
      default:
        return unreachable(this.#phase)
    }
  }

  /** The device is gone, or has our own answer: the upstream's is not needed. */
  get #abandoned(): boolean {
    return this.#failure !== undefined || this.#phase === 'over'
  }

  #noteProgress(): void {
    this.#lastProgressAt = this.#destination.upstream.deadlines.now
    this.#sinceProgress = 0
  }

  /** Whether the request is on its way once more; `unsent`: not an octet of it left this machine. */
  #retry(loss: ConnectionLoss, unsent: boolean): boolean {
    const { request } = this.#exchange.device
    const attempt = {
      method: request.method,
      unsent,
      responseBegan: this.#responseBegan,
      body: !hasBody(request) ? 'none' : this.#isBodyTouched ? 'touched' : 'untouched',
      closed: isReset(loss),
      reused: this.#connection?.reused === true,
    } as const
    return this.#failover.retry(attempt, this)
  }

  #lost(loss: ConnectionLoss): void {
    const hostname = this.#failover.server?.hostname ?? ''
    this.#fail(exchangeFailure(loss, this.#responseBegan, hostname))
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#abandoned) return
    this.#failure = failure
    this.#failover.recordFailure(failure, this.#connection)
    this.#abandonUpstream()
    const { device } = this.#exchange
    if (device.status !== undefined || failure.kind === 'device-gone') {
      device.destroy()
      return
    }
    this.#phase = 'answered'
    this.#noteProgress()
    replyWithFailure(this.#exchange, failure)
  }

  #abandonUpstream(): void {
    this.#failover.server?.pool.cancel(this)
    this.#connection?.destroy()
    this.#connection = undefined
  }
}

const UNSENT: ConnectionLoss = { kind: 'closed', error: undefined }

/** A check-in of a device has some thousand octets; what is gathered waits in our memory. */
const GATHERED = 16_384
