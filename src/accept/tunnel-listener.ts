/**
 * A port whose connections are relayed octet by octet. It reads nothing but TLS.
 */
import { createServer, type Server, type TLSSocket } from 'node:tls'
import {
  BoundPort,
  type ListenerSettings,
  type ListenerTls,
  type ServerOptions,
} from './bound-port.ts'
import type { ListenerHandlers } from './listener.ts'

/** What the caller does with what arrives. */
export interface TunnelHandlers extends Pick<
  ListenerHandlers,
  'bug' | 'connected' | 'dropped' | 'handshakeFailed'
> {
  /** Called when the drain has timed out: the connections that are still open are destroyed. */
  forceClose(): void
}

/** One bound port. */
export class TunnelListener extends BoundPort<Server> {
  readonly #handlers: TunnelHandlers

  constructor(settings: ListenerSettings, tls: ListenerTls, handlers: TunnelHandlers) {
    super(settings, tls, (options) => tlsServer(options, handlers))
    this.#handlers = handlers
  }

  protected override forceClose(): void {
    this.#handlers.forceClose()
  }
}

function tlsServer(options: ServerOptions, handlers: TunnelHandlers): Server {
  // What is relayed may end in one direction and go on in the other.
  const server = createServer({ ...options, allowHalfOpen: true })
  server.on('secureConnection', (socket: TLSSocket) => {
    // A socket without a listener would take the process with it.
    socket.on('error', () => {})
    try {
      if (handlers.connected(socket)) return
    } catch (error) {
      handlers.bug(error)
    }
    socket.destroy()
  })
  server.on('tlsClientError', (error, socket) => {
    handlers.handshakeFailed(error, socket)
    // What an HTTPS server does by itself: Node would leave a peer that says nothing open for ever.
    socket.destroy()
  })
  server.on('drop', () => handlers.dropped())
  return server
}
