/** What ends the connection of a device, and what does not, with a clock that only the test moves. */
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { DeadlineSweeper } from '../../src/forward/deadlines.ts'
import type { DeviceExchange } from '../../src/http1/device-exchange.ts'
import type { DeadlineItem, Deadlines } from '../../src/kernel/ports.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
import { Device } from '../support/devices/device.ts'
import { httpServer } from '../support/front-ends/http-server.ts'

const ca = mintCa()
const leaf = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['front.test'] })
const TLS = { cert: leaf.pem, key: leaf.keyPem }

/** Time that passes when it is told to; everything is looked at then. */
class ManualDeadlines implements Deadlines {
  now = 0
  readonly period = 0
  readonly #items = new Set<DeadlineItem>()

  add(item: DeadlineItem): void {
    this.#items.add(item)
  }

  remove(item: DeadlineItem): void {
    this.#items.delete(item)
  }

  pass(milliseconds: number): void {
    this.now += milliseconds
    for (const item of this.#items) item.check(this.now)
  }
}

const start = (length: number | undefined) =>
  ({ status: 200, reason: 'OK', fields: [], length, close: false }) as const

function answer(exchange: DeviceExchange, body: Buffer = Buffer.from('ok')): void {
  exchange.respond(start(undefined))
  exchange.write(body)
  exchange.end()
}

/** More than all buffers between here and a device that does not read. */
const LARGE = Buffer.alloc(50_000_000)

/** A device that has asked, and reads nothing of the answer that was handed over whole, 70 seconds after the question. */
async function lateAnswer() {
  const deadlines = new ManualDeadlines()
  const asked = Promise.withResolvers<DeviceExchange>()
  const server = await httpServer(TLS, asked.resolve, deadlines)
  const device = await Device.to(server.port)
  device.socket.pause()
  device.request('GET /')
  const exchange = await asked.promise
  deadlines.pass(70_000)
  const closed = new Promise<void>((resolve) => {
    exchange.observe({ bodyArrived() {}, drained() {}, closed: resolve })
  })
  answer(exchange, LARGE)
  return { deadlines, server, device, exchange, closed }
}

test('the last octets of an answer have their 60 seconds from its end, however long it took', async () => {
  const { deadlines, server, device, exchange, closed } = await lateAnswer()
  await using _server = server
  await using _device = device
  deadlines.pass(1000)
  deadlines.pass(58_000)
  device.socket.removeAllListeners('data')
  device.socket.resume()
  await closed
  expect(exchange.isAnswered).toBe(true)
})

test('a device that does not take the last octets of its answer is cut off 60 seconds after it ended', async () => {
  const { deadlines, server, device, exchange, closed } = await lateAnswer()
  await using _server = server
  await using _device = device
  deadlines.pass(60_001)
  await closed
  expect(exchange.isAnswered).toBe(false)
})

test('a connection that is to end behind its answer ends, though a rest of the request is still to come', async () => {
  const asked: DeviceExchange[] = []
  await using server = await httpServer(TLS, (exchange) => {
    asked.push(exchange)
    answer(exchange)
  })
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 4')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  server.connections[0]?.endAfterAnswer()
  device.send('restGET /more HTTP/1.1\r\nHost: front.test\r\n\r\n')
  expect(await device.ended).toBe('clean')
  expect(asked).toHaveLength(1)
  expect(device.pending).toBe('')
})

test('a connection whose first head has begun is not idle', async () => {
  await using server = await httpServer(TLS, answer)
  // In TLS 1.2 the device is the last to know that the handshake is done.
  await using device = await Device.to(server.port, { maxVersion: 'TLSv1.2' })
  const [connection] = server.connections
  expect(connection?.isIdle).toBe(true)
  const arrived = once(connection?.socket ?? expect.unreachable(), 'data')
  device.send('GET / HTTP/1.1\r\nHo')
  await arrived
  expect(connection?.isIdle).toBe(false)
  connection?.endAfterAnswer()
  device.send('st: front.test\r\n\r\n')
  const { startLine, fields } = await device.response()
  expect(startLine).toBe('HTTP/1.1 200 OK')
  expect(fields).toContainEqual(['Connection', 'close'])
  expect(await device.ended).toBe('clean')
})

test('the first connection after a quiet hour has its own time to ask', async () => {
  const deadlines = new DeadlineSweeper(100)
  await using server = await httpServer(TLS, answer, deadlines)
  using _later = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000)
  // In TLS 1.2 the device is the last to know that the handshake is done.
  await using device = await Device.to(server.port, { maxVersion: 'TLSv1.2' })
  // The connection was there before, and is looked at in the same sweep.
  await new Promise<void>((resolve) => {
    deadlines.add({ slot: 0, check: () => setImmediate(resolve) })
  })
  device.request('GET /')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  expect(server.faults).toEqual([])
})

test('an empty line behind a request begins none: its connection stays idle, and may end without a fault', async () => {
  await using server = await httpServer(TLS, answer)
  await using device = await Device.to(server.port)
  // RFC 9112 §2.2: older clients send one behind the content of a POST.
  device.request('POST /', 'Content-Length: 2')
  device.send('hi\r\n')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  const [connection = expect.unreachable()] = server.connections
  expect(connection.isIdle).toBe(true)
  device.socket.end()
  expect(await device.ended).toBe('clean')
  expect(server.faults).toEqual([])
})
