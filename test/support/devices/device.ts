/**
 * A device in the raw: it sends exactly the octets it is told to, and reads responses.
 */
import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { takeMessage, type RawMessage, type Situation } from '../http/raw-message.ts'

/** How a connection ended: politely, or broken. */
export type Ending = 'clean' | 'broken'

export class Device implements AsyncDisposable {
  readonly socket: TLSSocket
  /** Settles when the front end has ended the connection. */
  readonly ended: Promise<Ending>
  #received: Buffer = Buffer.alloc(0)
  #over = false
  #wake: (() => void) | undefined

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve('clean'))
      socket.once('error', () => resolve('broken'))
      socket.once('close', () => resolve('broken'))
    })
    void this.ended.then(() => {
      this.#over = true
      this.#wake?.()
    })
  }

  /** Connects and waits for the handshake. */
  static async to(port: number, options: ConnectionOptions = {}): Promise<Device> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'front.test',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
      ...options,
    })
    await once(socket, 'secureConnect')
    return new Device(socket)
  }

  /** What has arrived and was not taken by `response`, as Latin-1. */
  get pending(): string {
    return this.#received.toString('latin1')
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Sends a request line, `Host`, the given lines and an empty line. */
  request(line: string, ...lines: readonly string[]): void {
    this.send(`${[`${line} HTTP/1.1`, 'Host: front.test', ...lines].join('\r\n')}\r\n\r\n`)
  }

  /** The next whole response, interim ones included; rejects when the connection ends before it is whole. */
  async response(situation: Situation = 'response'): Promise<RawMessage> {
    for (;;) {
      const taken = takeMessage(this.#received, this.#over ? endOf(situation) : situation)
      if (taken !== undefined) {
        this.#received = taken.rest
        return taken.message
      }
      if (this.#over) throw new Error(`connection over, pending: ${JSON.stringify(this.pending)}`)
      await this.#more()
    }
  }

  /** Waits until the pending octets contain `marker`. */
  async until(marker: string): Promise<void> {
    while (!this.pending.includes(marker)) {
      if (this.#over) throw new Error(`connection over before ${JSON.stringify(marker)}`)
      await this.#more()
    }
  }

  /** Hangs up, whatever is under way. */
  disconnect(): void {
    this.socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.destroyed) return
    this.socket.destroy()
    await once(this.socket, 'close')
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

const endOf = (situation: Situation): Situation => (situation === 'response' ? 'ended' : situation)
