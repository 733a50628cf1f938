import type { Socket } from 'node:net'

/**
 * Ends a connection that was only opened to see whether it can be. Simply destroyed, its unread octets would turn
 * into a reset, and the server's log would fill with unfinished handshakes.
 */
export function closeGracefully(socket: Socket): void {
  const deadline = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
  socket.once('close', () => clearTimeout(deadline))
  socket.end()
  socket.resume()
}

/** A round trip or two: a server that does not hang up as well has had its time. */
const CLOSE_TIMEOUT_MS = 1000
