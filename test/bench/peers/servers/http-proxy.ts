/** http-proxy 1.18.1 with a keep-alive agent, the device's certificate set in `proxyReq`, as its README shows it. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { readFileSync } from 'node:fs'
import { Agent, createServer } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import type { TLSSocket } from 'node:tls'
import type { ServerOptions } from '../node-servers.ts'

/** What we use of http-proxy, which has no types of its own. */
interface HttpProxy {
  on(event: 'proxyReq', listener: (outgoing: ClientRequest, request: IncomingMessage) => void): void
  on(
    event: 'error',
    listener: (error: Error, request: IncomingMessage, response: ServerResponse) => void,
  ): void
  web(request: IncomingMessage, response: ServerResponse): void
}

const { port, pki, backendPort } = JSON.parse(process.argv[2] ?? '') as ServerOptions
const read = (name: string): Buffer => readFileSync(join(pki, name))
const agent = new Agent({
  keepAlive: true,
  ca: read('root.pem'),
  servername: 'backend.test',
  maxSockets: 256,
  maxFreeSockets: 256,
})
const library = createRequire(import.meta.url)('http-proxy') as {
  createProxyServer(options: object): HttpProxy
}
const proxy = library.createProxyServer({
  target: `https://127.0.0.1:${backendPort}`,
  agent,
  secure: true,
  xfwd: true,
})
/** Encoded once per connection, as the others do. */
const encoded = new WeakMap<TLSSocket, string>()
proxy.on('proxyReq', (outgoing, { socket }) => {
  const connection = socket as TLSSocket
  let text = encoded.get(connection)
  if (text === undefined) {
    text = connection.getPeerX509Certificate()?.raw.toString('base64') ?? ''
    encoded.set(connection, text)
  }
  outgoing.setHeader('X-Client-Cert', text)
})
proxy.on('error', (_error, _request, response) => response.destroy())
const server = createServer(
  {
    cert: read('server.pem'),
    key: read('server.key'),
    ca: read('root.pem'),
    requestCert: true,
    minVersion: 'TLSv1.2',
  },
  (request, response) => proxy.web(request, response),
)
server.keepAliveTimeout = 3_600_000
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
