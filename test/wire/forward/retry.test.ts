/**
 * A kept connection may be dead by the time it is used. undici notices most of these deaths before it writes
 * (it looks at the socket once more, and our leg then says that it is spent); the rest show as a reset before
 * any answer, and only there does the method decide.
 */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream, type Script } from '../../support/upstreams/raw-upstream.ts'

/** Serves one request per connection, and dies when it has read the second. */
const diesOnSecond =
  (from: (text: string) => void): Script =>
  async (peer, connection) => {
    const first = await peer.request()
    from(`${connection}: ${first?.startLine}`)
    peer.write(OK)
    const second = await peer.request()
    if (second === undefined) return
    from(`${connection}: ${second.startLine}`)
    peer.reset()
  }

interface Row {
  readonly promise: string
  readonly line: string
  readonly body?: string
  readonly status: string
  readonly retried: boolean
}

const rows: readonly Row[] = [
  {
    promise: 'a GET on a connection that turns out dead is sent once more',
    line: 'GET /2',
    status: '200 OK',
    retried: true,
  },
  {
    promise: 'a HEAD on a connection that turns out dead is sent once more',
    line: 'HEAD /2',
    status: '200 OK',
    retried: true,
  },
  {
    promise: 'an OPTIONS on a connection that turns out dead is sent once more',
    line: 'OPTIONS /2',
    status: '200 OK',
    retried: true,
  },
  {
    promise: 'a POST is never sent twice',
    line: 'POST /2',
    body: 'Content-Length: 0\r\n\r\n',
    status: '502 Bad Gateway',
    retried: false,
  },
  {
    promise: 'a DELETE is never sent twice',
    line: 'DELETE /2',
    status: '502 Bad Gateway',
    retried: false,
  },
  {
    promise: 'a GET with a body is never sent twice',
    line: 'GET /2',
    body: 'Content-Length: 2\r\n\r\nhi',
    status: '502 Bad Gateway',
    retried: false,
  },
]

for (const { promise, line, body, status, retried } of rows) {
  test(promise, async () => {
    const seen: string[] = []
    await using upstream = await rawUpstream(
      goodServer,
      diesOnSecond((text) => seen.push(text)),
    )
    await using server = await forwardingServer(upstream.port)
    await using device = await Device.to(server.port)
    device.request('GET /1')
    await device.response()
    if (body === undefined) device.request(line)
    else device.send(`${line} HTTP/1.1\r\nHost: front.test\r\n${body}`)
    const answer = await device.response(line.startsWith('HEAD') ? 'no-body' : 'response')
    expect(answer.startLine).toBe(`HTTP/1.1 ${status}`)
    expect(await server.outcome(2)).toMatchObject({
      retried,
      failure: retried ? undefined : { kind: 'reset', during: 'request' },
    })
    const again = retried ? [`2: ${line} HTTP/1.1`] : []
    expect(seen).toEqual(['1: GET /1 HTTP/1.1', `1: ${line} HTTP/1.1`, ...again])
  })
}

test('a GET is sent once more and no oftener', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer, connection) => {
    if (connection > 1) {
      peer.reset()
      return
    }
    await peer.request()
    peer.write(OK)
    await peer.request()
    peer.reset()
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /1')
  await device.response()
  device.request('GET /2')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect(await server.outcome(2)).toMatchObject({ retried: true })
  expect(upstream.peers.length).toBe(2)
})

test('a GET on a new connection is never sent twice', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.reset()
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect(upstream.peers.length).toBe(1)
})

test('a GET whose answer had begun is never sent twice', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(OK)
    await peer.request()
    peer.end('HTTP/1.1 2')
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /1')
  await device.response()
  device.request('GET /2')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect(upstream.peers.length).toBe(1)
})

test('a POST after the upstream closed its kept connection goes over a new one', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(OK)
    peer.end()
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  for (const _ of [1, 2, 3, 4, 5]) {
    device.request('POST /', 'Content-Length: 2')
    device.send('hi')
    expect((await device.response()).body).toBe('ok')
  }
  expect(upstream.peers.length).toBe(5)
  expect(server.outcomes.map(({ failure }) => failure)).toEqual(Array(5).fill(undefined))
})
