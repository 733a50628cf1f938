/**
 * A device that sends requests without end and reads no answer. What it makes us hold is bounded by the buffers of the two
 * kernels and one answer: a request is not read before the one in front of it has its answer with the operating system.
 */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** Few enough that the other device is through before an answer that is not taken is given up, after a minute. */
const COUNT = 600
const BODY = 64 * 1024
const ANSWER = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\n\r\n`),
  Buffer.alloc(BODY, 'x'),
])
/** Requests and answers are 37 MiB each; the kernels of both ends hold ten together (Linux: 6 MiB to receive, 4 MiB to send), TLS and we little. */
const HELD = 24 * 1024 * 1024
const REQUEST_BODY = 'p'.repeat(BODY)
/** Longer than any test: an answer that is not taken is left alone. */
const PATIENT = { bodyIdle: 600_000, limits: { bodyIdle: 600_000 } }

/** The last one ends the connection. */
const requestOf = (number: number): string =>
  [
    `POST /${number} HTTP/1.1`,
    'Host: front.test',
    `Connection: ${number === COUNT - 1 ? 'close' : 'keep-alive'}`,
    `Content-Length: ${BODY}\r\n\r\n${REQUEST_BODY}`,
  ].join('\r\n')

/** Sends all requests as fast as they are taken, and counts the octets that were. */
function pipelined(socket: Socket): { readonly taken: () => number } {
  let taken = 0
  const next = (number: number): void => {
    if (number === COUNT) return
    const text = requestOf(number)
    socket.write(text, 'latin1', () => {
      taken += text.length
      next(number + 1)
    })
  }
  next(0)
  return { taken: () => taken }
}

/** Reads to the end of the connection, keeps nothing, and says how much it was. */
async function swallowed(socket: Socket): Promise<number> {
  let octets = 0
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    octets += chunk.length
  })
  socket.resume()
  await once(socket, 'end')
  return octets
}

test('a device that pipelines and reads nothing is read no further than its answers go, and gets all of them in the end', async () => {
  let asked = 0
  const answered = (): number => asked
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
      asked += 1
      peer.socket.write(ANSWER)
    }
  })
  await using server = await forwardingServer(upstream.port, PATIENT)
  await using device = await Device.to(server.port)
  device.socket.removeAllListeners('data')
  device.socket.pause()
  const { taken } = pipelined(device.socket)
  await expect.poll(answered).toBeGreaterThan(0)
  {
    // Begun later, and the same requests: what nothing slows down is through when this is.
    await using beside = await Device.to(server.port)
    const all = swallowed(beside.socket)
    pipelined(beside.socket)
    expect(await all).toBeGreaterThan(COUNT * BODY)
  }
  expect((answered() - COUNT) * ANSWER.length).toBeLessThan(HELD)
  expect(taken()).toBeLessThan(HELD)
  expect(await swallowed(device.socket)).toBeGreaterThan(COUNT * BODY)
  expect(answered()).toBe(2 * COUNT)
  await server.outcome(2 * COUNT)
})

test('control: a server that reads on while answers wait holds them all', async () => {
  let held = 0
  const server = createServer((socket) => {
    let octets = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      octets += chunk.length
      for (; octets >= BODY; octets -= BODY) socket.write(ANSWER)
      held = socket.writableLength
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connectTcp((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  const { taken } = pipelined(socket)
  await expect.poll(() => held).toBeGreaterThan(HELD)
  expect(taken()).toBeGreaterThan(0)
  socket.destroy()
  server.close()
  await once(server, 'close')
})
