/**
 * What is read of a connection before TLS, on a listener that takes PROXY headers: the header, from an address that must
 * send one; from any other address only as much as tells that there is none.
 */
import type { Socket } from 'node:net'
import { isInside, type Network } from '../kernel/network.ts'
import {
  beginsAsHeader,
  ProxyHeaderReader,
  type ProxyReading,
} from '../message/proxy-header/reader.ts'
import { statedAddresses } from './addresses.ts'
import type { Arrival } from './arrival.ts'

/** Reads ahead, and calls `next` when TLS may begin; a fault ends the connection. The deadline is that of the arrival. */
export function readAhead(arrival: Arrival, from: readonly Network[], next: () => void): void {
  const { socket, addresses } = arrival
  const isTrusted = isInside(addresses.source?.address ?? '', from)
  const reader = isTrusted ? new ProxyHeaderReader() : new HeaderGuard()
  let hasBegun = false
  const stop = (): void => {
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
  }
  const onReadable = (): void => {
    for (const piece of piecesOf(socket)) {
      hasBegun = true
      const reading = reader.push(piece)
      if (reading.kind === 'incomplete') continue
      stop()
      if (reading.kind === 'faulty') return arrival.fail(reading.fault)
      if (isTrusted) arrival.restate(statedAddresses(reading.header, addresses))
      // Once, and when nothing listens any more: an incomplete header that is given back is read again for ever.
      if (reading.rest.length > 0) socket.unshift(reading.rest)
      return next()
    }
  }
  const onEnd = (): void => {
    if (isTrusted && hasBegun) arrival.fail({ kind: 'proxy-unfinished' })
  }
  socket.on('readable', onReadable)
  socket.on('end', onEnd)
  // A peer that resets before TLS listens for it would take the process with it.
  socket.on('error', () => {})
}

/** What has arrived; what is not taken stays with the socket. */
function* piecesOf(socket: Socket): Generator<Buffer> {
  for (;;) {
    const piece = socket.read() as Buffer | null
    if (piece === null) return
    yield piece
  }
}

/** A `HeaderGuard` lets pass whatever is no PROXY header. */
class HeaderGuard {
  #held: Buffer = Buffer.alloc(0)

  push(piece: Buffer): ProxyReading {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const isHeader = beginsAsHeader(this.#held)
    if (isHeader === undefined) return { kind: 'incomplete' }
    return isHeader
      ? { kind: 'faulty', fault: { kind: 'proxy-untrusted' } }
      : { kind: 'whole', header: { kind: 'unknown' }, rest: this.#held }
  }
}
