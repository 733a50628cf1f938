/**
 * Two upstreams that show different certificates or verify differently are two upstreams, although address and
 * port are the same: they never share a connection or a session. The control is one `https.Agent` that does.
 */
import { once } from 'node:events'
import { Agent, get } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  upstreamCa,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { OK, rawUpstream, type RawUpstream } from '../../support/upstreams/raw-upstream.ts'

const wrongCa = mintCa({ name: 'Upstream CA' })
const us = (name: string) => mintLeaf({ issuer: upstreamCa, name, purposes: ['clientAuth'] })
const trusting = (pem: string) => ({
  trust: { default: 'off', custom: [{ at: 'ca.pem', bytes: Buffer.from(pem) }] } as const,
})

/** What the server saw: on which connection, resumed or not, and as whom. */
interface ObservedConnection {
  readonly connection: number
  readonly resumed: boolean
  readonly subject: string | undefined
}

async function watching(connections: ObservedConnection[]): Promise<RawUpstream> {
  const options = { ...goodServer, requestCert: true, rejectUnauthorized: false }
  return rawUpstream(options, async (peer, connection) => {
    while ((await peer.request()) !== undefined) {
      const resumed = peer.socket.isSessionReused()
      const subject = peer.socket.getPeerX509Certificate()?.subject
      connections.push({ connection, resumed, subject })
      peer.write(OK)
    }
  })
}

interface Row {
  readonly promise: string
  readonly one: ForwardingServerOptions
  readonly other: ForwardingServerOptions
}

const rows: readonly Row[] = [
  {
    promise: 'different client certificates',
    one: { identity: us('one') },
    other: { identity: us('two') },
  },
  { promise: 'a client certificate and none', one: { identity: us('one') }, other: {} },
  { promise: 'verification on and off', one: { tls: { strict: false } }, other: {} },
  {
    promise: 'different names to verify',
    one: {},
    other: { tls: { hostname: 'other.test', strict: false, sni: { kind: 'off' } } },
  },
]

for (const { promise, one, other } of rows) {
  test(`upstreams with ${promise} never share a connection or a session`, async () => {
    const connections: ObservedConnection[] = []
    await using upstream = await watching(connections)
    await using first = await forwardingServer(upstream.port, { name: 'one', ...one })
    await using second = await forwardingServer(upstream.port, { name: 'two', ...other })
    for (const { port } of [first, second, first, second]) {
      await using device = await Device.to(port)
      device.request('GET /')
      expect((await device.response()).body).toBe('ok')
    }
    expect(connections.map(({ connection }) => connection)).toEqual([1, 2, 1, 2])
    expect(connections.some(({ resumed }) => resumed)).toBe(false)
  })
}

test('an upstream that distrusts the server fails beside one that trusts it', async () => {
  const connections: ObservedConnection[] = []
  await using upstream = await watching(connections)
  await using trustful = await forwardingServer(upstream.port, {})
  await using strict = await forwardingServer(upstream.port, { tls: trusting(wrongCa.pem) })
  for (const [{ port }, status] of [
    [trustful, '200 OK'],
    [strict, '502 Bad Gateway'],
    [trustful, '200 OK'],
    [strict, '502 Bad Gateway'],
  ] as const) {
    await using device = await Device.to(port)
    device.request('GET /')
    expect((await device.response()).startLine).toBe(`HTTP/1.1 ${status}`)
  }
  expect(connections.map(({ connection }) => connection)).toEqual([1, 1])
})

test('control: behind a shared agent the second upstream speaks as the first', async () => {
  const connections: ObservedConnection[] = []
  await using upstream = await watching(connections)
  const agent = new Agent({ keepAlive: true })
  for (const name of ['one', 'two']) {
    const { chainPem, keyPem } = us(name)
    const options = {
      agent,
      host: '127.0.0.1',
      port: upstream.port,
      servername: 'upstream.test',
      // The agent's key leaves the context out: certificate, trust store, versions and suites.
      secureContext: createSecureContext({ ca: upstreamCa.pem, cert: chainPem, key: keyPem }),
    }
    const freed = once(agent, 'free')
    const [response] = (await once(get(options), 'response')) as [IncomingMessage]
    response.resume()
    await freed
  }
  agent.destroy()
  expect(connections.map(({ connection, subject }) => [connection, subject])).toEqual([
    [1, 'CN=one'],
    [1, 'CN=one'],
  ])
})
