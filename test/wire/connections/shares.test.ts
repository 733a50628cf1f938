/**
 * Strangers that open as many connections as they can keep no device out that has a fit certificate. A listener for 400
 * connections is met by 1,200.
 */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { expect, test } from 'vitest'
import type { Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, type Product } from '../../support/front-ends/product.ts'
import { productWithUpstream } from '../../support/front-ends/product-with-upstream.ts'
import { readExposition, valueIn } from '../../support/metrics/exposition.ts'
import { answering, OK } from '../../support/upstreams/raw-upstream.ts'

const CONNECTIONS = 400
const SHARE = 300
const STRANGERS = 1200
const ONE = ['127.0.0.9']
const FIFTY = Array.from({ length: 50 }, (_, index) => `127.0.0.${index + 10}`)
/** What ends here is not ended by a deadline of the front end. */
const PATIENT = [`connections: ${CONNECTIONS}`, 'handshake: 2m', 'headers: 2m', 'idle: 1h']

/** What a stranger does once it is connected. */
type Kind = 'silent' | 'handshaked' | 'asking'

/** Connections that are opened from these addresses in turn, and never ended by those who opened them. */
class Strangers implements Disposable {
  readonly #sockets: Socket[] = []
  readonly #open = new Set<Socket>()

  get open(): number {
    return this.#open.size
  }

  async call(port: number, kind: Kind, addresses: readonly string[], count = STRANGERS) {
    for (let from = 0; from < count; from += TOGETHER) {
      const some = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, index) =>
        this.#one(port, kind, addresses[(from + index) % addresses.length] ?? ''),
      )
      await Promise.all(some)
    }
  }

  /** Settles when it is connected, or was closed. */
  async #one(port: number, kind: Kind, localAddress: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket: Socket =
      kind === 'silent'
        ? connectTcp({ host: '127.0.0.1', port, localAddress }, resolve)
        : connect(withSource(clientTls(port), localAddress), resolve)
    this.#sockets.push(socket)
    this.#open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open.delete(socket)
      resolve()
    })
    socket.resume()
    if (kind === 'asking') socket.write(SLOW_POST)
    await promise
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** `tls.connect` takes the options of `net.connect`, which its types leave out. */
const withSource = (options: ConnectionOptions, localAddress: string): ConnectionOptions =>
  Object.assign(options, { localAddress })

const TOGETHER = 50
/** Of an open row; its body never comes. */
const SLOW_POST = 'POST /enroll/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n'

const SERVED = 'HTTP/1.1 200 OK'

const status = async (device: Device, path = '/device/x'): Promise<string> => {
  device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  return (await device.response()).startLine
}

const fitDevice = ({ port }: Product, leaf: Leaf = fleet.device): Promise<Device> =>
  Device.to(port, clientTls(port, leaf))

const GET_OPEN = 'GET /enroll/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function connectionsHeld(front: Product, by: string): Promise<number | undefined> {
  return valueIn(await metricsOf(front), 'tfe_connections_held', { listener: 'devices', by })
}

/** For devices that are vouched for, for others, and for none. */
async function upstreamHeld(front: Product): Promise<readonly (number | undefined)[]> {
  const samples = readExposition(await metricsOf(front)).flatMap((family) => family.samples)
  return ['vouched', 'unvouched', 'idle'].map(
    (by) =>
      samples.find(
        ({ name, labels }) => name === 'tfe_upstream_connections_held' && labels['by'] === by,
      )?.value,
  )
}

const metricsOf = async ({ statusPort }: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()

for (const kind of ['silent', 'handshaked'] as const) {
  test(`control: a listener with nothing but a bound turns a fit device away while strangers hold all of it (${kind})`, async () => {
    await using front = await productWithUpstream(answering(OK), { limits: PATIENT })
    const { port } = front.product
    const inward = createServer((device) => {
      const onwards = connectTcp(port, '127.0.0.1')
      for (const socket of [device, onwards]) {
        socket.on('error', () => {})
        socket.once('close', () => {
          device.destroy()
          onwards.destroy()
        })
      }
      device.pipe(onwards).pipe(device)
    })
    // The bound that there was before: as many as the share, so that the front end behind it closes none of them.
    inward.maxConnections = SHARE - 1
    inward.listen(0, '127.0.0.1')
    await once(inward, 'listening')
    const bounded = (inward.address() as AddressInfo).port
    using strangers = new Strangers()
    await strangers.call(bounded, kind, FIFTY)
    await expect.poll(() => strangers.open).toBe(SHARE - 1)
    await expect(Device.to(bounded, clientTls(bounded, fleet.device))).rejects.toThrow()
    inward.close()
  })
}

const ATTACKS: readonly (readonly [Kind, readonly string[]])[] = [
  ['silent', ONE],
  ['silent', FIFTY],
  ['handshaked', ONE],
  ['handshaked', FIFTY],
  ['asking', FIFTY],
]

for (const [kind, addresses] of ATTACKS) {
  const from = addresses.length === 1 ? 'one address' : 'fifty addresses'
  test(`1,200 strangers from ${from} keep no fit device out and end none (${kind})`, async () => {
    await using front = await productWithUpstream(answering(OK), { limits: PATIENT })
    await using before = await fitDevice(front.product)
    expect(await status(before)).toBe(SERVED)
    using strangers = new Strangers()
    await strangers.call(front.product.port, kind, addresses)
    await expect.poll(() => strangers.open).toBe(SHARE)
    await using after = await fitDevice(front.product)
    expect(await status(after)).toBe(SERVED)
    await strangers.call(front.product.port, kind, addresses, 2 * TOGETHER)
    expect(await status(after)).toBe(SERVED)
    expect(await status(before)).toBe(SERVED)
    const held = (by: string): Promise<number | undefined> => connectionsHeld(front.product, by)
    await expect.poll(() => held('unvouched')).toBe(SHARE)
    expect(await held('vouched')).toBe(2)
    const metrics = await metricsOf(front.product)
    expect(valueIn(metrics, 'tfe_connections_dropped_total', { listener: 'devices' })).toBe(
      undefined,
    )
    const line = await front.product.waitForLine(({ closed }) => closed !== undefined)
    const address = addresses.includes('127.0.0.10') ? '127\\.0\\.0\\.\\d\\d' : '127\\.0\\.0\\.9'
    expect(line['reason']).toMatch(
      new RegExp(
        `^devices with a fit certificate hold 1 of the 400 connections that there may be, and others hold 300, \\d+ of them from ${address}$`,
        'u',
      ),
    )
  })
}

/** As many as the share, so that each holds one. */
const AS_MANY = Array.from(
  { length: SHARE },
  (_, index) => `127.0.${1 + (index >> 7)}.${1 + (index & 127)}`,
)

for (const kind of ['silent', 'handshaked'] as const) {
  test(`30 devices of one address that arrive at once all get in beside strangers of 300 (${kind})`, async () => {
    await using front = await productWithUpstream(answering(OK), {
      limits: PATIENT,
      upstreamLimits: ['connections: 64'],
    })
    using strangers = new Strangers()
    await strangers.call(front.product.port, kind, AS_MANY, SHARE)
    await expect.poll(() => connectionsHeld(front.product, 'unvouched')).toBe(SHARE)
    const served = Array.from({ length: 30 }, async () => {
      await using one = await fitDevice(front.product)
      return await status(one)
    })
    expect(await Promise.allSettled(served)).toEqual(
      served.map(() => ({ status: 'fulfilled', value: SERVED })),
    )
  })
}

/** Four connections, three of which may be held by peers that nothing vouches for. */
const FEW = ['connections: 4', 'handshake: 2m', 'headers: 2m']

/** A connection that nothing vouches for, and which has been answered once: so the front end knows it as it is. */
async function known({ port }: Product, leaf?: Leaf, localAddress = '127.0.0.1'): Promise<Device> {
  const device = await Device.to(port, withSource(clientTls(port, leaf), localAddress))
  expect(await status(device, '/enroll/x')).toBe(SERVED)
  return device
}

/** One more, which makes one of the others end. */
const another = (front: Product): Promise<Device> => known(front)

test('a stranger that holds one connection keeps it, whatever another address opens', async () => {
  await using front = await productWithUpstream(answering(OK), { limits: PATIENT })
  await using alone = await known(front.product, undefined, '127.0.0.3')
  using strangers = new Strangers()
  await strangers.call(front.product.port, 'silent', ONE)
  await expect.poll(() => strangers.open).toBe(SHARE - 1)
  expect(await status(alone, '/enroll/x')).toBe(SERVED)
})

test('what is idle makes room before what waits for an answer, and is told of with its code', async () => {
  await using front = await productWithUpstream(answering(OK), { limits: FEW })
  await using asking = await known(front.product)
  asking.send('POST /enroll/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n')
  await using idle = await known(front.product)
  await using other = await known(front.product)
  await using last = await another(front.product)
  await idle.ended
  asking.send('ok')
  expect((await asking.response()).startLine).toBe(SERVED)
  for (const one of [other, last]) expect(await status(one, '/enroll/x')).toBe(SERVED)
  const line = await front.product.waitForLine(({ msg }) => msg === 'connection')
  expect(line).toMatchObject({ outcome: 'ended', code: 'connection-share-used-up', requests: 1 })
  const labels = { listener: 'devices', outcome: 'ended', code: 'connection-share-used-up' }
  expect(valueIn(await metricsOf(front.product), 'tfe_connections_total', labels)).toBe(1)
})

test('a request that is cut off to make room is told of as such, and not as one whose device went', async () => {
  await using front = await productWithUpstream(answering(OK), { limits: FEW })
  using strangers = new Strangers()
  await strangers.call(front.product.port, 'asking', ONE, 3)
  await expect.poll(() => connectionsHeld(front.product, 'unvouched')).toBe(3)
  await using _last = await another(front.product)
  await expect.poll(() => strangers.open).toBe(2)
  const line = await front.product.waitForLine(({ status: told }) => told === 0)
  expect(line['reason']).toContain('closed to let another in')
})

test('metrics say for whom the connections to a server are used, and how many are idle', async () => {
  await using front = await productWithUpstream(() => {}, { upstreamLimits: ['connections: 4'] })
  await using stranger = await Device.to(front.product.port, clientTls(front.product.port))
  stranger.send(GET_OPEN)
  await expect.poll(() => upstreamHeld(front.product)).toEqual([0, 1, 0])
  await using fit = await fitDevice(front.product)
  expect(await status(fit)).toBe(SERVED)
  await expect.poll(() => upstreamHeld(front.product)).toEqual([0, 1, 1])
})

interface Row {
  readonly promise: string
  readonly leaf?: Leaf
  readonly yaml?: Readonly<Record<string, string>>
  readonly stays: boolean
}

const WHO: readonly Row[] = [
  { promise: 'a fit certificate is vouched for', leaf: fleet.device, stays: true },
  {
    promise: 'a certificate of a previously trusted CA is vouched for',
    leaf: fleet.old,
    stays: true,
  },
  { promise: 'a certificate in grace is vouched for', leaf: fleet.inGrace, stays: true },
  { promise: 'no certificate is not vouched for', stays: false },
  {
    promise: 'a certificate beyond grace is not vouched for',
    leaf: fleet.beyondGrace,
    stays: false,
  },
  {
    promise: 'a certificate of an unknown CA is not vouched for',
    leaf: fleet.unknown,
    stays: false,
  },
  {
    promise: 'a device that is let in because enforcement is recording is not vouched for',
    leaf: fleet.unknown,
    yaml: { enforcement: ' recording' },
    stays: false,
  },
]

for (const { promise, leaf, yaml, stays } of WHO) {
  test(`of connections that are full, ${promise}`, async () => {
    await using front = await productWithUpstream(answering(OK), {
      limits: FEW,
      ...(yaml && { yaml }),
    })
    await using first = await known(front.product, leaf)
    const [second, third, fourth] = [
      await another(front.product),
      await another(front.product),
      await another(front.product),
    ]
    // One that is vouched for leaves room for as many beside it; without it, the oldest is the first.
    await using _fifth = await another(front.product)
    await (stays ? second : first).ended
    expect(first.socket.readableEnded).toBe(!stays)
    if (stays) expect(await status(first, '/enroll/x')).toBe(SERVED)
    for (const one of [second, third, fourth]) await one[Symbol.asyncDispose]()
  })
}
