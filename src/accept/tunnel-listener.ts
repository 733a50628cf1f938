/**
 * A port whose connections are relayed octet by octet: caps, deadlines and the drain, as `listener.ts` has them for
 * HTTP. It reads nothing but TLS.
 */
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Millis } from '../kernel/types.ts'
import type { ListenerHandlers, ListenerSettings, ListenerTls } from './listener.ts'

/** What the rest of the house does with what arrives. */
export interface TunnelHandlers extends Pick<
  ListenerHandlers,
  'bug' | 'connected' | 'dropped' | 'handshakeFailed'
> {
  /** The patience of the drain is over: what still lives is cut off now. */
  cutOff(): void
}

/** One bound port. */
export class TunnelListener {
  readonly name: string
  readonly #settings: ListenerSettings
  readonly #server: Server
  readonly #handlers: TunnelHandlers
  #tls: ListenerTls
  #draining = false
  /** Every TCP connection, from its first moment to its last. */
  readonly #sockets = new Set<Socket>()

  constructor(settings: ListenerSettings, tls: ListenerTls, handlers: TunnelHandlers) {
    this.name = settings.name
    this.#settings = settings
    this.#tls = tls
    this.#handlers = handlers
    this.#server = this.#create(handlers)
  }

  /** Binds; `shared` lets other workers bind the same port (SO_REUSEPORT). Rejects when the port cannot be had. */
  async listen(shared: boolean): Promise<void> {
    const { address, port } = this.#settings
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ host: address, port, backlog: BACKLOG, reusePort: shared }, resolve)
    await promise
    this.#server.off('error', reject)
  }

  /** The port that was bound, also when the system chose it. */
  get port(): number {
    const bound = this.#server.address() as AddressInfo | null
    return bound?.port ?? this.#settings.port
  }

  /** New connections use the new contexts; old ones finish in theirs. */
  setTls(tls: ListenerTls): void {
    const { ticketKeys: old } = this.#tls.defaults
    this.#tls = tls
    this.#server.setSecureContext(tls.defaults)
    const { ticketKeys } = tls.defaults
    if (ticketKeys !== undefined) this.#server.setTicketKeys(ticketKeys)
    // OpenSSL has its own copy and erases that; ours would lie about until memory is collected.
    old?.fill(0)
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Accepts no more, lets what is under way finish, and cuts the rest off after `patience`. */
  async drain(patience: Millis): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    const cut = setTimeout(() => {
      this.#handlers.cutOff()
      for (const socket of this.#sockets) socket.destroy()
    }, patience)
    await closed
    clearTimeout(cut)
  }

  #create(handlers: TunnelHandlers): Server {
    const { limits } = this.#settings
    const sockets = this.#sockets
    const server = createServer({
      ...this.#tls.defaults,
      // Judged by us (decision 4): OpenSSL asks for a certificate and lets every answer pass.
      requestCert: true,
      rejectUnauthorized: false,
      SNICallback: (servername, done) => done(null, this.#tls.select?.(servername)),
      handshakeTimeout: limits.handshake,
      // What is relayed may end in one direction and go on in the other.
      allowHalfOpen: true,
      noDelay: true,
    })
    server.maxConnections = limits.connections
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
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
}

/** Connections that wait in the kernel: a fleet that comes back after an outage comes at once. */
const BACKLOG = 4096
