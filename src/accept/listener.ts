/**
 * A port that devices call with HTTP: its framing, and what a connection may cost before its device is identified.
 * Nothing here knows about trust; what to do with a connection or a request is handed in.
 */
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  BoundPort,
  type ListenerLimits,
  type ListenerSettings,
  type ListenerTls,
  type ServerOptions,
} from './bound-port.ts'
import {
  refuseUnparsable,
  unparsable,
  type UnparsableAction,
  type Unparsable,
} from './unparsable.ts'

/** What the caller does with what arrives. */
export interface ListenerHandlers {
  /** A TLS session exists. False closes the connection before any HTTP is read. */
  connected(socket: TLSSocket): boolean
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void
  handshakeFailed(error: Error, socket: TLSSocket): void
  /** No answer may land inside a response under way: only the caller knows of one. */
  unparsable(fault: Unparsable, socket: TLSSocket): UnparsableAction
  /** A TCP connection was turned away because the listener is full. */
  dropped(): void
  /** A handler threw, which is a bug; the connection is destroyed. */
  bug(error: unknown): void
}

/** One bound port. */
export class Listener extends BoundPort<Server> {
  constructor(settings: ListenerSettings, tls: ListenerTls, handlers: ListenerHandlers) {
    super(settings, tls, (options) => httpServer(options, settings.limits, handlers))
  }

  protected override closeIdle(server: Server): void {
    server.closeIdleConnections()
  }
}

function httpServer(
  options: ServerOptions,
  limits: ListenerLimits,
  handlers: ListenerHandlers,
): Server {
  const refuse = (fault: Unparsable, socket: Socket): void => {
    refuseUnparsable(fault, socket, handlers.unparsable(fault, socket as TLSSocket))
  }
  const server = createServer({
    ...options,
    ALPNProtocols: ['http/1.1'],
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
  // A throw in here is a bug of ours; it may cost the one connection, never the process.
  const guarded = (socket: TLSSocket, run: () => boolean): void => {
    try {
      if (run()) return
    } catch (error) {
      handlers.bug(error)
    }
    socket.destroy()
  }
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    guarded(socket, () => handlers.connected(socket))
  })
  const requested =
    (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      guarded(request.socket as TLSSocket, () => {
        handlers.request(request, response, expectsContinue)
        return true
      })
    }
  server.on('request', requested(false))
  server.on('checkContinue', requested(true))
  // Any other expectation cannot be met (RFC 9110 §10.1.1).
  server.on('checkExpectation', requested(false))
  server.on('tlsClientError', (error, socket) => handlers.handshakeFailed(error, socket))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuse(unparsable(error), socket as Socket)
  })
  // Without this listener Node would close the connection, and the log would not say why.
  server.on('connect', (_, socket) => refuse('connect', socket as Socket))
  server.on('drop', () => handlers.dropped())
  return server
}

/** How often Node looks for headers that take too long: half a second of slack on a ten-second limit. */
const CHECK_MS = 500
