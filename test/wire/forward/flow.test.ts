/**
 * Large bodies and slow readers: a slow reader slows the sender down, and the front end holds next to nothing.
 */
import { memoryUsage } from 'node:process'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const MIB = 1024 * 1024
const SIZE = 64 * MIB
const BLOCK = Buffer.alloc(64 * 1024, 'x')
/** What may lie in our buffers, undici's, Node's and the kernel's, in both directions. */
const HELD = 24 * MIB

/** Writes so many octets as fast as they are taken, and says how many were. */
function pour(
  write: (block: Buffer, done: () => void) => void,
  size = SIZE,
): { readonly poured: () => number } {
  let poured = 0
  const next = (): void => {
    if (poured >= size) return
    write(BLOCK, () => {
      poured += BLOCK.length
      next()
    })
  }
  next()
  return { poured: () => poured }
}

/** Waits until a number has stopped growing. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = read()
    if (now === before && now > 0) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

test('a device that reads slowly slows the upstream down, and gets everything in the end', async () => {
  let poured = (): number => 0
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
    poured = pour((block, done) => peer.socket.write(block, done)).poured
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  let octets = 0
  device.socket.removeAllListeners('data')
  device.request('GET /')
  device.socket.pause()
  const before = memoryUsage().rss
  expect(await settled(() => poured())).toBeLessThan(HELD)
  expect(memoryUsage().rss - before).toBeLessThan(HELD * 2)
  device.socket.on('data', (chunk: Buffer) => {
    octets += chunk.length
  })
  device.socket.resume()
  expect(await server.outcome()).toMatchObject({ bytesOut: SIZE, failure: undefined })
  await expect.poll(() => octets).toBeGreaterThan(SIZE)
})

test('an upstream that reads slowly slows the device down, and gets everything in the end', async () => {
  let octets = 0
  const { promise: paused, resolve: isPaused } = Promise.withResolvers<() => void>()
  await using upstream = await rawUpstream(goodServer, (peer) => {
    peer.socket.removeAllListeners('data')
    peer.socket.pause()
    isPaused(() => {
      peer.socket.on('data', (chunk: Buffer) => {
        if (octets === 0) octets = -(chunk.indexOf('\r\n\r\n') + 4)
        octets += chunk.length
        if (octets === SIZE) peer.write(OK)
      })
      peer.socket.resume()
    })
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', `Content-Length: ${SIZE}`)
  const { poured } = pour((block, done) => device.socket.write(block, done))
  const resume = await paused
  const before = memoryUsage().rss
  expect(await settled(poured)).toBeLessThan(HELD)
  expect(memoryUsage().rss - before).toBeLessThan(HELD * 2)
  resume()
  expect((await device.response()).body).toBe('ok')
  expect(await server.outcome()).toMatchObject({ bytesIn: SIZE, failure: undefined })
})

test('a body is streamed in both directions at once', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.until('ping')
    peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npong\r\n')
    await peer.until('more')
    peer.write('4\r\nlast\r\n0\r\n\r\n')
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send('4\r\nping\r\n')
  await device.until('pong')
  device.send('4\r\nmore\r\n0\r\n\r\n')
  expect((await device.response()).body).toBe('ponglast')
})

test('small answers that are ready before the large one in front of them disturb nothing', async () => {
  const large = 1_000_000
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
      if (next.startLine.includes('/large')) {
        peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large}\r\n\r\n`)
        peer.write(Buffer.alloc(large))
      } else {
        peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        for (const chunk of ['1\r\na\r\n', '1\r\nb\r\n', '0\r\n\r\n']) {
          await new Promise((resolve) => peer.socket.write(chunk, resolve))
        }
      }
    }
  })
  await using server = await forwardingServer(upstream.port)
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      await using device = await Device.to(server.port)
      for (const _ of Array.from({ length: 4 })) {
        device.request('GET /large')
        for (const _ of [1, 2, 3]) device.request('GET /small')
        expect((await device.response()).body.length).toBe(large)
        for (const _ of [1, 2, 3]) expect((await device.response()).body).toBe('ab')
      }
    }),
  )
})
