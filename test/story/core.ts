/** The servers behind the front end: real TLS, and a tally of who was named to them, or relayed. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Material } from './certificates.ts'

export interface Core extends AsyncDisposable {
  readonly port: number
  /** Where the sync port leads: whatever is said there is said back. */
  readonly legacyPort: number
  /** Requests that arrived whole, by whether a device was named with them. */
  readonly tally: { named: number; anonymous: number; relayed: number }
  /** Settles with the next octets of a body under way whose path is this. */
  bodyBegan(path: string): Promise<void>
}

/** Listens until it is disposed of. */
export async function startCore({ upstream }: Material): Promise<Core> {
  const tally = { named: 0, anonymous: 0, relayed: 0 }
  const waiting = new Map<string, () => void>()
  const server = createServer(upstream, (request, response) => {
    const path = request.url ?? ''
    request.on('data', () => waiting.get(path)?.())
    request.on('error', () => {})
    request.on('end', () => {
      if (request.headers['client-cert'] === undefined) tally.anonymous += 1
      else tally.named += 1
      response.end('ok')
    })
  })
  server.keepAliveTimeout = 60_000
  const sockets = new Set<TLSSocket>()
  const legacy = createTlsServer(upstream, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => {
      tally.relayed += 1
    })
    socket.pipe(socket)
  })
  for (const one of [server, legacy]) {
    one.listen(0, '127.0.0.1')
    await once(one, 'listening')
  }
  return {
    port: (server.address() as AddressInfo).port,
    legacyPort: (legacy.address() as AddressInfo).port,
    tally,
    bodyBegan: (path) =>
      new Promise((resolve) => {
        waiting.set(path, () => {
          waiting.delete(path)
          resolve()
        })
      }),
    async [Symbol.asyncDispose]() {
      const closed = [once(server, 'close'), once(legacy, 'close')]
      server.close()
      legacy.close()
      server.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      await Promise.all(closed)
    },
  }
}
