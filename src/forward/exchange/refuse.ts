/**
 * Our own answers: a problem document (RFC 9457), the right status, and a connection that stays in step. The
 * device learns nothing but a reference; the operator finds the rest under it.
 */
import { STATUS_CODES } from 'node:http'
import { PROBLEM_TYPE, problemDocument } from '../../message/problem.ts'
import type { DeviceExchange, ExchangeObserver } from '../../http1/device-exchange.ts'
import type { Exchange, Outcome } from './exchange.ts'
import { failureStatus, type UpstreamFailure } from '../upstream-failure.ts'

/** An answer of ours. */
export interface LocalReply {
  readonly status: number
  /** Name, value, name, value …, besides those every answer of ours has. */
  readonly fields: readonly string[]
  /** End the connection, too. */
  readonly close: boolean
}

/** Answers instead of forwarding; settles when the device has the answer or is gone. */
export function refuse(exchange: Exchange, reply: LocalReply): Promise<Outcome> {
  const { device } = exchange
  return new Promise((resolve) => {
    if (device.isClosed) {
      resolve(outcomeOf(device))
      return
    }
    device.observe(new Refused(device, resolve))
    writeLocalReply(exchange, reply)
  })
}

class Refused implements ExchangeObserver {
  readonly #device: DeviceExchange
  readonly #resolve: (outcome: Outcome) => void

  constructor(device: DeviceExchange, resolve: (outcome: Outcome) => void) {
    this.#device = device
    this.#resolve = resolve
  }

  bodyArrived(): void {}
  drained(): void {}

  closed(): void {
    this.#resolve(outcomeOf(this.#device))
  }
}

/** Tells the device that its request was admitted and yet came to nothing. */
export function replyWithFailure(exchange: Exchange, failure: UpstreamFailure): void {
  const { status, error } = failureStatus(failure)
  // RFC 9209 §2.3: the type only; which host, which name and which alert stay with us.
  const fields = ['Proxy-Status', `tfe; error=${error}`]
  writeLocalReply(exchange, { status, fields, close: false })
}

function writeLocalReply({ device, last, reference }: Exchange, reply: LocalReply): void {
  const document = Buffer.from(problemDocument({ status: reply.status, reference: reference() }))
  device.respond({
    status: reply.status,
    reason: STATUS_CODES[reply.status] ?? '',
    fields: [
      'Content-Type',
      PROBLEM_TYPE,
      'Content-Length',
      String(document.length),
      'Cache-Control',
      'no-store',
      ...reply.fields,
    ],
    length: document.length,
    close: reply.close || last || isUnreadMuch(device),
  })
  device.write(document)
  device.end()
}

/**
 * Whether more of the body may come than is worth reading: reading a small one to its end costs less than a new TLS handshake
 * would. Of one that was not asked for it is not known whether it comes at all (RFC 9110 §10.1.1).
 */
function isUnreadMuch({ request, isBodyComplete, awaitsContinue }: DeviceExchange): boolean {
  const { body } = request
  return !isBodyComplete && (awaitsContinue || typeof body !== 'number' || body > SMALL_BODY)
}

const SMALL_BODY = 64 * 1024

function outcomeOf({ status, isAnswered }: DeviceExchange): Outcome {
  return {
    status,
    bytesIn: 0,
    bytesOut: 0,
    connectMs: undefined,
    firstByteMs: undefined,
    server: undefined,
    retried: false,
    failure: isAnswered ? undefined : { kind: 'device-gone', how: 'closed' },
  }
}
