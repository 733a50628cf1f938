/**
 * What a port is, whatever is spoken on it: it counts TCP connections, hands each to TLS, and what comes out of TLS to the
 * head of its protocol; it is given other TLS contexts while it serves, and drained.
 *
 * Two servers: one listens and knows nothing but sockets, the other does TLS and never listens. So something may be read
 * ahead of TLS, and connections are counted before it.
 */
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import {
  createServer as createTlsServer,
  type SecureContext,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls'
import type { Network } from '../kernel/network.ts'
import type { Millis } from '../kernel/types.ts'
import { Arrival, type ArrivalSettings } from './arrival.ts'
import { ConnectionShares } from './connection-shares.ts'
import type { ProtocolHead } from './protocol-head.ts'
import { readAhead } from './read-ahead.ts'

export interface ListenerSettings {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly limits: ListenerLimits
  /** The networks whose connections begin with a PROXY header; undefined where none does. */
  readonly proxyProtocol: { readonly from: readonly Network[] } | undefined
}

export interface ListenerLimits {
  /** Open TCP connections per worker. */
  readonly connections: number
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshake: Millis
  /** From the first byte of a request to the end of its header section. */
  readonly headers: Millis
  /** Octets of request line and header section. */
  readonly headerBytes: number
  /** Between two requests of a connection. */
  readonly idle: Millis
}

/** The TLS contexts, as `handshake` builds them; replaced whole on reload. */
export interface ListenerTls {
  readonly defaults: SecureContextOptions
  readonly select: ((servername: string) => SecureContext | undefined) | undefined
}

/** An `Acceptor` is one bound port; its head says what is done with what arrives inside TLS. */
export class Acceptor {
  readonly name: string
  readonly #settings: ListenerSettings
  readonly #head: ProtocolHead
  readonly #tcp: Server
  readonly #tlsServer: TlsServer
  #tls: ListenerTls
  #proxyProtocol: ListenerSettings['proxyProtocol']
  #draining = false
  /** What all its TCP connections have in common, and who holds them, from their first moment to their last. */
  readonly #arrivals: ArrivalSettings

  constructor(settings: ListenerSettings, tls: ListenerTls, head: ProtocolHead) {
    this.name = settings.name
    this.#settings = settings
    this.#head = head
    this.#tls = tls
    this.#proxyProtocol = settings.proxyProtocol
    this.#tlsServer = this.#makeTlsServer()
    const { connections, handshake } = settings.limits
    this.#arrivals = {
      handlers: head.handlers,
      shares: new ConnectionShares(connections),
      handshake,
    }
    this.#tcp = createTcpServer({ noDelay: true })
    this.#tcp.on('connection', (socket) => this.#accept(socket))
  }

  /** Binds; `shared` lets other workers bind the same port (SO_REUSEPORT). Rejects when the port cannot be had. */
  async listen(shared: boolean): Promise<void> {
    const { address, port } = this.#settings
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#tcp.once('error', reject)
    this.#tcp.listen({ host: address, port, backlog: BACKLOG, reusePort: shared }, resolve)
    await promise
    this.#tcp.off('error', reject)
  }

  /** The port that was bound, also when the system chose it. */
  get port(): number {
    const bound = this.#tcp.address() as AddressInfo | null
    return bound?.port ?? this.#settings.port
  }

  /** New connections use the new contexts; old ones finish in theirs. */
  setTls(tls: ListenerTls): void {
    const { ticketKeys: old } = this.#tls.defaults
    this.#tls = tls
    this.#tlsServer.setSecureContext(tls.defaults)
    const { ticketKeys } = tls.defaults
    if (ticketKeys !== undefined) this.#tlsServer.setTicketKeys(ticketKeys)
    // OpenSSL has its own copy and erases that; ours would lie about until memory is collected.
    old?.fill(0)
  }

  /** From now on, who must send a PROXY header; connections that have begun are read as they were. */
  setProxyProtocol(proxyProtocol: ListenerSettings['proxyProtocol']): void {
    this.#proxyProtocol = proxyProtocol
  }

  /** Who holds its connections, for the metrics. */
  get shares(): Pick<ConnectionShares, 'held' | 'vouched'> {
    return this.#arrivals.shares
  }

  /** Whether what is answered should end its connection now. */
  get draining(): boolean {
    return this.#draining
  }

  /** Accepts no more, lets what is under way finish, and destroys the rest after `timeout`. */
  async drain(timeout: Millis): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => {
      this.#tcp.close(() => resolve())
    })
    this.#head.closeIdle()
    // A connection that was busy when the drain began turns idle later: look again.
    const closeIdle = setInterval(() => this.#head.closeIdle(), DRAIN_CHECK_MS)
    const forceCloseTimer = setTimeout(() => {
      this.#head.forceClose()
      // All of them: the head does not know those that are still in their handshake.
      for (const arrival of this.#arrivals.shares) arrival.destroy()
    }, timeout)
    await closed
    clearInterval(closeIdle)
    clearTimeout(forceCloseTimer)
    this.#head.close()
  }

  #makeTlsServer(): TlsServer {
    const { alpn } = this.#head
    const server = createTlsServer({
      ...this.#tls.defaults,
      // Judged by us: OpenSSL asks for a certificate and lets every answer pass (decision 4).
      requestCert: true,
      rejectUnauthorized: false,
      SNICallback: (servername, done) => done(null, this.#tls.select?.(servername)),
      handshakeTimeout: this.#settings.limits.handshake,
      // Not `ALPNCallback`: Node makes an object of each protocol in the list, and a ClientHello has room for thousands.
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    server.on('secureConnection', (socket: TLSSocket) => this.#secured(socket))
    server.on('tlsClientError', (error, socket) => {
      Arrival.of(socket).fail(error)
    })
    return server
  }

  #accept(socket: Socket): void {
    const { handlers, shares } = this.#arrivals
    const arrival = new Arrival(socket, this.#arrivals)
    // Not by the server's own `maxConnections`: it would turn away who arrives, and not look at who is there.
    if (!shares.arrive(arrival)) {
      handlers.dropped(shares)
      arrival.turnAway()
      return
    }
    const toTls = (): void => void this.#tlsServer.emit('connection', socket)
    if (this.#proxyProtocol === undefined) toTls()
    else readAhead(arrival, this.#proxyProtocol.from, toTls)
  }

  #secured(socket: TLSSocket): void {
    // Its head may listen, too; a socket without a listener would take the process with it.
    socket.on('error', ignore)
    const arrival = Arrival.of(socket)
    // One read may bring a body with the end of the handshake (TLS 1.3). Once that is decrypted, it can be told from the
    // handshake, whose octets are limited.
    if (arrival.socket.bytesRead <= USUAL_HANDSHAKE) this.#open(socket, arrival)
    else setImmediate(() => this.#open(socket, arrival))
  }

  #open(socket: TLSSocket, arrival: Arrival): void {
    // A session must not be asked for anything when the socket below it is gone.
    if (socket.destroyed || arrival.socket.destroyed || !arrival.settle()) return
    const { allowHalfOpen, handlers } = this.#head
    // From here on: a peer that ends its side in the middle of the handshake would stay until the deadline.
    socket.allowHalfOpen = allowHalfOpen
    // A throw in here is a bug of ours; it may cost the one connection, never the process.
    try {
      if (this.#head.open(socket, arrival)) return
    } catch (error) {
      handlers.bug(error)
    }
    socket.destroy()
  }
}

/** Whatever it is, the socket closes behind it. */
const ignore = (): void => {}
/** Connections that wait in the kernel: a fleet that comes back after an outage comes at once. */
const BACKLOG = 4096
const DRAIN_CHECK_MS = 100
/** Octets of a ClientHello and a chain of three certificates; what exceeds this is looked at a moment later. */
const USUAL_HANDSHAKE = 16_384
