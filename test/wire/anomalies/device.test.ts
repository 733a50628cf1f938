/**
 * A device that falls silent, hangs up or resets its connection, at every moment of a request: one record if there
 * was a request, nothing left behind, and the next device is served.
 */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { expect, test } from 'vitest'
import type { Device } from '../../support/devices/device.ts'
import { productWithUpstream } from '../../support/front-ends/product-with-upstream.ts'
import { type Script, type UpstreamPeer } from '../../support/upstreams/raw-upstream.ts'

/** What the upstream does when the request has come that far; it settles when the device may go. */
type Upstream = (peer: UpstreamPeer) => Promise<void>

interface Moment {
  readonly moment: string
  readonly sent: string
  /** Settles when what was sent has arrived where the moment wants it. */
  readonly arrived: Upstream | 'at once'
  /** What the record says; without a whole head there is none. */
  readonly record: Readonly<Record<string, unknown>> | undefined
}

const HEAD = 'POST /device/x HTTP/1.1\r\nHost: localhost\r\n'
const GONE = { code: 'verified', status: 0, failure: 'device-gone' }
/** What is gathered of a body before the upstream is asked. */
const GATHERED = 'x'.repeat(16_384)
const GATHERED_CHUNK = `4000\r\n${GATHERED}\r\n`
/** More than all buffers between the upstream and a device that does not read. */
const LARGE = 50_000_000

const MOMENTS: readonly Moment[] = [
  { moment: 'before it says anything', sent: '', arrived: 'at once', record: undefined },
  {
    moment: 'inside the request line',
    sent: 'POST /dev',
    arrived: 'at once',
    record: undefined,
  },
  {
    moment: 'inside a field',
    sent: `${HEAD}X-Half: wa`,
    arrived: 'at once',
    record: undefined,
  },
  {
    moment: 'inside a body with a length',
    sent: `${HEAD}Content-Length: 20000\r\n\r\n${GATHERED}half`,
    arrived: (peer) => peer.until('half'),
    record: GONE,
  },
  {
    moment: 'inside a chunk',
    sent: `${HEAD}Transfer-Encoding: chunked\r\n\r\n${GATHERED_CHUNK}8\r\nhalf`,
    arrived: (peer) => peer.until('half'),
    record: GONE,
  },
  {
    moment: 'before the trailers of a chunked body end',
    sent: `${HEAD}Transfer-Encoding: chunked\r\n\r\n${GATHERED_CHUNK}4\r\nhalf\r\n0\r\nX-Half: wa`,
    arrived: (peer) => peer.until('half'),
    record: GONE,
  },
  {
    moment: 'before the answer',
    sent: `${HEAD}Content-Length: 4\r\n\r\nbody`,
    arrived: async (peer) => void (await peer.request()),
    record: GONE,
  },
  {
    moment: 'inside the answer',
    sent: `${HEAD}Content-Length: 0\r\n\r\n`,
    arrived: async (peer) => {
      await peer.request()
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`)
      peer.write(Buffer.alloc(LARGE / 2))
    },
    record: { ...GONE, status: 200 },
  },
]

interface End {
  readonly end: string
  readonly act: (device: Device, reset: () => void) => void
}

const ENDS: readonly End[] = [
  { end: 'resets its connection', act: (_, reset) => reset() },
  { end: 'hangs up', act: (device) => device.disconnect() },
  { end: 'ends its half of the connection', act: (device) => void device.socket.end() },
]

for (const { moment, sent, arrived, record } of MOMENTS) {
  for (const { end, act } of ENDS) {
    test(`a device that ${end} ${moment} leaves nothing behind`, async () => {
      const ready = Promise.withResolvers<void>()
      const upstreamFreed = Promise.withResolvers<void>()
      const script: Upstream | undefined =
        arrived === 'at once'
          ? undefined
          : async (peer) => {
              await arrived(peer)
              ready.resolve()
              await peer.closed
              upstreamFreed.resolve()
            }
      await using stage = await productWithUpstream(script)
      {
        const { device, reset } = await stage.resettableDevice()
        await using _ = device
        // Who reads on learns too early that nothing is left to be broken off.
        if (record?.status === 200) device.socket.pause()
        await written(device, sent)
        if (script !== undefined) await ready.promise
        act(device, reset)
        device.socket.resume()
        await device.ended
      }
      // The upstream learns of it, too.
      if (script !== undefined) await upstreamFreed.promise
      const found = await stage.expectCleanState(record === undefined ? 0 : 1)
      if (record !== undefined) expect(found[0]).toMatchObject(record)
    })
  }
}

for (const { end, act } of ENDS) {
  test(`a device that ${end} inside a body that is still gathered was never heard of upstream`, async () => {
    await using stage = await productWithUpstream()
    {
      const { device, reset } = await stage.resettableDevice()
      await using _ = device
      device.send(`${HEAD}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n`)
      // It is admitted now.
      await device.until('100 Continue')
      await written(device, 'half')
      act(device, reset)
      await device.ended
    }
    const [record] = await stage.requestLines(1)
    expect(record).toMatchObject(GONE)
    expect(stage.upstream.peers).toEqual([])
    await stage.expectCleanState(1)
  })
}

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a device that ends its connection between two requests is sent nothing more (${protocol})`, async () => {
    await using stage = await productWithUpstream()
    const below = connectTcp(stage.product.port, '127.0.0.1')
    const over = once(below, 'close')
    {
      await using device = await stage.device({ socket: below, maxVersion: protocol })
      stage.request(device, 'GET /device/x')
      await device.response()
      const received = below.bytesRead
      device.socket.end()
      await over
      expect(below.bytesRead).toBe(received)
    }
    await stage.expectCleanState(1)
  })
}

test('a device that ends its half behind nonsense still reads what became of its request', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    stage.request(device, 'GET /device/x')
    await device.response()
    device.socket.end('no request at all\r\n\r\n')
    expect((await device.response()).startLine).toBe('HTTP/1.1 400 Bad Request')
  }
  await stage.expectCleanState(1)
})

function written(device: Device, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    device.socket.write(text, (error) => (error instanceof Error ? reject(error) : resolve()))
  })
}

test('a device that resets its connection inside the handshake is counted and forgotten', async () => {
  await using stage = await productWithUpstream()
  const socket = connectTcp(stage.product.port, '127.0.0.1')
  await once(socket, 'connect')
  // The beginning of a ClientHello, and no end.
  socket.write(Buffer.from('16030100c8010000c40303', 'hex'), () => socket.resetAndDestroy())
  const line = await stage.product.waitForLine(({ outcome }) => outcome === 'handshake-failed')
  expect(line).toMatchObject({ requests: 0 })
  await stage.expectCleanState(0, { failedHandshakes: 1 })
})

test('a device that speaks plain HTTP to the TLS port is counted and forgotten', async () => {
  await using stage = await productWithUpstream()
  const socket = connectTcp(stage.product.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.end('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const line = await stage.product.waitForLine(({ outcome }) => outcome === 'handshake-failed')
  expect(line).toMatchObject({ requests: 0 })
  await stage.expectCleanState(0, { failedHandshakes: 1 })
})

test('a device that says nothing after its handshake is told so, and let go', async () => {
  await using stage = await productWithUpstream(undefined, { limits: ['headers: 200ms'] })
  {
    await using device = await stage.device()
    await device.ended
  }
  await stage.expectCleanState(0)
})

test('a device that never ends its header section is told so, and let go', async () => {
  await using stage = await productWithUpstream(undefined, { limits: ['headers: 200ms'] })
  {
    await using device = await stage.device()
    device.send(`${HEAD}X-Half: wa`)
    expect((await device.response()).startLine).toContain(' 408 ')
    await device.ended
  }
  const line = await stage.product.waitForLine(({ msg }) => msg === 'connection')
  expect(line).toMatchObject({ outcome: 'refused', code: 'unparsable-header-timeout' })
  await stage.expectCleanState(0)
})

test('a body that stands still is given up by both sides', async () => {
  const freed = Promise.withResolvers<void>()
  await using stage = await productWithUpstream(
    async (peer) => {
      await peer.closed
      freed.resolve()
    },
    { limits: ['bodyIdle: 300ms'] },
  )
  {
    await using device = await stage.device()
    device.send(`${HEAD}Content-Length: 20000\r\n\r\n${GATHERED}half`)
    expect((await device.response()).startLine).toContain(' 408 ')
    await device.ended
  }
  await freed.promise
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 408, failure: 'request-timeout' })
})

const LAST = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'

test('a body that drips is let through as long as it moves', async () => {
  let tail = ''
  let arrived = Promise.withResolvers<void>()
  const upstream: Script = ({ socket }) => {
    // Thousands of drops: only the last octets are kept.
    socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-32)
      arrived.resolve()
      if (tail.endsWith('0\r\n\r\n')) socket.end(LAST)
    })
  }
  const options = { limits: ['bodyIdle: 1s'], upstreamLimits: ['connections: 2'] }
  await using stage = await productWithUpstream(upstream, options)
  let drops = 0
  {
    await using device = await stage.device()
    device.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${GATHERED_CHUNK}`)
    const drip = async (): Promise<void> => {
      drops += 1
      const octets = `d${String(drops).padStart(7, '0')}`
      device.send(`8\r\n${octets}\r\n`)
      while (!tail.includes(octets)) {
        await arrived.promise
        arrived = Promise.withResolvers<void>()
      }
    }
    await drip()
    // It begins later and stands still: when its time is over, so would be that of the first drop.
    await using still = await stage.device()
    still.send(`${HEAD}Content-Length: 10\r\n\r\nhalf`)
    while (!still.pending.includes(' 408 ')) await drip()
    device.send('0\r\n\r\n')
    expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  }
  const records = await stage.expectCleanState(2)
  expect(records[0]).toMatchObject({ status: 408, failure: 'request-timeout' })
  expect(records[1]).toMatchObject({ status: 200, bytes_in: GATHERED.length + 8 * drops })
})

test('a body of which an octet comes now and then stands still', async () => {
  await using stage = await productWithUpstream(undefined, { limits: ['bodyIdle: 1s'] })
  {
    await using device = await stage.device()
    device.send(`${HEAD}Content-Length: 1000\r\n\r\n`)
    // Far less than sixteen a second, and never a whole second without one.
    const drip = setInterval(() => device.send('.'), 200)
    try {
      expect((await device.response()).startLine).toContain(' 408 ')
    } finally {
      clearInterval(drip)
    }
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 408, failure: 'request-timeout' })
  expect(record?.['bytes_in']).toBeLessThan(1000)
})

test('a device that stops reading its answer is let go, and so is the upstream', async () => {
  const freed = Promise.withResolvers<void>()
  await using stage = await productWithUpstream(
    async (peer) => {
      await peer.request()
      peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`)
      peer.write(Buffer.alloc(LARGE))
      await peer.closed
      freed.resolve()
    },
    { limits: ['bodyIdle: 300ms'] },
  )
  {
    await using device = await stage.device()
    device.socket.pause()
    stage.request(device, 'GET /device/x')
    await freed.promise
    device.socket.resume()
    await device.ended
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 200, failure: 'device-gone' })
})
