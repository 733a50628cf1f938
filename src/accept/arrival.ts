/**
 * One TCP connection. Until it has a TLS session: its addresses, its one deadline, and how it failed, which is told once; from
 * then on what it counts for among the connections of its port.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { countedNetwork, UNKNOWN_ADDRESS } from '../kernel/network.ts'
import type { Millis } from '../kernel/types.ts'
import type { ProxyFault } from '../message/proxy-header/fault.ts'
import { SocketAddresses, type Addresses } from './addresses.ts'
import type { ConnectionShares, CountedConnection } from './connection-shares.ts'
import type { AcceptedConnection, ConnectionHandlers, ConnectionUser } from './protocol-head.ts'

/** What is the same for all connections of a port. */
export interface ArrivalSettings {
  readonly handlers: ConnectionHandlers
  readonly shares: ConnectionShares
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshake: Millis
}

/** An `Arrival` is a TCP connection that was accepted. */
export class Arrival implements AcceptedConnection, CountedConnection {
  readonly socket: Socket
  holder: CountedConnection['holder']
  older: CountedConnection | undefined
  newer: CountedConnection | undefined
  place = 0
  user: ConnectionUser | undefined
  #addresses: Addresses
  readonly #settings: ArrivalSettings
  #deadline: NodeJS.Timeout | undefined

  constructor(socket: Socket, settings: ArrivalSettings) {
    this.socket = socket
    this.#addresses = new SocketAddresses(socket)
    this.#settings = settings
    this.#deadline = setTimeout(() => this.fail(new HandshakeTimeout()), settings.handshake)
    ;(socket as ArrivedSocket)[ARRIVAL] = this
    socket.on('close', closed)
  }

  /** The arrival that a TLS connection came from. */
  static of(socket: TLSSocket): Arrival {
    const arrival = (socket as WrappingSocket)._parent?.[ARRIVAL]
    if (arrival === undefined) throw new Error('a TLS connection came from no socket of this port')
    return arrival
  }

  /** Those of the socket, until a PROXY header was read that it must begin with. */
  get addresses(): Addresses {
    return this.#addresses
  }

  /** A PROXY header that may be believed states others. */
  restate(addresses: Addresses): void {
    this.#addresses = addresses
    this.#settings.shares.move(this)
  }

  get network(): string {
    return countedNetwork(this.#addresses.source?.address ?? UNKNOWN_ADDRESS)
  }

  get isIdle(): boolean {
    return this.user?.isIdle === true
  }

  get isArriving(): boolean {
    return this.#deadline !== undefined
  }

  vouch(): void {
    this.#settings.shares.vouch(this)
  }

  unvouch(): void {
    this.#settings.shares.unvouch(this)
  }

  /** It is closed before anything is read of it. */
  turnAway(): void {
    this.settle()
    this.destroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  makeRoom(): void {
    this.#settings.handlers.madeRoom(this.#settings.shares)
    if (this.#deadline !== undefined) return this.fail(new ShareUsedUp())
    this.user?.makeRoom()
    this.destroy()
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
    if (this.settle()) this.#settings.handlers.handshakeFailed(failure, this.addresses)
    this.socket.destroy()
  }

  /** Its socket has closed; where it was not settled, its peer left in the middle of the handshake. */
  socketClosed(): void {
    this.#settings.shares.leave(this)
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

/** The code is ours: it was closed to make room. */
class ShareUsedUp extends Error {
  readonly code = 'connection-share-used-up'
}

const ARRIVAL = Symbol('arrival')

/** One function for all sockets: a closure would be held by each as long as it lives. */
function closed(this: ArrivedSocket): void {
  this[ARRIVAL]?.socketClosed()
}

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
