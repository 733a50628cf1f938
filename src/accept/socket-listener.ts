/**
 * Who is told of what happens on a TLS socket, by functions that all sockets share: a closure for each event would be held by
 * each connection for as long as it lives (docs/design-notes.md, "Speed").
 */
import type { TLSSocket } from 'node:tls'

/** What is told of one socket. */
export interface SocketListener {
  /** What was written is with the operating system. */
  socketDrained(): void
  socketRead(octets: Buffer): void
  /** The peer has ended its side. */
  socketEnded(): void
  socketClosed(): void
}

/** Begins to read; there is one listener for each socket. */
export function listenTo(socket: TLSSocket, listener: SocketListener): void {
  const told: ListenedSocket = socket
  told[LISTENER] = listener
  socket.on('drain', drained)
  socket.on('end', ended)
  socket.on('close', closed)
  socket.on('data', read)
}

function drained(this: ListenedSocket): void {
  this[LISTENER]?.socketDrained()
}

function ended(this: ListenedSocket): void {
  this[LISTENER]?.socketEnded()
}

function closed(this: ListenedSocket): void {
  this[LISTENER]?.socketClosed()
}

function read(this: ListenedSocket, octets: Buffer): void {
  this[LISTENER]?.socketRead(octets)
}

const LISTENER = Symbol('listener')

interface ListenedSocket extends TLSSocket {
  [LISTENER]?: SocketListener
}
