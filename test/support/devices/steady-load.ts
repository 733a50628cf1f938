/**
 * An upstream that watches its connections, and devices that ask at a steady rate: what it takes to change outgoing TLS
 * under load and see that nothing was lost and that every new connection obeys.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Device } from './device.ts'
import { upstreamTlsOptions } from '../upstreams/upstream-tls.ts'
import { clientTls, fleet, type Product } from '../front-ends/product.ts'

/** What the upstream saw of one connection. */
export interface ObservedConnection {
  readonly at: number
  readonly protocol: string | null
  readonly suite: string
  readonly resumed: boolean
  /** The name that it was sent with SNI; false without. */
  readonly servername: string | false | null
}

export interface ObservedUpstream extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  readonly connections: readonly ObservedConnection[]
}

/** An MDM server that is generous with session tickets, and hangs up now and then so that there are new connections. */
export async function observedUpstream(): Promise<ObservedUpstream> {
  const connections: ObservedConnection[] = []
  const server = createServer(upstreamTlsOptions, (request, response) => {
    served += 1
    if (served % CLOSE_AFTER === 0) response.setHeader('Connection', 'close')
    request.resume()
    response.end('ok')
  })
  let served = 0
  server.keepAliveTimeout = 60_000
  server.on('tlsClientError', () => {})
  server.on('secureConnection', (socket: TLSSocket) => {
    connections.push({
      at: performance.now(),
      protocol: socket.getProtocol(),
      suite: socket.getCipher().name,
      resumed: socket.isSessionReused(),
      servername: socket.servername,
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    connections,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const CLOSE_AFTER = 7

/** What devices ask. */
export const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Sends requests at the rate until it is told to stop; says how many there were, and which did not come to 200. */
export async function underLoad(frontEnd: Product, during: () => Promise<void>) {
  const devices = await Promise.all(
    Array.from({ length: DEVICES }, () =>
      Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device)),
    ),
  )
  const failed: string[] = []
  let sent = 0
  const state = { over: false }
  const began = performance.now()
  const run = async (device: Device): Promise<void> => {
    while (!state.over) {
      const due = began + (sent * 1000) / RATE
      sent += 1
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
      device.send(REQUEST)
      const answer = await device
        .response()
        .catch((error: unknown) => ({ startLine: String(error) }))
      if (answer.startLine !== 'HTTP/1.1 200 OK') failed.push(answer.startLine)
    }
  }
  const running = devices.map(run)
  await during()
  state.over = true
  await Promise.all(running)
  for (const device of devices) device.disconnect()
  return { sent, failed }
}

const RATE = 200
/** How many ask. */
export const DEVICES = 24
/** Two seconds' worth and a margin for a busy machine: without load the promise would be cheap. */
export const MIN_REQUESTS = 300

/** Settles once the upstream has had so many more connections, and the bound has passed. */
export async function moreConnections(
  upstream: ObservedUpstream,
  since: number,
): Promise<readonly ObservedConnection[]> {
  const late = (): readonly ObservedConnection[] =>
    upstream.connections.filter(({ at }) => at > since + BOUND_MS)
  while (late().length < ENOUGH_CONNECTIONS) await once(upstream.server, 'secureConnection')
  return late()
}

/** The issue's: within two seconds every new connection obeys. */
const BOUND_MS = 2000
/** New connections that tell. */
export const ENOUGH_CONNECTIONS = 20
