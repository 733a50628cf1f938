/**
 * The head of a port that devices call with HTTP: its framing, and what a request may cost before it is one.
 * Nothing here knows about trust; what to do with a connection or a request is handed in.
 */
import type { TLSSocket } from 'node:tls'
import type { Deadlines } from '../kernel/ports.ts'
import { SlotList } from '../kernel/slot-list.ts'
import type { ListenerLimits } from './acceptor.ts'
import { HttpConnection, type HttpControl, type RequestHandler } from './http-connection.ts'
import type { AcceptedConnection, ConnectionHandlers, ProtocolHead } from './protocol-head.ts'

/** What the caller does with what arrives. */
export interface HttpHandlers extends ConnectionHandlers {
  /** A TLS session exists. Undefined closes the connection before any HTTP is read. */
  connected(
    socket: TLSSocket,
    accepted: AcceptedConnection,
    control: HttpControl,
  ): RequestHandler | undefined
  /** What each answer says of HSTS now, as the line of a head; '' where that is left to the upstream. */
  readonly hstsLine: () => string
}

/** Makes the head of one HTTP listener. */
export function httpHead(
  limits: ListenerLimits,
  handlers: HttpHandlers,
  deadlines: Deadlines,
): ProtocolHead {
  const connections = new SlotList<HttpConnection>()
  const settings = {
    connections,
    limits,
    deadlines,
    keepAliveLines: keepAlive(limits),
    hstsLine: handlers.hstsLine,
  }
  return {
    handlers,
    alpn: ['http/1.1'],
    // A device that has ended its side is owed no answer.
    allowHalfOpen: false,
    open(socket, accepted) {
      const connection = new HttpConnection(socket, settings)
      const handler = handlers.connected(socket, accepted, connection)
      if (handler === undefined) return false
      connection.serve(handler)
      return true
    },
    closeIdle() {
      for (const connection of connections) if (connection.isIdle) connection.endAfterAnswer()
    },
    forceClose: () => {},
    close: () => {},
  }
}

/** Tells a device how long a connection is kept for its next request, so that it does not send one into the end of it. */
const keepAlive = ({ idle }: ListenerLimits): string =>
  `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idle / 1000)}\r\n`
