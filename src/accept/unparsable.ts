/**
 * What arrived inside TLS and was not an HTTP/1.1 request. Node's parser (llhttp, strict) is the judge;
 * here its verdicts get names, and the device gets an answer that helps nobody to probe us.
 */
import type { Socket } from 'node:net'

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

/** Answers, unless the answer could be taken for part of a response under way, and closes. */
export function refuseUnparsable(fault: Unparsable, socket: Socket, answerable: boolean): void {
  if (fault === 'connection' || !socket.writable || !answerable) {
    socket.destroy()
    return
  }
  const [status, title] = ANSWERS[fault]
  const body = JSON.stringify({ type: 'about:blank', title, status })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const ANSWERS: Readonly<Record<Exclude<Unparsable, 'connection'>, readonly [number, string]>> = {
  body: [413, 'Content Too Large'],
  'header-timeout': [408, 'Request Timeout'],
  'header-too-large': [431, 'Request Header Fields Too Large'],
  malformed: [400, 'Bad Request'],
}
