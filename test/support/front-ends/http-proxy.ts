/**
 * The control: http-proxy 1.18.1 with a keep-alive agent and the identity field set in `proxyReq`, as its README shows
 * it. It calls and is called exactly as the product is.
 */
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { fleet } from './product.ts'

/** What we use of http-proxy, which has no types of its own. */
interface HttpProxy {
  on(event: 'proxyReq', listener: (outgoing: ClientRequest, request: IncomingMessage) => void): void
  on(
    event: 'error',
    listener: (error: Error, request: IncomingMessage, response: ServerResponse | Socket) => void,
  ): void
  web(request: IncomingMessage, response: ServerResponse): void
}

const httpProxy = createRequire(import.meta.url)('http-proxy') as {
  createProxyServer(options: object): HttpProxy
}

export interface HttpProxyServer extends AsyncDisposable {
  readonly port: number
}

/** Serves until disposed of; the identity goes into `field`, as RFC 9440 has it. */
export async function httpProxyServer(
  upstreamPort: number,
  field: string,
): Promise<HttpProxyServer> {
  const agent = new Agent({
    keepAlive: true,
    ca: fleet.upstreamCa.pem,
    cert: fleet.frontEnd.chainPem,
    key: fleet.frontEnd.keyPem,
  })
  const proxy = httpProxy.createProxyServer({
    target: `https://localhost:${upstreamPort}`,
    agent,
    secure: true,
  })
  proxy.on('proxyReq', (outgoing, request) => {
    const { raw } = (request.socket as TLSSocket).getPeerX509Certificate() ?? {}
    outgoing.setHeader(field, raw === undefined ? 'none' : `:${raw.toString('base64')}:`)
  })
  proxy.on('error', (_error, _request, response) => response.destroy())
  const server = createServer(
    {
      cert: fleet.server.chainPem,
      key: fleet.server.keyPem,
      ca: fleet.devices.pem + fleet.root.pem,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => proxy.web(request, response),
  )
  server.on('clientError', (_, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
