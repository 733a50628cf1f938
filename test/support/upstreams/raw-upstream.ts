/**
 * A raw TLS server: it records the exact octets that arrive and answers with the exact octets a test wants,
 * well-formed or not.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { claimPort, isListenedOn } from '../ports/claim-port.ts'
import { takeMessage, type RawMessage } from '../http/raw-message.ts'

/** One connection as the upstream sees it. */
export class UpstreamPeer {
  readonly socket: TLSSocket
  /** Settles when the connection is gone, however it ended. */
  readonly closed: Promise<void>
  #received: Buffer = Buffer.alloc(0)
  #wake: (() => void) | undefined

  constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    socket.once('end', () => this.#wake?.())
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
        this.#wake?.()
      })
    })
  }

  /** What has arrived and was not taken by `request`, as Latin-1. */
  get pending(): string {
    return this.#received.toString('latin1')
  }

  /** The next whole request; nothing when the connection ends before it is whole. */
  async request(): Promise<RawMessage | undefined> {
    for (;;) {
      const taken = takeMessage(this.#received, 'request')
      if (taken !== undefined) {
        this.#received = taken.rest
        return taken.message
      }
      if (this.socket.destroyed || this.socket.readableEnded) return undefined
      await this.#more()
    }
  }

  /** Waits until the pending octets contain `marker`. */
  async until(marker: string): Promise<void> {
    while (!this.pending.includes(marker)) {
      if (this.socket.destroyed) throw new Error(`gone before ${JSON.stringify(marker)}`)
      await this.#more()
    }
  }

  write(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  end(text = ''): void {
    this.socket.end(Buffer.from(text, 'latin1'))
  }

  /** Breaks the connection with a TCP reset. */
  reset(): void {
    // The TCP socket below: only it can be reset.
    ;(this.socket as unknown as { _parent: Socket })._parent.resetAndDestroy()
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

export type Script = (peer: UpstreamPeer, connection: number) => Promise<void> | void

/** A server under test control. */
export interface RawUpstream extends AsyncDisposable {
  readonly port: number
  /** Every connection that got through the handshake, in order. */
  readonly peers: readonly UpstreamPeer[]
  /** Refuses new connections and keeps those it has. */
  stopListening(): Promise<void>
}

/** Listens on a port of its own and runs the script for each connection. */
export async function rawUpstream(options: TlsOptions, script: Script): Promise<RawUpstream> {
  const peers: UpstreamPeer[] = []
  const sockets = new Set<Socket>()
  const server = createServer(options, (socket) => {
    const peer = new UpstreamPeer(socket)
    void script(peer, peers.push(peer))
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {})
  // Not port 0: once it stops listening, no other server may get the number.
  const port = await claimPort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    peers,
    async stopListening() {
      server.close()
      while (await isListenedOn(port));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers every request on a connection with the same octets. */
export function answering(text: string): Script {
  return async (peer) => {
    while ((await peer.request()) !== undefined) peer.write(text)
  }
}

/** A small answer with a length. */
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
