/**
 * One end of a connection that lives in memory: what is written to it is handed on in the same turn, so that a run depends on
 * no kernel, no timer and no load. It is what HTTP needs of a socket, and nothing of TLS.
 */
import { Duplex } from 'node:stream'

/** The other end. */
export interface OtherEnd {
  received(octets: Buffer): void
  /** Nothing more will be written: it was ended, or broken off. */
  ended(): void
}

/** A socket as a server has it; like the sockets of our listeners it ends its side when the other end has. */
export class MemorySocket extends Duplex {
  readonly #other: OtherEnd

  constructor(other: OtherEnd) {
    super({ allowHalfOpen: false, decodeStrings: true })
    this.#other = other
    // A peer that breaks off must not end the process.
    this.on('error', () => {})
  }

  /** Octets arrive: one read. */
  arrive(octets: Buffer): void {
    if (!this.destroyed && !this.readableEnded) this.push(octets)
  }

  /** The other end ends its side. */
  arriveEnd(): void {
    if (!this.destroyed) this.push(null)
  }

  /** Closes when what was written is with the other end, as a `net.Socket` does. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  override _read(): void {}

  override _write(octets: Buffer, _: BufferEncoding, done: () => void): void {
    this.#other.received(octets)
    // Later, as for a kernel: an answer is never with the operating system before its writer has returned.
    process.nextTick(done)
  }

  override _final(done: () => void): void {
    this.#other.ended()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#other.ended()
    done(error)
  }
}
