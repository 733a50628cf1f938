/**
 * An answer given before the whole request body was read. Closing at once would turn the unread octets into a
 * TCP reset, which may overtake the answer (RFC 9112 §9.6); reading on without a bound would let a
 * sender occupy us. So octets and time are bounded.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Ends a response whose last octet is already written, when the rest of the request has been read or is too much. */
export function endAfterLingering(request: IncomingMessage, response: ServerResponse): void {
  // The head alone would wait for `end`.
  if (!response.headersSent) response.flushHeaders()
  linger(request, () => response.end())
}

/** Ends a response on a connection that goes on, and the connection if the rest of the request is too slow. */
export function endThenLinger(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  response.end()
  linger(request, () => {
    if (!request.complete) socket.destroy()
  })
}

function linger(request: IncomingMessage, done: () => void): void {
  if (request.complete || request.destroyed) {
    done()
    return
  }
  let octets = 0
  const settle = (): void => {
    clearTimeout(deadline)
    request.off('data', onData).off('end', settle).off('close', settle)
    done()
  }
  const onData = (chunk: Buffer): void => {
    octets += chunk.length
    if (octets > MAX_LINGER_BYTES) settle()
  }
  const deadline = setTimeout(settle, LINGER_TIMEOUT_MS)
  request.on('data', onData).once('end', settle).once('close', settle)
  request.resume()
}

/** More than two kernels hold in their buffers together (Linux: at most 6 MiB to receive, 4 MiB to send). */
const MAX_LINGER_BYTES = 10 * 1024 * 1024
/** Several round trips of a bad mobile link: time to see the answer and to stop sending. */
const LINGER_TIMEOUT_MS = 2000
