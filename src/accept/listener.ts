/**
 * The head of a port that devices call with HTTP: its framing, and what a request may cost before it is one.
 * Nothing here knows about trust; what to do with a connection or a request is handed in.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ListenerLimits } from './acceptor.ts'
import type { ConnectionHandlers, ProtocolHead } from './protocol-head.ts'
import {
  refuseUnparsable,
  unparsable,
  type UnparsableAction,
  type Unparsable,
} from './unparsable.ts'

/** What the caller does with what arrives. */
export interface ListenerHandlers extends ConnectionHandlers {
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void
  /** No answer may land inside a response under way: only the caller knows of one. */
  unparsable(fault: Unparsable, socket: TLSSocket): UnparsableAction
}

/** Makes the head of one HTTP listener. */
export function httpHead(limits: ListenerLimits, handlers: ListenerHandlers): ProtocolHead {
  const server = httpServer(limits, handlers)
  return {
    handlers,
    alpn: ['http/1.1'],
    // A device that has ended its side is owed no answer (closeSilently in http-connections.ts).
    allowHalfOpen: false,
    serve: (socket) => server.emit('connection', socket),
    closeIdle: () => server.closeIdleConnections(),
    forceClose: () => {},
    close: () => server.close(),
  }
}

/** A server that never listens: it is handed connections whose handshake is done. */
function httpServer(limits: ListenerLimits, handlers: ListenerHandlers): Server {
  const refuse = (fault: Unparsable, socket: Socket): void => {
    refuseUnparsable(fault, socket, handlers.unparsable(fault, socket as TLSSocket))
  }
  const server = createServer({
    headersTimeout: limits.headers,
    // A body may take long as long as it moves; its idleness is watched where it is forwarded.
    requestTimeout: 0,
    keepAliveTimeout: limits.idle,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: limits.headerBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
  })
  // The request pipeline counts both, so that every request is recorded: Node answers fields by the hundred as if
  // they were too long, and says `Connection: close` to the last request without closing.
  server.maxHeadersCount = 0
  server.maxRequestsPerSocket = 0
  server.timeout = 0
  const requested =
    (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      // A throw in here is a bug of ours; it may cost the one connection, never the process.
      try {
        handlers.request(request, response, expectsContinue)
      } catch (error) {
        handlers.bug(error)
        request.socket.destroy()
      }
    }
  server.on('request', requested(false))
  server.on('checkContinue', requested(true))
  // Any other expectation cannot be met (RFC 9110 §10.1.1).
  server.on('checkExpectation', requested(false))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuse(unparsable(error), socket as Socket)
  })
  // Without this listener Node would close the connection, and the log would not say why.
  server.on('connect', (_, socket) => refuse('connect', socket as Socket))
  // Node looks for headers that take too long from the moment it listens, which this server never does (Node 26.10).
  server.emit('listening')
  return server
}

/** How often Node looks for headers that take too long: half a second of slack on a ten-second limit. */
const CHECK_MS = 500
