/** A connection whose outgoing octets are kept, up to a bound: what our side says in a handshake tells what it was asked. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class OutgoingTap extends Duplex {
  readonly #socket: Socket
  readonly #kept: Buffer[] = []
  #length = 0

  constructor(socket: Socket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (octets: Buffer) => {
      if (!this.push(octets)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  /** What was sent so far. */
  get sent(): Buffer {
    return Buffer.concat(this.#kept)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(octets: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#length < MAX_KEPT) this.#kept.push(octets)
    this.#length += octets.length
    this.#socket.write(octets, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

/** A handshake of ours has some KiB, and that of a long chain not more than this. */
const MAX_KEPT = 256 * 1024
