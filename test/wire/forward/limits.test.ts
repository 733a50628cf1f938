import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const LIMIT = 1000

test('a body that says it is too large never reaches the upstream', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { bodyBytes: LIMIT })
  await using device = await Device.to(server.port)
  device.request('POST /', `Content-Length: ${LIMIT + 1}`)
  const refusal = await device.response()
  expect(refusal.startLine).toBe('HTTP/1.1 413 Payload Too Large')
  expect(valuesOf(refusal, 'content-type')).toEqual(['application/problem+json'])
  expect(upstream.peers.length).toBe(0)
  expect((await server.outcome()).failure).toEqual({ kind: 'request-too-large', limit: LIMIT })
})

test('a body of exactly the limit is let through', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { bodyBytes: LIMIT })
  await using device = await Device.to(server.port)
  device.request('POST /', `Content-Length: ${LIMIT}`)
  device.send(Buffer.alloc(LIMIT))
  expect((await device.response()).body).toBe('ok')
})

test('a chunked body that grows too large is cut off on both sides', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await forwardingServer(upstream.port, { bodyBytes: 20_000 })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send(`4e20\r\n${'a'.repeat(20_000)}\r\n`)
  await expect.poll(() => upstream.peers[0]?.pending).toContain('aaa')
  device.send('1\r\nb\r\n')
  expect((await device.response()).startLine).toBe('HTTP/1.1 413 Payload Too Large')
  await upstream.peers[0]?.closed
  expect(upstream.peers[0]?.pending).not.toContain('\r\n0\r\n')
})

test('a chunked body of exactly the limit is let through', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { bodyBytes: LIMIT })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send(`3e8\r\n${'a'.repeat(LIMIT)}\r\n0\r\n\r\n`)
  expect((await device.response()).body).toBe('ok')
})

test('a refused small body does not put the connection out of step', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { bodyBytes: 10 })
  await using device = await Device.to(server.port)
  // The body is itself a request: a server that loses count would serve it.
  const body = 'GET /SMUGGLED HTTP/1.1\r\nHost: front.test\r\n\r\n'
  device.request('POST /', `Content-Length: ${body.length}`)
  expect((await device.response()).startLine).toBe('HTTP/1.1 413 Payload Too Large')
  device.send(body)
  device.request('GET /next')
  expect((await device.response()).body).toBe('ok')
  expect(device.pending).toBe('')
  expect(server.outcomes.length).toBe(2)
})

test('a refused large body ends the connection, cleanly', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { bodyBytes: LIMIT })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 10000000')
  device.send(Buffer.alloc(1_000_000))
  const refusal = await device.response()
  expect(valuesOf(refusal, 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('a refused HEAD has no body', async () => {
  await using upstream = await rawUpstream(goodServer, (peer) => peer.reset())
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('HEAD /')
  const refusal = await device.response('no-body')
  expect(refusal.startLine).toBe('HTTP/1.1 502 Bad Gateway')
  device.request('GET /')
  const next = await device.response()
  expect(Number(valuesOf(refusal, 'content-length')[0])).toBe(next.body.length)
  expect(valuesOf(next, 'cache-control')).toEqual(['no-store'])
})

test('the device learns the reference of a failure, and nothing about the upstream', async () => {
  const port = await claimPort()
  await using server = await forwardingServer(port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const { head, body } = await device.response()
  expect(body).toContain('ref-1')
  expect(head + body).not.toContain('127.0.0.1')
  expect(head + body).not.toContain(String(port))
  expect(head + body).not.toContain('mdm')
})
