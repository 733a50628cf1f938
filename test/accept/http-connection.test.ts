/** What ends the connection of a device, and what does not, with a clock that only the test moves. */
import { expect, test } from 'vitest'
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
