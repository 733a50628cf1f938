import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { valuesOf, type RawMessage } from '../../support/http/raw-message.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

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
    expect: { framing: 'chunked', body: '' },
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
    await using server = await forwardingServer(upstream.port)
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
    await using server = await forwardingServer(upstream.port)
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
