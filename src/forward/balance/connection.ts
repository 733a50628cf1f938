/**
 * One connection to an upstream, and the HTTP/1.1 client that speaks on it, one request at a time.
 *
 * An undici `Client` for each connection instead of its `Pool`, because only so is it known which connection
 * carries a request: a response without a length whose connection is reset would otherwise look complete
 * (undici 8.12.4 ends it as if it were, test/wire/anomalies/upstream.test.ts), and only a request on a reused
 * connection may be tried again.
 */
import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import { wantedName, type DialPlan } from '../connect/attempt.ts'
import { skip100Continue, type ContinueFilter } from './skip-100-continue.ts'

/** What a request tells its connection. */
export interface UpstreamRequest {
  readonly method: string
  readonly target: string
  /** Name, value, name, value …; `Host` among them. */
  readonly fields: string[]
  readonly body: Dispatcher.DispatchOptions['body']
}

/** Who wants to know what becomes of a connection. */
export interface ConnectionOwner {
  /** The connection may carry the next request. */
  released(connection: UpstreamConnection): void
  /** The connection is no more. */
  closed(connection: UpstreamConnection): void
}

/** A live connection; it is never opened anew. */
export class UpstreamConnection {
  readonly #socket: Socket
  readonly #client: Client
  readonly #owner: ConnectionOwner
  readonly #servername: string
  readonly #filter: ContinueFilter
  #requestCount = 0
  #inUse = false
  #connected = false
  #alert: Error | undefined

  constructor(socket: Socket, plan: DialPlan, owner: ConnectionOwner) {
    const { limits } = plan.settings
    this.#socket = socket
    this.#owner = owner
    this.#filter = skip100Continue(socket)
    this.#servername = wantedName(plan)
    this.#client = new Client(originOf(plan), {
      connect: (_, done) => this.#connectOnce(done),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: limits.idle,
      keepAliveMaxTimeout: limits.idle,
      maxHeaderSize: limits.responseHeaderBytes,
      // Deadlines are watched for all exchanges together (deadlines.ts), not by a timer in each client.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#client.on('drain', () => this.release())
    socket.once('close', () => owner.closed(this))
    // A fatal alert reaches OpenSSL as an end and an error, and Node passes on the end first; undici then
    // destroys the socket, and only this event (Node's own, undocumented) still tells what was said.
    socket.on('_tlsError', (error: Error) => {
      this.#alert = error
    })
  }

  /** True from the second request on: the upstream may have hung up meanwhile. */
  get reused(): boolean {
    return this.#requestCount > 1
  }

  /** True when the connection ended with an error, whatever the HTTP client made of it. */
  get broken(): boolean {
    return this.#socket.errored !== null
  }

  /** The alert that ended the connection, if it was one; known one turn of the event loop after the end. */
  get alert(): Error | undefined {
    return this.#alert
  }

  get alive(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded && this.#socket.writable
  }

  /** Sends a request; everything further comes through the handler, an impossible request too. */
  send(request: UpstreamRequest, handler: Dispatcher.DispatchHandler): void {
    this.#inUse = true
    this.#requestCount += 1
    this.#filter.expectResponse()
    const options = {
      method: request.method,
      path: request.target,
      headers: request.fields,
      body: request.body,
      // Fixed: undici would take the name from Host, and part with the connection whenever it changes.
      servername: this.#servername,
    }
    this.#client.dispatch(options as Dispatcher.DispatchOptions, handler)
  }

  /** Back to the owner, unless that has happened or the connection is gone. */
  release(): void {
    if (!this.#inUse) return
    this.#inUse = false
    if (this.alive) this.#owner.released(this)
    else this.destroy()
  }

  /** Ends the connection, and a request on it. */
  destroy(): void {
    this.#socket.destroy()
    // Its promise settles when the socket has closed, which the owner is told by `closed`.
    void this.#client.destroy()
  }

  /** undici connects when the first request comes, and again when its socket is gone: then this connection is not used any more. */
  #connectOnce(done: (...result: [null, Socket] | [Error, null]) => void): void {
    const first = !this.#connected
    this.#connected = true
    queueMicrotask(() => {
      if (first && this.alive) done(null, this.#socket)
      else done(new ConnectionClosedError(), null)
    })
  }
}

/** The connection was gone before a byte of the request was written: the request may go anywhere else. */
export class ConnectionClosedError extends Error {
  constructor() {
    super('the connection is spent')
  }
}

function originOf({ settings, server: { hostname, port } }: DialPlan): string {
  return `${settings.protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}
