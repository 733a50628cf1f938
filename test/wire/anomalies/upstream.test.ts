/**
 * An upstream that falls silent, hangs up or is reset, at every moment of an exchange: the device learns that it got
 * nothing, or sees the answer break; there is one record; and the next device is served.
 */
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { productWithUpstream } from '../../support/front-ends/product-with-upstream.ts'
import type { UpstreamPeer } from '../../support/upstreams/raw-upstream.ts'

/** How far it came before it went wrong. */
interface Moment {
  readonly moment: string
  readonly before: (peer: UpstreamPeer) => Promise<void> | void
  /** The head of the answer was out. */
  readonly answering: boolean
}

const said = (text: string) => async (peer: UpstreamPeer) => {
  await peer.request()
  peer.write(text)
}

const MOMENTS: readonly Moment[] = [
  { moment: 'before it read the request', before: () => {}, answering: false },
  { moment: 'after the request', before: said(''), answering: false },
  { moment: 'inside the status line', before: said('HTTP/1.1 20'), answering: false },
  {
    moment: 'inside a field of the answer',
    before: said('HTTP/1.1 200 OK\r\nContent-Le'),
    answering: false,
  },
  {
    moment: 'after an interim response',
    before: said('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'),
    answering: false,
  },
  {
    moment: 'after the head of the answer',
    before: said('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'),
    answering: true,
  },
  {
    moment: 'inside a body with a length',
    before: said('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
    answering: true,
  },
  {
    moment: 'inside a chunk',
    before: said('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf'),
    answering: true,
  },
  {
    moment: 'between two chunks',
    before: said('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    answering: true,
  },
]

interface End {
  readonly end: string
  readonly act: (peer: UpstreamPeer) => void
  /** What the record says, before and after the answer's head. */
  readonly failures: readonly [before: string, after: string]
  readonly status: number
}

const ENDS: readonly End[] = [
  {
    end: 'falls silent',
    act: () => {},
    failures: ['response-timeout', 'body-timeout'],
    status: 504,
  },
  { end: 'hangs up', act: (peer) => peer.end(), failures: ['reset', 'reset'], status: 502 },
  { end: 'is reset', act: (peer) => peer.reset(), failures: ['reset', 'reset'], status: 502 },
]

/** Long enough for a busy machine to get an answer through, short enough to wait for. */
const SOON = ['connections: 1', 'connect: 1s', 'responseHeaders: 500ms', 'bodyIdle: 500ms']

for (const { moment, before, answering } of MOMENTS) {
  for (const { end, act, failures, status } of ENDS) {
    test(`an upstream that ${end} ${moment} costs one answer`, async () => {
      await using stage = await productWithUpstream(
        async (peer) => {
          await before(peer)
          act(peer)
        },
        { upstreamLimits: SOON },
      )
      {
        await using device = await stage.device()
        stage.request(device, 'POST /device/x', 'Content-Length: 4')
        device.send('body')
        if (answering) await expect(device.response()).rejects.toThrow('connection over')
        else {
          let answer = await device.response()
          if (answer.startLine.includes(' 103 ')) answer = await device.response()
          expect(answer.startLine).toContain(` ${status} `)
        }
      }
      const [record] = await stage.expectCleanState(1)
      expect(record).toMatchObject({
        code: 'verified',
        status: answering ? 200 : status,
        failure: failures[answering ? 1 : 0],
      })
    })
  }
}

test('an upstream that is reset inside a body without a length does not make half of it look whole', async () => {
  await using stage = await productWithUpstream(async (peer) => {
    await said('HTTP/1.1 200 OK\r\n\r\nhalf')(peer)
    peer.reset()
  })
  {
    await using device = await stage.device()
    stage.request(device, 'GET /device/x')
    await expect(device.response()).rejects.toThrow('connection over')
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 200, failure: 'reset' })
})

test('an upstream that takes no body is given up', async () => {
  await using stage = await productWithUpstream((peer) => void peer.socket.pause(), {
    upstreamLimits: SOON,
  })
  {
    await using device = await stage.device()
    stage.request(device, 'POST /device/x', 'Content-Length: 50000000')
    const block = Buffer.alloc(1 << 20)
    for (let sent = 0; sent < 50; sent++) device.send(block)
    expect((await device.response()).startLine).toContain(' 504 ')
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 504, failure: 'body-timeout' })
})

/** What becomes of the first TCP connection, before any TLS. */
const GATES: readonly {
  readonly promise: string
  readonly gate: (socket: Socket) => void
  readonly status: number
  readonly failure: string
}[] = [
  {
    promise: 'never shakes hands',
    gate: () => {},
    status: 504,
    failure: 'connect-timeout',
  },
  {
    promise: 'hangs up before the handshake',
    gate: (socket) => socket.destroy(),
    status: 502,
    failure: 'reset',
  },
  {
    promise: 'is reset in the handshake',
    gate: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    status: 502,
    failure: 'reset',
  },
  {
    promise: 'does not speak TLS',
    gate: (socket) => void socket.end('220 smtp ready\r\n'),
    status: 502,
    failure: 'tls-handshake',
  },
]

for (const { promise, gate, status, failure } of GATES) {
  test(`an upstream that ${promise} costs one answer`, async () => {
    await using stage = await productWithUpstream(undefined, { gate, upstreamLimits: SOON })
    {
      await using device = await stage.device()
      stage.request(device, 'GET /device/x')
      expect((await device.response()).startLine).toContain(` ${status} `)
    }
    const [record] = await stage.expectCleanState(1)
    expect(record).toMatchObject({ status, failure })
  })
}
