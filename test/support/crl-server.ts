/** A real HTTP server that publishes revocation lists, and misbehaves when it is told to. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CrlServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  /** Every request so far. */
  readonly received: readonly IncomingMessage[]
  /** What is answered from now on. */
  publish(content: Buffer | CrlResponder): void
  /** Settles when so many requests have come. */
  requests(count: number): Promise<void>
}

export type CrlResponder = (request: IncomingMessage, response: ServerResponse) => void

/** Serves at `/list.crl`, and everywhere else. */
export async function crlServer(content: Buffer | CrlResponder): Promise<CrlServer> {
  let answer = answering(content)
  const received: IncomingMessage[] = []
  let wake = (): void => {}
  const server = createServer((request, response) => {
    received.push(request)
    wake()
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/list.crl`,
    received,
    publish(next) {
      answer = answering(next)
    },
    async requests(count) {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const answering = (content: Buffer | CrlResponder): CrlResponder =>
  typeof content === 'function'
    ? content
    : (_, response) => {
        response.end(content)
      }
