/**
 * What a port is told besides TLS: what is spoken inside it, and what the caller does with what arrives.
 */
import type { TLSSocket } from 'node:tls'
import type { ProxyFault } from '../message/proxy-header/fault.ts'
import type { Addresses } from './addresses.ts'
import type { ConnectionShares } from './connection-shares.ts'

/** Who uses a connection that has a TLS session. */
export interface ConnectionUser {
  /** Its end would cut off nothing that is under way. */
  readonly isIdle: boolean
  /** It is to end at once, to make room for another. */
  makeRoom(): void
}

/** A connection of a port, as its user sees it. */
export interface AcceptedConnection {
  readonly addresses: Addresses
  /** To be set by who opens it. */
  user: ConnectionUser | undefined
  /** Its device has shown a certificate that it may pass with: from now on it is closed for no other. */
  vouch(): void
  /** Its device may pass with its certificate no longer: it counts like any other again. */
  unvouch(): void
}

/** What the caller does with connections, whatever is spoken on them. */
export interface ConnectionHandlers {
  /** A connection ended before it had a TLS session; it is told once for each. */
  handshakeFailed(failure: Error | ProxyFault, addresses: Addresses): void
  /** A TCP connection was turned away: devices that are vouched for hold all that there may be. */
  dropped(shares: ConnectionShares): void
  /** A connection is about to be closed to make room for another. */
  madeRoom(shares: ConnectionShares): void
  /** A handler threw, which is a bug; the connection is destroyed. */
  bug(error: unknown): void
}

/** A `ProtocolHead` is what is done with a TLS connection whose handshake is done; one per port. */
export interface ProtocolHead {
  readonly handlers: ConnectionHandlers
  /** What is offered inside TLS (RFC 7301); empty where ALPN is not answered. */
  readonly alpn: readonly string[]
  /** Whether one direction of a connection may end while the other goes on. */
  readonly allowHalfOpen: boolean
  /** A TLS session exists. False closes the connection before anything inside it is read. */
  open(socket: TLSSocket, accepted: AcceptedConnection): boolean
  /** Ends what has nothing under way, while the port drains. */
  closeIdle(): void
  /** Called when the drain has timed out, before the connections that are still open are destroyed. */
  forceClose(): void
  /** The port is closed, and so is every connection of it. */
  close(): void
}
