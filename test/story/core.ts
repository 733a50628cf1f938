/** The server behind the front end: real TLS, and a tally of who was named to it. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Material } from './material.ts'

export interface Core extends AsyncDisposable {
  readonly port: number
  /** Requests that arrived whole, by whether a device was named with them. */
  readonly tally: { named: number; anonymous: number }
  /** Settles with the next octets of a body under way whose path is this. */
  bodyBegan(path: string): Promise<void>
}

/** Listens until it is disposed of. */
export async function startCore({ upstream }: Material): Promise<Core> {
  const tally = { named: 0, anonymous: 0 }
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    tally,
    bodyBegan: (path) =>
      new Promise((resolve) => {
        waiting.set(path, () => {
          waiting.delete(path)
          resolve()
        })
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
