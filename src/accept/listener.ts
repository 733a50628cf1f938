/**
 * A port that devices call: caps, deadlines and the drain. It knows sockets and HTTP framing, and nothing
 * about trust; what to do with a connection or a request is handed in.
 */
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContext, SecureContextOptions, TLSSocket } from 'node:tls'
import type { Millis } from '../kernel/types.ts'
import { refuseUnparsable, unparsable, type Remedy, type Unparsable } from './unparsable.ts'

export interface ListenerSettings {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly limits: ListenerLimits
}

export interface ListenerLimits {
  readonly connections: number
  readonly handshake: Millis
  readonly headers: Millis
  readonly headerBytes: number
  readonly idle: Millis
}

/** The TLS side, as the handshake room builds it; replaced whole on reload. */
export interface ListenerTls {
  readonly defaults: SecureContextOptions
  readonly select: ((servername: string) => SecureContext | undefined) | undefined
}

/** What the rest of the house does with what arrives. */
export interface ListenerHandlers {
  /** A TLS session exists. False closes the connection before any HTTP is read. */
  connected(socket: TLSSocket): boolean
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void
  handshakeFailed(error: Error, socket: TLSSocket): void
  /** No answer may land inside a response under way: only the house knows of one. */
  unparsable(fault: Unparsable, socket: TLSSocket): Remedy
  /** A TCP connection was turned away because the listener is full. */
  dropped(): void
  /** Something was thrown that nobody expected; its connection is gone. */
  bug(error: unknown): void
}

/** One bound port. */
export class Listener {
  readonly name: string
  readonly #settings: ListenerSettings
  readonly #server: Server
  #tls: ListenerTls
  #draining = false
  /** Every TCP connection, from its first moment to its last. */
  readonly #sockets = new Set<Socket>()

  constructor(settings: ListenerSettings, tls: ListenerTls, handlers: ListenerHandlers) {
    this.name = settings.name
    this.#settings = settings
    this.#tls = tls
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

  /** Whether responses should end their connections now. */
  get draining(): boolean {
    return this.#draining
  }

  /** Accepts no more, lets what is under way finish, and cuts the rest off after `patience`. */
  async drain(patience: Millis): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    // A connection that was busy when the drain began turns idle later: look again.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), DRAIN_SWEEP_MS)
    const cut = setTimeout(() => {
      // All of them: HTTP does not know those that are still in their handshake.
      for (const socket of this.#sockets) socket.destroy()
    }, patience)
    await closed
    clearInterval(sweep)
    clearTimeout(cut)
  }

  #create(handlers: ListenerHandlers): Server {
    const { limits } = this.#settings
    const refuse = (fault: Unparsable, socket: Socket): void => {
      refuseUnparsable(fault, socket, handlers.unparsable(fault, socket as TLSSocket))
    }
    const sockets = this.#sockets
    const server = createServer({
      ...this.#tls.defaults,
      // Judged in HTTP: OpenSSL asks for a certificate and lets every answer pass (decision 4).
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (servername, done) => done(null, this.#tls.select?.(servername)),
      handshakeTimeout: limits.handshake,
      headersTimeout: limits.headers,
      // A body may take long as long as it moves; its idleness is watched where it is forwarded.
      requestTimeout: 0,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: limits.headerBytes,
      insecureHTTPParser: false,
      requireHostHeader: false,
      noDelay: true,
    })
    server.maxConnections = limits.connections
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    // Both are counted in the corridor, where every request has its record: Node answers fields by the hundred as if
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
    // Without this listener Node would close the connection, and nobody would know why.
    server.on('connect', (_, socket) => refuse('connect', socket as Socket))
    server.on('drop', () => handlers.dropped())
    return server
  }
}

/** Connections that wait in the kernel: a fleet that comes back after an outage comes at once. */
const BACKLOG = 4096
/** How often Node looks for headers that take too long: half a second of slack on a ten-second limit. */
const CHECK_MS = 500
const DRAIN_SWEEP_MS = 100
