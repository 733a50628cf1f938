/**
 * The head of a port whose connections are relayed octet by octet: nothing is read here but TLS.
 */
import type { TLSSocket } from 'node:tls'
import type { AcceptedConnection, ConnectionHandlers, ProtocolHead } from './protocol-head.ts'

/** What the caller does with what arrives. */
export interface TunnelHandlers extends ConnectionHandlers {
  /** A TLS session exists. False closes the connection. */
  connected(socket: TLSSocket, accepted: AcceptedConnection): boolean
  /** Called when the drain has timed out: the connections that are still open are destroyed. */
  forceClose(): void
}

/** Makes the head of one sync port; `connected` takes the connection over. */
export const tunnelHead = (handlers: TunnelHandlers): ProtocolHead => ({
  handlers,
  alpn: [],
  // What is relayed may end in one direction and go on in the other.
  allowHalfOpen: true,
  open: (socket, accepted) => handlers.connected(socket, accepted),
  closeIdle: () => {},
  forceClose: () => handlers.forceClose(),
  close: () => {},
})
