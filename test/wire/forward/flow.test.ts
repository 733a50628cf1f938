/**
 * Large bodies and slow readers: a slow reader slows the sender down, and the front end holds next to nothing.
 */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream, type UpstreamPeer } from '../../support/upstreams/raw-upstream.ts'

const MIB = 1024 * 1024
const SIZE = 64 * MIB
const BLOCK = Buffer.alloc(64 * 1024, 'x')
/** What may lie in our buffers, undici's, Node's and the kernel's, in both directions. */
const HELD = 24 * MIB
/** Longer than any test: a body that stands still is left alone. */
const PATIENT = { bodyIdle: 600_000, limits: { bodyIdle: 600_000 } }

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

/** Settles when so many octets have arrived, none of which is kept. */
function swallowed({ socket }: Device | UpstreamPeer, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let octets = 0
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    octets += chunk.length
    if (octets >= count) resolve()
  })
  socket.resume()
  return promise
}

test('a device that reads slowly slows the upstream down, and gets everything in the end', async () => {
  let poured = (): number => 0
  await using upstream = await rawUpstream(goodServer, async (peer, connection) => {
    await peer.request()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
    const pouring = pour((block, done) => peer.socket.write(block, done))
    if (connection === 1) ({ poured } = pouring)
  })
  await using server = await forwardingServer(upstream.port, PATIENT)
  await using device = await Device.to(server.port)
  device.socket.removeAllListeners('data')
  device.request('GET /')
  device.socket.pause()
  await expect.poll(() => poured()).toBeGreaterThan(0)
  {
    // Begun later and of the same size: what nothing slows down is through when this is.
    await using beside = await Device.to(server.port)
    beside.request('GET /')
    await swallowed(beside, SIZE)
  }
  expect(poured()).toBeLessThan(HELD)
  await swallowed(device, SIZE)
  expect(await server.outcome(2)).toMatchObject({ bytesOut: SIZE, failure: undefined })
})

test('an upstream that reads slowly slows the device down, and gets everything in the end', async () => {
  const slow = Promise.withResolvers<UpstreamPeer>()
  const answer = async (peer: UpstreamPeer): Promise<void> => {
    await swallowed(peer, SIZE)
    peer.write(OK)
  }
  await using upstream = await rawUpstream(goodServer, async (peer, connection) => {
    if (connection > 1) return answer(peer)
    peer.socket.pause()
    slow.resolve(peer)
  })
  await using server = await forwardingServer(upstream.port, PATIENT)
  await using device = await Device.to(server.port)
  device.request('POST /', `Content-Length: ${SIZE}`)
  const { poured } = pour((block, done) => device.socket.write(block, done))
  const peer = await slow.promise
  {
    // Begun later and of the same size: what nothing slows down is through when this is.
    await using beside = await Device.to(server.port)
    beside.request('POST /', `Content-Length: ${SIZE}`)
    pour((block, done) => beside.socket.write(block, done))
    expect((await beside.response()).body).toBe('ok')
  }
  expect(poured()).toBeLessThan(HELD)
  await answer(peer)
  expect((await device.response()).body).toBe('ok')
  expect(await server.outcome(2)).toMatchObject({ bytesIn: SIZE, failure: undefined })
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
  // As much as is gathered before the upstream is called, and more.
  device.send(`4e20\r\n${'a'.repeat(19_996)}ping\r\n`)
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
