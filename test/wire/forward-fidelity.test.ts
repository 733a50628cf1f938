import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import { front, goodServer } from '../support/forward-front.ts'
import { valuesOf, type RawMessage } from '../support/raw-message.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

test('a request reaches the upstream with method, target and end-to-end fields as they were sent', async () => {
  let seen: RawMessage | undefined
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    seen = await peer.request()
    peer.write(OK)
  })
  await using server = await front(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /mdm/Checkin?q=%41&x=/%C3%A4', 'x-Odd-Case: 1', 'Accept: a', 'accept: b')
  expect((await device.response()).body).toBe('ok')
  expect(seen?.startLine).toBe('GET /mdm/Checkin?q=%41&x=/%C3%A4 HTTP/1.1')
  expect(seen?.fields.filter(([name]) => name !== 'connection')).toEqual([
    ['host', 'front.test'],
    ['x-Odd-Case', '1'],
    ['Accept', 'a'],
    ['accept', 'b'],
  ])
})

test('a response reaches the device with status, reason, names, order and repetitions as they were sent', async () => {
  const answer =
    'HTTP/1.1 207 Odd Reason\r\nSet-Cookie: a=1\r\nx-lower: \xe4\r\nSET-COOKIE: b=2\r\nContent-Length: 3\r\nDate: now\r\n\r\nabc'
  await using upstream = await rawUpstream(goodServer, answering(answer))
  await using server = await front(upstream.port)
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

interface Framed {
  readonly promise: string
  readonly line: string
  readonly lines: readonly string[]
  readonly body: string
  readonly expect: Pick<RawMessage, 'framing' | 'body'>
}

const framings: readonly Framed[] = [
  {
    promise: 'a body of known length keeps its length',
    line: 'POST /a',
    lines: ['Content-Length: 5'],
    body: 'hello',
    expect: { framing: 'length', body: 'hello' },
  },
  {
    promise: 'a chunked body stays chunked',
    line: 'PUT /a',
    lines: ['Transfer-Encoding: chunked'],
    body: '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    expect: { framing: 'chunked', body: 'hello' },
  },
  {
    promise: 'a DELETE with a chunked body is framed, not left open',
    line: 'DELETE /a',
    lines: ['Transfer-Encoding: chunked'],
    body: '5\r\nhello\r\n0\r\n\r\n',
    expect: { framing: 'chunked', body: 'hello' },
  },
  {
    promise: 'a GET with a body of known length keeps both',
    line: 'GET /a',
    lines: ['Content-Length: 5'],
    body: 'hello',
    expect: { framing: 'length', body: 'hello' },
  },
  {
    promise: 'an empty chunked body arrives empty',
    line: 'POST /a',
    lines: ['Transfer-Encoding: chunked'],
    body: '0\r\n\r\n',
    expect: { framing: 'length', body: '' },
  },
  {
    promise: 'a POST of length zero says so',
    line: 'POST /a',
    lines: ['Content-Length: 0'],
    body: '',
    expect: { framing: 'length', body: '' },
  },
  {
    promise: 'an OPTIONS without a body has none',
    line: 'OPTIONS /a',
    lines: [],
    body: '',
    expect: { framing: 'none', body: '' },
  },
]

for (const { promise, line, lines, body, expect: expected } of framings) {
  test(promise, async () => {
    const seen: RawMessage[] = []
    await using upstream = await rawUpstream(goodServer, async (peer) => {
      for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
        seen.push(next)
        peer.write(OK)
      }
    })
    await using server = await front(upstream.port)
    await using device = await Device.to(server.port)
    device.request(line, ...lines)
    device.send(body)
    expect((await device.response()).body).toBe('ok')
    // The next one shows that both connections stayed in step.
    device.request('GET /next')
    expect((await device.response()).body).toBe('ok')
    expect(seen[0]).toMatchObject(expected)
    expect(seen.map(({ startLine }) => startLine)).toEqual([
      `${line} HTTP/1.1`,
      'GET /next HTTP/1.1',
    ])
  })
}

interface Bodiless {
  readonly promise: string
  readonly method: string
  readonly answer: string
  readonly length: readonly string[]
}

const bodiless: readonly Bodiless[] = [
  {
    promise: 'a HEAD answer keeps the length of the body it does not have',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n',
    length: ['12345'],
  },
  {
    promise: 'a HEAD answer without a length stays without',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    length: [],
  },
  {
    promise: 'a 304 keeps the length of the body it stands for',
    method: 'GET',
    answer: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: "x"\r\n\r\n',
    length: ['99'],
  },
  {
    promise: 'a 204 has neither body nor length',
    method: 'GET',
    answer: 'HTTP/1.1 204 No Content\r\n\r\n',
    length: [],
  },
]

for (const { promise, method, answer, length } of bodiless) {
  test(promise, async () => {
    await using upstream = await rawUpstream(goodServer, answering(answer))
    await using server = await front(upstream.port)
    await using device = await Device.to(server.port)
    for (const _ of [1, 2]) {
      device.request(`${method} /`)
      const response = await device.response('no-body')
      expect(response.startLine).toBe(answer.split('\r\n')[0])
      expect(valuesOf(response, 'content-length')).toEqual(length)
    }
    expect(device.pending).toBe('')
  })
}

test('a body that ends with the connection is chunked towards the device', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.end('HTTP/1.0 200 OK\r\n\r\nuntil the end')
  })
  await using server = await front(upstream.port)
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
  await using server = await front(upstream.port)
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
  await using server = await front(upstream.port)
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
  await using server = await front(upstream.port)
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
  await using server = await front(upstream.port)
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
  await using server = await front(upstream.port)
  await using device = await Device.to(server.port)
  device.request('PUT /', 'Expect: 100-continue', 'Content-Length: 4')
  expect((await device.response()).startLine).toBe('HTTP/1.1 100 Continue')
  device.send('body')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  expect(seen?.body).toBe('body')
  expect(seen?.head.toLowerCase()).not.toContain('expect')
})

test('a device whose upstream is unreachable is not told to send its body', async () => {
  const port = await (async () => {
    await using gone = await rawUpstream(goodServer, () => {})
    return gone.port
  })()
  await using server = await front(port)
  await using device = await Device.to(server.port)
  device.request('PUT /', 'Expect: 100-continue', 'Content-Length: 4')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect(await device.ended).toBe('clean')
  expect((await server.outcome()).failure).toEqual({
    kind: 'refused',
    address: `127.0.0.1:${port}`,
  })
})

test('the last answer of a draining listener ends its connection', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await front(upstream.port, { last: true })
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
  await using server = await front(upstream.port)
  await using device = await Device.to(server.port)
  for (const path of ['/1', '/2', '/3']) device.request(`GET ${path}`)
  for (const path of ['/1', '/2', '/3']) expect((await device.response()).body).toBe(path)
})

test('one connection carries one request after the other', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await front(upstream.port)
  await using device = await Device.to(server.port)
  for (const _ of Array.from({ length: 5 })) {
    device.request('GET /')
    await device.response()
  }
  expect(upstream.peers.length).toBe(1)
})
