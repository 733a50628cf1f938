/**
 * One TCP connection until it has a TLS session: its addresses, its one deadline, and how it failed, which is told once.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Millis } from '../kernel/types.ts'
import type { ProxyFault } from '../message/proxy-header/fault.ts'
import { socketAddresses, type Addresses } from './addresses.ts'
import type { ConnectionHandlers } from './protocol-head.ts'

/** An `Arrival` is a TCP connection that was accepted. */
export class Arrival {
  readonly socket: Socket
  /** Those of the socket, until a PROXY header was read that it must begin with. */
  addresses: Addresses
  readonly #handlers: ConnectionHandlers
  #deadline: NodeJS.Timeout | undefined

  constructor(socket: Socket, limit: Millis, handlers: ConnectionHandlers) {
    this.socket = socket
    this.addresses = socketAddresses(socket)
    this.#handlers = handlers
    this.#deadline = setTimeout(() => this.fail(new HandshakeTimeout()), limit)
    ;(socket as ArrivedSocket)[ARRIVAL] = this
    // A peer that resets before TLS has its own listener would take the process with it.
    socket.on('error', () => {})
  }

  /** The arrival that a TLS connection came from. */
  static of(socket: TLSSocket): Arrival {
    const arrival = (socket as WrappingSocket)._parent?.[ARRIVAL]
    if (arrival === undefined) throw new Error('a TLS connection came from no socket of this port')
    return arrival
  }

  /** There is a TLS session: nothing can fail here any more. Returns false where it has failed already. */
  settle(): boolean {
    if (this.#deadline === undefined) return false
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    return true
  }

  /** Tells how it failed, unless that is known, and destroys it: Node leaves a silent peer open (Node 26.10). */
  fail(failure: Error | ProxyFault): void {
    if (this.settle()) this.#handlers.handshakeFailed(failure, this.addresses)
    this.socket.destroy()
  }

  /** The connection is gone; where it was not settled, its peer left in the middle of the handshake. */
  closed(): void {
    if (this.#deadline !== undefined) this.fail(new ClosedEarly())
  }
}

/** The code is Node's own for a handshake that takes too long. */
class HandshakeTimeout extends Error {
  readonly code = 'ERR_TLS_HANDSHAKE_TIMEOUT'
}

/** The code is the system's for a peer that broke off. */
class ClosedEarly extends Error {
  readonly code = 'ECONNRESET'
}

const ARRIVAL = Symbol('arrival')

interface ArrivedSocket extends Socket {
  [ARRIVAL]?: Arrival
}

/**
 * The one way from a TLS connection to the socket below it; Node has no public one. Addresses would not do: a connection
 * that was reset has none (test/accept/acceptor.test.ts fails where a later Node has it under another name).
 */
interface WrappingSocket extends TLSSocket {
  readonly _parent?: ArrivedSocket
}
