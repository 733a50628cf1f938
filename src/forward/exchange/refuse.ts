/**
 * Our own answers: a problem document (RFC 9457), the right status, and a connection that stays in step. The
 * device learns nothing but a reference; the operator finds the rest under it.
 */
import { STATUS_CODES } from 'node:http'
import { PROBLEM_TYPE, problemDocument } from '../../message/problem.ts'
import { endAfterLingering, endThenLinger } from './lingering-close.ts'
import { hasBody, type Exchange, type Outcome } from './exchange.ts'
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
  const { request, response } = exchange
  return new Promise((resolve) => {
    const settle = (): void => resolve(outcomeOf(exchange))
    if (request.destroyed || response.destroyed) {
      settle()
      return
    }
    response.once('close', settle)
    writeLocalReply(exchange, reply, false)
  })
}

/** Tells the device that its request was admitted and yet came to nothing. */
export function replyWithFailure(
  exchange: Exchange,
  failure: UpstreamFailure,
  continued: boolean,
): void {
  const { status, error } = failureStatus(failure)
  // RFC 9209 §2.3: the type only; which host, which name and which alert stay with us.
  const fields = ['Proxy-Status', `tfe; error=${error}`]
  writeLocalReply(exchange, { status, fields, close: false }, continued)
}

/** `continued`: the device was told to send its body, although it had asked first. */
function writeLocalReply(exchange: Exchange, reply: LocalReply, continued: boolean): void {
  const { request, response, expectsContinue, last } = exchange
  const unread = hasBody(request) && !request.complete && (continued || !expectsContinue)
  const close = reply.close || last || (unread && !isSmall(exchange))
  const document = problemDocument({ status: reply.status, reference: exchange.reference() })
  response.writeHead(reply.status, STATUS_CODES[reply.status] ?? '', [
    'Content-Type',
    PROBLEM_TYPE,
    'Content-Length',
    String(Buffer.byteLength(document)),
    'Cache-Control',
    'no-store',
    ...reply.fields,
    ...(close ? ['Connection', 'close'] : []),
  ])
  if (!unread) {
    response.end(document)
    return
  }
  response.write(document)
  if (close) endAfterLingering(request, response)
  else endThenLinger(request, response)
}

/** Reading such a body to its end costs less than a new TLS handshake would. */
function isSmall({ request: { headers } }: Exchange): boolean {
  const length = headers['content-length']
  return length !== undefined && Number(length) <= SMALL_BODY
}

const SMALL_BODY = 64 * 1024

function outcomeOf({ response }: Exchange): Outcome {
  const answered = response.headersSent && response.writableFinished
  return {
    status: response.headersSent ? response.statusCode : undefined,
    bytesIn: 0,
    bytesOut: 0,
    connectMs: undefined,
    firstByteMs: undefined,
    server: undefined,
    retried: false,
    failure: answered ? undefined : { kind: 'device-gone', how: 'closed' },
  }
}
