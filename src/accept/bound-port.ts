/**
 * What a port is, whatever is spoken on it: bound, given other TLS contexts while it serves, and drained.
 */
import type { AddressInfo, Socket } from 'node:net'
import type { Server, SecureContext, SecureContextOptions } from 'node:tls'
import { SlotList } from '../kernel/slot-list.ts'
import type { Millis } from '../kernel/types.ts'

export interface ListenerSettings {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly limits: ListenerLimits
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

/** What both kinds of server are told about TLS and connections. */
export interface ServerOptions extends SecureContextOptions {
  readonly requestCert: true
  readonly rejectUnauthorized: false
  readonly SNICallback: (
    servername: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void
  readonly handshakeTimeout: number
  readonly noDelay: true
}

/** A `BoundPort` is one bound port; the class that extends it says what is done with what arrives. */
export class BoundPort<Served extends Server> {
  readonly name: string
  readonly #settings: ListenerSettings
  readonly #server: Served
  #tls: ListenerTls
  #draining = false
  /** Every TCP connection, from its first moment to its last. */
  readonly #sockets = new SlotList<Socket>()

  constructor(
    settings: ListenerSettings,
    tls: ListenerTls,
    create: (options: ServerOptions) => Served,
  ) {
    this.name = settings.name
    this.#settings = settings
    this.#tls = tls
    const { limits } = settings
    this.#server = create({
      ...tls.defaults,
      // Judged by us: OpenSSL asks for a certificate and lets every answer pass (decision 4).
      requestCert: true,
      rejectUnauthorized: false,
      SNICallback: (servername, done) => done(null, this.#tls.select?.(servername)),
      handshakeTimeout: limits.handshake,
      noDelay: true,
    })
    this.#server.maxConnections = limits.connections
    this.#server.on('connection', (socket: Socket) => {
      const slot = this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.remove(slot))
    })
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

  /** Whether what is answered should end its connection now. */
  get draining(): boolean {
    return this.#draining
  }

  /** Accepts no more, lets what is under way finish, and destroys the rest after `timeout`. */
  async drain(timeout: Millis): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    // A connection that was busy when the drain began turns idle later: look again.
    const closeIdle = setInterval(() => this.closeIdle(this.#server), DRAIN_CHECK_MS)
    const forceCloseTimer = setTimeout(() => {
      this.forceClose()
      // All of them: HTTP does not know those that are still in their handshake.
      for (const socket of this.#sockets) socket.destroy()
    }, timeout)
    await closed
    clearInterval(closeIdle)
    clearTimeout(forceCloseTimer)
  }

  /** Ends what has nothing under way, while the port drains. */
  protected closeIdle(_server: Served): void {}

  /** Called when the drain has timed out: the connections that are still open are destroyed. */
  protected forceClose(): void {}
}

/** Connections that wait in the kernel: a fleet that comes back after an outage comes at once. */
const BACKLOG = 4096
const DRAIN_CHECK_MS = 100
