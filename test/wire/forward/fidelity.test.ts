import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { valuesOf, type RawMessage } from '../../support/http/raw-message.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

test('a request reaches the upstream with method, target and end-to-end fields as they were sent', async () => {
  let seen: RawMessage | undefined
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    seen = await peer.request()
    peer.write(OK)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /mdm/Checkin?q=%41&x=/%C3%A4', 'x-Odd-Case: 1', 'Accept: a', 'accept: b')
  expect((await device.response()).body).toBe('ok')
  expect(seen?.startLine).toBe('GET /mdm/Checkin?q=%41&x=/%C3%A4 HTTP/1.1')
  expect(seen?.fields.filter(([name]) => name !== 'connection')).toEqual([
    ['Host', 'front.test'],
    ['x-Odd-Case', '1'],
    ['Accept', 'a'],
    ['accept', 'b'],
  ])
})

test('a response reaches the device with status, reason, names, order and repetitions as they were sent', async () => {
  const answer =
    'HTTP/1.1 207 Odd Reason\r\nSet-Cookie: a=1\r\nx-lower: \xe4\r\nSET-COOKIE: b=2\r\nContent-Length: 3\r\nDate: now\r\n\r\nabc'
  await using upstream = await rawUpstream(goodServer, answering(answer))
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const response = await device.response()
  expect(response.startLine).toBe('HTTP/1.1 207 Odd Reason')
  expect(response.fields.slice(0, 5)).toEqual([
    ['Set-Cookie', 'a=1'],
    ['x-lower', '\xe4'],
    ['SET-COOKIE', 'b=2'],
    ['Content-Length', '3'],
    ['Date', 'now'],
  ])
  expect(response.body).toBe('abc')
})

test('a body that ends with the connection is chunked towards the device', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.end('HTTP/1.0 200 OK\r\n\r\nuntil the end')
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect(await device.response()).toMatchObject({ framing: 'chunked', body: 'until the end' })
  expect((await server.outcome()).failure).toBeUndefined()
})

test('response trailers reach the device, without those that name a device or belong in a head', async () => {
  const answer = [
    'HTTP/1.1 200 OK',
    'Transfer-Encoding: chunked',
    'Trailer: X-Sum',
    '',
    '2',
    'ok',
    '0',
    'X-Sum: 1',
    'Client-Cert: :AA==:',
    'Set-Cookie: a=b',
    'Connection: close',
    '',
    '',
  ].join('\r\n')
  await using upstream = await rawUpstream(goodServer, answering(answer))
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const response = await device.response()
  expect(response.body).toBe('ok')
  expect(response.trailers).toEqual(['X-Sum: 1'])
})

test('request trailers never reach the upstream', async () => {
  let seen: RawMessage | undefined
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    seen = await peer.request()
    peer.write(OK)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked', 'Trailer: X-Client-Cert')
  device.send('2\r\nhi\r\n0\r\nX-Client-Cert: EVIL\r\nClient-Cert: EVIL\r\n\r\n')
  await device.response()
  expect(seen).toMatchObject({ body: 'hi', trailers: [] })
  expect(seen?.head).not.toContain('EVIL')
})

test('early hints reach the device before the answer', async () => {
  await using upstream = await rawUpstream(
    goodServer,
    answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${OK}`),
  )
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const hints = await device.response()
  expect(hints.startLine).toBe('HTTP/1.1 103 Early Hints')
  expect(valuesOf(hints, 'link')).toEqual(['</a>; rel=preload'])
  expect((await device.response()).body).toBe('ok')
})

test('a device that speaks HTTP/1.0 gets no early hints', async () => {
  await using upstream = await rawUpstream(
    goodServer,
    answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`),
  )
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.send('GET / HTTP/1.0\r\nHost: front.test\r\n\r\n')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
})

test('Expect stops here: the device is told to go on, and the upstream never sees it', async () => {
  let seen: RawMessage | undefined
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    seen = await peer.request()
    peer.write(OK)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('PUT /', 'Expect: 100-continue', 'Content-Length: 4')
  expect((await device.response()).startLine).toBe('HTTP/1.1 100 Continue')
  device.send('body')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  expect(seen?.body).toBe('body')
  expect(seen?.head.toLowerCase()).not.toContain('expect')
})

test('a device that asks first is told to go on before an upstream is called', async () => {
  const port = await claimPort()
  await using server = await forwardingServer(port)
  await using device = await Device.to(server.port)
  device.request('PUT /', 'Expect: 100-continue', 'Content-Length: 4')
  expect((await device.response()).startLine).toBe('HTTP/1.1 100 Continue')
  device.send('body')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect((await server.outcome()).failure).toEqual({
    kind: 'refused',
    address: `127.0.0.1:${port}`,
  })
})

test('the last answer of a draining listener ends its connection', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { last: true })
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect(valuesOf(await device.response(), 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('pipelined requests are answered in their order', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
      const path = next.startLine.split(' ')[1] ?? ''
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  for (const path of ['/1', '/2', '/3']) device.request(`GET ${path}`)
  for (const path of ['/1', '/2', '/3']) expect((await device.response()).body).toBe(path)
})

test('one connection carries one request after the other', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  for (const _ of Array.from({ length: 5 })) {
    device.request('GET /')
    await device.response()
  }
  expect(upstream.peers.length).toBe(1)
})
