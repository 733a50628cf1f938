/**
 * Either side goes away at the worst moment. The other side must notice at once, and what is left may not be taken
 * for a whole message.
 */
import { expect, test } from 'vitest'
import type { Outcome } from '../../../src/forward/exchange/exchange.ts'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { OK, rawUpstream, type UpstreamPeer } from '../../support/upstreams/raw-upstream.ts'

const HUNG_UP: Partial<Outcome> = { failure: { kind: 'device-gone', how: 'closed' } }

/** The first connection, as soon as it exists. */
function firstPeer(): { peer: Promise<UpstreamPeer>; script: (peer: UpstreamPeer) => void } {
  const { promise, resolve } = Promise.withResolvers<UpstreamPeer>()
  return { peer: promise, script: resolve }
}

/** As much of a body as is gathered before an upstream is called. */
const GATHERED = 'a'.repeat(16_384)

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

test('a device that hangs up before the answer ends the upstream request', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /slow')
  await (await peer).request()
  device.disconnect()
  await (
    await peer
  ).closed
  expect(await server.outcome()).toMatchObject({ ...HUNG_UP, status: undefined })
  await expect.poll(() => server.upstream.connections).toBe(0)
})

test('a device that hangs up in the middle of its body ends the upstream request', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send(chunk(`${GATHERED}hello`))
  await (await peer).until('hello')
  device.disconnect()
  await (
    await peer
  ).closed
  // No last chunk: the upstream can tell that this was not all.
  expect((await peer).pending).not.toContain('\r\n0\r\n')
  expect(await server.outcome()).toMatchObject({ ...HUNG_UP, bytesIn: GATHERED.length + 5 })
})

test('a device that hangs up in the middle of the answer ends the upstream request', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  await (await peer).request()
  ;(await peer).write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  await device.until('half')
  device.disconnect()
  await (
    await peer
  ).closed
  expect(await server.outcome()).toMatchObject({ ...HUNG_UP, status: 200, bytesOut: 4 })
})

test('a device that hangs up while it waits for a connection leaves the queue', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port, { limits: { connections: 1 } })
  await using first = await Device.to(server.port)
  first.request('GET /1')
  await (await peer).request()
  await using second = await Device.to(server.port)
  second.request('GET /2')
  await expect.poll(() => server.upstream.waiting).toBe(1)
  second.disconnect()
  expect(await server.outcome()).toMatchObject(HUNG_UP)
  expect(server.upstream.waiting).toBe(0)
  ;(await peer).write(OK)
  expect((await first.response()).body).toBe('ok')
})

test('a request that was sent behind another is not read before that is answered, and is gone with its device', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port, { limits: { bodyIdle: 200 } })
  await using device = await Device.to(server.port)
  device.request('GET /1')
  device.request('GET /2')
  await (await peer).request()
  device.disconnect()
  expect(await server.outcome(1)).toMatchObject(HUNG_UP)
  await expect.poll(() => server.upstream.connections).toBe(0)
  expect(server.outcomes).toHaveLength(1)
})

interface Death {
  readonly promise: string
  readonly head: string
  readonly how: 'end' | 'reset'
}

const deaths: readonly Death[] = [
  {
    promise: 'an upstream that closes inside a body of known length breaks the answer',
    head: 'Content-Length: 100',
    how: 'end',
  },
  {
    promise: 'an upstream reset inside a body of known length breaks the answer',
    head: 'Content-Length: 100',
    how: 'reset',
  },
  {
    promise: 'an upstream that closes inside a chunked body breaks the answer',
    head: 'Transfer-Encoding: chunked',
    how: 'end',
  },
  {
    promise: 'an upstream reset inside a chunked body breaks the answer',
    head: 'Transfer-Encoding: chunked',
    how: 'reset',
  },
  {
    promise: 'an upstream reset inside a body without a length breaks the answer',
    head: 'X-No-Length: 1',
    how: 'reset',
  },
]

for (const { promise, head, how } of deaths) {
  test(promise, async () => {
    const { peer, script } = firstPeer()
    await using upstream = await rawUpstream(goodServer, script)
    await using server = await forwardingServer(upstream.port)
    await using device = await Device.to(server.port)
    device.request('GET /')
    await (await peer).request()
    ;(await peer).write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n4\r\nhalf\r\n`)
    await device.until('half')
    ;(await peer)[how]()
    await expect(device.response()).rejects.toThrow('connection over')
    expect((await server.outcome()).failure).toEqual({ kind: 'reset', during: 'response' })
  })
}

test('an upstream that dies before its answer is a 502, and the device may go on', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer, connection) => {
    await peer.request()
    if (connection === 1) peer.reset()
    else peer.write(OK)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const refusal = await device.response()
  expect(refusal.startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect(valuesOf(refusal, 'proxy-status')).toEqual(['tfe; error=connection_terminated'])
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
})

test('an answer that comes while the body is still sent reaches the device, and the connection ends cleanly', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.until('\r\n\r\n')
    peer.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig')
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', `Content-Length: ${64 * 1024 * 1024}`)
  device.send(Buffer.alloc(256 * 1024))
  const response = await device.response()
  expect(response).toMatchObject({ startLine: 'HTTP/1.1 413 Content Too Large', body: 'big' })
  expect(valuesOf(response, 'connection')).toEqual(['close'])
  // The device has not even finished sending, and may do so for a while.
  device.send(Buffer.alloc(256 * 1024))
  expect(await device.ended).toBe('clean')
  expect((await server.outcome()).failure).toBeUndefined()
})

test('an early chunked answer reaches the device whole', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.until('\r\n\r\n')
    peer.end('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n')
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send(chunk(GATHERED))
  expect(await device.response()).toMatchObject({ body: 'no', framing: 'chunked' })
  expect(await device.ended).toBe('clean')
})

test('an early answer lets the device finish its body, and a second request starts afresh', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    const request = await peer.request()
    if (request?.startLine.startsWith('GET') === true) peer.write(OK)
    else peer.end(OK)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 5')
  device.send('hello')
  expect((await device.response()).body).toBe('ok')
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
})

test('a body that is broken in the middle reaches the upstream as broken', async () => {
  const { peer, script } = firstPeer()
  await using upstream = await rawUpstream(goodServer, script)
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send(chunk(`${GATHERED}hello`))
  await (await peer).until('hello')
  device.send('zz\r\nGET /SMUGGLED HTTP/1.1\r\n\r\n')
  await (
    await peer
  ).closed
  expect((await peer).pending).not.toContain('SMUGGLED')
  expect((await peer).pending).not.toContain('\r\n0\r\n')
})

test('broken exchanges leave no connection behind', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port)
  for (const round of [1, 2, 3, 4, 5]) {
    await using device = await Device.to(server.port)
    device.request('POST /', 'Content-Length: 100000')
    device.send(`${GATHERED}half`)
    await expect.poll(() => upstream.peers[round - 1]?.pending).toContain('half')
    device.disconnect()
    expect(await server.outcome(round)).toMatchObject({ ...HUNG_UP, bytesIn: GATHERED.length + 4 })
  }
  await expect.poll(() => server.upstream.connections).toBe(0)
})
