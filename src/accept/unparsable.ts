/**
 * What arrived inside TLS and was not an HTTP/1.1 request. Node's parser (llhttp, strict) is the judge;
 * here its verdicts get names, and the device gets an answer that says nothing about us.
 */
import type { Socket } from 'node:net'
import { PROBLEM_TYPE, problemDocument } from '../message/problem.ts'

/** Every way a request fails before it is one. */
export type Unparsable =
  | 'after-close'
  | 'body'
  | 'connect'
  | 'connection'
  | 'header-timeout'
  | 'header-too-large'
  | 'malformed'
  | 'unfinished'

/** What becomes of the connection: an answer ends it, the answers under way end it, or it ends here and now. */
export type UnparsableAction =
  | { readonly kind: 'answer'; readonly reference: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'break' }

/** Names what Node's `clientError` reports. */
export function unparsable(error: NodeJS.ErrnoException): Unparsable {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'connection'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'header-timeout'
    case 'HPE_CLOSED_CONNECTION':
      return 'after-close'
    case 'HPE_INVALID_EOF_STATE':
      return 'unfinished'
    case 'HPE_HEADER_OVERFLOW':
      return 'header-too-large'
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'body'
    case undefined:
      return 'connection'
    default:
      // OpenSSL's errors after the handshake arrive here too: the connection is beyond repair.
      return error.code.startsWith('HPE_') ? 'malformed' : 'connection'
  }
}

/** The status that is answered, or undefined where the device is gone. */
export const unparsableStatus = (fault: Unparsable): number | undefined =>
  isGone(fault) ? undefined : ANSWERS[fault][0]

/** Applies the remedy. */
export function refuseUnparsable(
  fault: Unparsable,
  socket: Socket,
  action: UnparsableAction,
): void {
  if (action.kind === 'leave') return
  if (action.kind === 'break' || isGone(fault) || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, phrase] = ANSWERS[fault]
  const body = problemDocument({ status, reference: action.reference })
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
  // A device that does not read the answer would keep the connection for good.
  setTimeout(() => socket.destroy(), REPLY_TIMEOUT_MS).unref()
}

/**
 * Tells whether the device is gone. A reset reaches us as the end of what the device sends, too, and a write after it is
 * never done (Node 26.10, test/wire/anomalies/device.test.ts).
 */
function isGone(fault: Unparsable): fault is 'connection' | 'unfinished' {
  return fault === 'connection' || fault === 'unfinished'
}

/** An answer of three hundred octets, over the worst mobile link. */
const REPLY_TIMEOUT_MS = 2000

const ANSWERS: Readonly<
  Record<Exclude<Unparsable, 'connection' | 'unfinished'>, readonly [number, string]>
> = {
  'after-close': [400, 'Bad Request'],
  body: [413, 'Content Too Large'],
  // A front end for one service opens no tunnels (RFC 9110 §9.3.6).
  connect: [501, 'Not Implemented'],
  'header-timeout': [408, 'Request Timeout'],
  'header-too-large': [431, 'Request Header Fields Too Large'],
  malformed: [400, 'Bad Request'],
}
