import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** Long enough to tell it from the others, short enough to wait for. */
const SOON = 150

test('an upstream that never answers is a 504', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port, { limits: { responseHeaders: SOON } })
  await using device = await Device.to(server.port)
  device.request('GET /')
  const refusal = await device.response()
  expect(refusal.startLine).toBe('HTTP/1.1 504 Gateway Timeout')
  expect(valuesOf(refusal, 'proxy-status')).toEqual(['tfe; error=http_response_timeout'])
  expect((await server.outcome()).failure).toEqual({ kind: 'response-timeout', limit: SOON })
  await upstream.peers[0]?.closed
})

test('the wait for an answer begins with the end of the request', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    const request = await peer.request()
    if (request?.startLine.startsWith('POST') === true) peer.write(OK)
  })
  await using server = await forwardingServer(upstream.port, { limits: { responseHeaders: 1000 } })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 20000')
  device.send(`${'a'.repeat(19_998)}g`)
  await expect.poll(() => upstream.peers[0]?.pending).toContain('g')
  {
    // It is whole, and has no answer: when its wait is over, a wait from the first octet of the other would be.
    await using whole = await Device.to(server.port)
    whole.request('GET /')
    expect((await whole.response()).startLine).toBe('HTTP/1.1 504 Gateway Timeout')
  }
  device.send('h')
  expect((await device.response()).body).toBe('ok')
})

test('an upstream that stops in the middle of its answer breaks it', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  })
  await using server = await forwardingServer(upstream.port, { limits: { bodyIdle: SOON } })
  await using device = await Device.to(server.port)
  device.request('GET /')
  await expect(device.response()).rejects.toThrow('connection over')
  expect((await server.outcome()).failure).toEqual({
    kind: 'body-timeout',
    waiting: 'to-read',
    limit: SOON,
  })
})

test('a device that stops in the middle of its body is a 408, and the upstream request ends', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port, { bodyIdle: SOON })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 100000')
  device.send('a'.repeat(20_000))
  expect((await device.response()).startLine).toBe('HTTP/1.1 408 Request Timeout')
  expect((await server.outcome()).failure).toEqual({ kind: 'request-timeout', limit: SOON })
  await upstream.peers[0]?.closed
})

test('a device that stops reading frees the upstream', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n`)
    const block = Buffer.alloc(1 << 16)
    while (!peer.socket.destroyed) {
      await new Promise((resolve) => peer.socket.write(block, resolve))
    }
  })
  await using server = await forwardingServer(upstream.port, { bodyIdle: 400 })
  await using device = await Device.to(server.port)
  device.request('GET /')
  device.socket.pause()
  expect((await server.outcome()).failure).toEqual({
    kind: 'device-gone',
    how: 'stopped-reading',
  })
  await upstream.peers[0]?.closed
})

test('an upstream that stops taking a body is a 504', async () => {
  await using upstream = await rawUpstream(goodServer, (peer) => {
    peer.socket.pause()
  })
  await using server = await forwardingServer(upstream.port, { limits: { bodyIdle: 400 } })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 100000000')
  const block = Buffer.alloc(1 << 16)
  const sending = async (): Promise<void> => {
    while (!device.socket.destroyed && device.pending === '') {
      await new Promise((resolve) => device.socket.write(block, resolve))
    }
  }
  void sending()
  expect((await device.response()).startLine).toBe('HTTP/1.1 504 Gateway Timeout')
  expect((await server.outcome()).failure).toEqual({
    kind: 'body-timeout',
    waiting: 'to-write',
    limit: 400,
  })
})

test('a server that accepts and never shakes hands is a connect timeout', async () => {
  const { createServer } = await import('node:net')
  const mute = createServer(() => {})
  await new Promise<void>((resolve) => {
    mute.listen(0, '127.0.0.1', resolve)
  })
  const { port } = mute.address() as { port: number }
  await using server = await forwardingServer(port, { limits: { connect: SOON } })
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect((await device.response()).startLine).toBe('HTTP/1.1 504 Gateway Timeout')
  expect((await server.outcome()).failure).toEqual({ kind: 'connect-timeout', limit: SOON })
  mute.close()
})

test('a request that waits for a busy connection too long is a 503', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port, {
    limits: { connections: 1, connect: SOON },
  })
  await using first = await Device.to(server.port)
  first.request('GET /1')
  await expect.poll(() => upstream.peers[0]?.pending).toContain('/1')
  await using second = await Device.to(server.port)
  second.request('GET /2')
  const refusal = await second.response()
  expect(refusal.startLine).toBe('HTTP/1.1 503 Service Unavailable')
  expect((await server.outcome()).failure).toMatchObject({ kind: 'overloaded', connections: 1 })
})

test('more requests than may wait are refused at once', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port, { limits: { connections: 1 } })
  await using devices = new AsyncDisposableStack()
  // One on the connection, four waiting, and one too many.
  for (const _ of Array.from({ length: 6 })) {
    const device = devices.use(await Device.to(server.port))
    device.request('GET /')
  }
  expect((await server.outcome()).failure).toEqual({
    kind: 'overloaded',
    connections: 1,
    waiting: 4,
    held: 0,
    top: undefined,
  })
})
