/**
 * What arrived inside TLS and was not an HTTP/1.1 request. Node's parser (llhttp, strict) is the judge;
 * here its verdicts get names, and the device gets an answer that helps nobody to probe us.
 */
import type { Socket } from 'node:net'
import { PROBLEM_TYPE, problemDocument } from '../message/problem.ts'

/** Every way a request fails before it is one. */
export type Unparsable = 'body' | 'connection' | 'header-timeout' | 'header-too-large' | 'malformed'

/** Names what Node's `clientError` reports. */
export function unparsable(error: NodeJS.ErrnoException): Unparsable {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'connection'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'header-timeout'
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

/** Answers and closes; without a reference nothing is said, because it could land inside a response under way. */
export function refuseUnparsable(
  fault: Unparsable,
  socket: Socket,
  reference: string | undefined,
): void {
  if (fault === 'connection' || !socket.writable || reference === undefined) {
    socket.destroy()
    return
  }
  const [status, phrase] = ANSWERS[fault]
  const body = problemDocument({ status, reference })
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const ANSWERS: Readonly<Record<Exclude<Unparsable, 'connection'>, readonly [number, string]>> = {
  body: [413, 'Content Too Large'],
  'header-timeout': [408, 'Request Timeout'],
  'header-too-large': [431, 'Request Header Fields Too Large'],
  malformed: [400, 'Bad Request'],
}
