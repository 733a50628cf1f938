/**
 * The control: http-proxy 1.18.1, with a keep-alive agent and the identity field set in `proxyReq`, as its README
 * shows it, lets a device speak for another in two ways. The same octets through `forward` do not.
 */
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import { front, goodServer, upstreamCa } from '../support/forward-front.ts'
import { valuesOf, type RawMessage } from '../support/raw-message.ts'
import { OK, rawUpstream, type RawUpstream } from '../support/upstream.ts'

const TRUE_NAME = 'CN=true-device'
const FORGED = 'X-Client-Cert: EVIL'

/** What we use of http-proxy, which has no types of its own. */
interface HttpProxy {
  on(event: 'proxyReq', listener: (outgoing: ClientRequest) => void): void
  on(
    event: 'error',
    listener: (error: Error, request: IncomingMessage, response: ServerResponse | Socket) => void,
  ): void
  web(request: IncomingMessage, response: ServerResponse): void
}

const httpProxy = createRequire(import.meta.url)('http-proxy') as {
  createProxyServer(options: object): HttpProxy
}

interface Proxy extends AsyncDisposable {
  readonly port: number
}

/** http-proxy as an integrator would set it up. */
async function httpProxyFront(upstreamPort: number): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true, ca: upstreamCa.pem, servername: 'upstream.test' })
  const proxy = httpProxy.createProxyServer({
    target: `https://127.0.0.1:${upstreamPort}`,
    agent,
    secure: true,
  })
  proxy.on('proxyReq', (outgoing) => outgoing.setHeader('X-Client-Cert', TRUE_NAME))
  proxy.on('error', (_error, _request, response) => response.destroy())
  const server = createServer({ cert: goodServer.cert, key: goodServer.key }, (request, response) =>
    proxy.web(request, response),
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

const ours = (upstreamPort: number) =>
  front(upstreamPort, { identityFields: ['X-Client-Cert', TRUE_NAME] })

/** A server that reads what arrives the way HTTP/1.1 says, and remembers it. */
async function recorder(): Promise<RawUpstream & { readonly seen: readonly RawMessage[] }> {
  const seen: RawMessage[] = []
  const upstream = await rawUpstream(goodServer, async (peer) => {
    for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
      seen.push(next)
      peer.write(OK)
    }
  })
  return { ...upstream, seen }
}

const identities = (seen: readonly RawMessage[]): readonly string[] =>
  seen.flatMap((request) => valuesOf(request, 'x-client-cert'))

/** One request whose body is another, with a forged identity. */
async function smuggle(port: number): Promise<void> {
  await using device = await Device.to(port)
  const inner = `GET /SMUGGLED HTTP/1.1\r\nHost: front.test\r\n${FORGED}\r\n\r\n`
  device.request('DELETE /harmless', 'Transfer-Encoding: chunked', 'Connection: keep-alive')
  device.send(`${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`)
  await device.response()
  // A request behind it shows that the first is dealt with.
  device.request('GET /after')
  await device.response()
}

/** One request with a forged identity that asks first. */
async function expectFirst(port: number): Promise<void> {
  await using device = await Device.to(port)
  device.request('POST /harmless', FORGED, 'Expect: 100-continue', 'Content-Length: 2')
  device.send('hi')
  let answer = await device.response()
  if (answer.startLine.includes(' 100 ')) answer = await device.response()
  expect(answer.startLine).toBe('HTTP/1.1 200 OK')
}

test('http-proxy turns the chunked body of a DELETE into a second request with a forged identity', async () => {
  await using upstream = await recorder()
  await using proxy = await httpProxyFront(upstream.port)
  await smuggle(proxy.port)
  expect(upstream.seen.map(({ startLine }) => startLine)).toContain('GET /SMUGGLED HTTP/1.1')
  expect(identities(upstream.seen)).toContain('EVIL')
})

test('forward keeps the chunked body of a DELETE a body', async () => {
  await using upstream = await recorder()
  await using proxy = await ours(upstream.port)
  await smuggle(proxy.port)
  expect(upstream.seen.map(({ startLine }) => startLine)).toEqual([
    'DELETE /harmless HTTP/1.1',
    'GET /after HTTP/1.1',
  ])
  expect(upstream.seen[0]?.body).toContain('EVIL')
  expect(identities(upstream.seen)).toEqual([TRUE_NAME, TRUE_NAME])
})

test('http-proxy lets a forged identity through with Expect: 100-continue', async () => {
  await using upstream = await recorder()
  await using proxy = await httpProxyFront(upstream.port)
  await expectFirst(proxy.port)
  expect(identities(upstream.seen)).toEqual(['EVIL'])
})

test('forward replaces a forged identity with Expect: 100-continue', async () => {
  await using upstream = await recorder()
  await using proxy = await ours(upstream.port)
  await expectFirst(proxy.port)
  expect(identities(upstream.seen)).toEqual([TRUE_NAME])
})
