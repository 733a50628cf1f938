/**
 * Requests of peers that nothing vouches for leave connections to the upstream free: what they hold, and for how long, a fit
 * device never waits for. With four connections they may hold two together, and one address of them one.
 */
import { expect, test } from 'vitest'
import { firstFieldValue } from '../../../src/http1/message.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  type ForwardingServer,
} from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream, type RawUpstream } from '../../support/upstreams/raw-upstream.ts'

const SOON = 300
/** `/hold` is kept without an answer until `release` names it. */
async function scene({ shares = true, connect = 60_000 } = {}) {
  const held = new Map<string, () => void>()
  const upstream = await rawUpstream(goodServer, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      const [, target = ''] = request.startLine.split(' ')
      if (!target.startsWith('/hold')) peer.write(OK)
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        held.set(target, resolve)
        await Promise.race([promise, peer.closed])
        peer.write(OK)
      }
    }
  })
  const server = await forwardingServer(upstream.port, {
    limits: { connections: 4, connect },
    // Each request says where it comes from; a device that is vouched for says nothing.
    unvouched: ({ fields }) => (shares ? firstFieldValue(fields, 'x-from') : undefined),
  })
  return new Scene(upstream, server, held)
}

class Scene implements AsyncDisposable {
  readonly server: ForwardingServer
  readonly held: ReadonlyMap<string, () => void>
  readonly #upstream: RawUpstream
  readonly #devices: Device[] = []

  constructor(upstream: RawUpstream, server: ForwardingServer, held: Map<string, () => void>) {
    this.#upstream = upstream
    this.server = server
    this.held = held
  }

  async ask(target: string, from?: string): Promise<Device> {
    const device = await Device.to(this.server.port)
    this.#devices.push(device)
    device.request(`GET ${target}`, ...(from === undefined ? [] : [`X-From: ${from}`]))
    return device
  }

  /** Asks, and waits until the upstream has it. */
  async hold(target: string, from?: string): Promise<Device> {
    const device = await this.ask(target, from)
    await expect.poll(() => this.held.has(target)).toBe(true)
    return device
  }

  waiting(count: number): Promise<void> {
    return expect.poll(() => this.server.upstream.waiting).toBe(count)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const device of this.#devices) await device[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
    await this.#upstream[Symbol.asyncDispose]()
  }
}

const answerOf = async (device: Device): Promise<string> => (await device.response()).startLine
const SERVED = 'HTTP/1.1 200 OK'
const BUSY = 'HTTP/1.1 503 Service Unavailable'

test('control: without shares, requests without a certificate keep a fit device out', async () => {
  await using front = await scene({ shares: false, connect: SOON })
  for (const at of [1, 2, 3, 4]) await front.hold(`/hold/${at}`, `192.0.2.${at}`)
  expect(await answerOf(await front.ask('/fit'))).toBe(BUSY)
})

test('requests without a certificate, from however many addresses, keep no fit device out', async () => {
  await using front = await scene()
  for (const at of [1, 2]) await front.hold(`/hold/${at}`, `192.0.2.${at}`)
  for (const at of [3, 4, 5, 6]) await front.ask(`/hold/${at}`, `192.0.2.${at}`)
  await front.waiting(4)
  for (const _ of [1, 2, 3]) expect(await answerOf(await front.ask('/fit'))).toBe(SERVED)
  expect([...front.held.keys()]).toEqual(['/hold/1', '/hold/2'])
})

test('one address leaves room for another without a certificate', async () => {
  await using front = await scene()
  await front.hold('/hold/1', '192.0.2.1')
  await front.ask('/hold/2', '192.0.2.1')
  await front.waiting(1)
  expect(await answerOf(await front.ask('/other', '192.0.2.2'))).toBe(SERVED)
  expect(front.held.has('/hold/2')).toBe(false)
})

test('fit devices of one address may use every connection', async () => {
  await using front = await scene()
  for (const at of [1, 2, 3, 4]) await front.hold(`/hold/${at}`)
  expect(front.held.size).toBe(4)
})

test('a request over its share waits, and is served when one of its share is over', async () => {
  await using front = await scene()
  const first = await front.hold('/hold/1', '192.0.2.1')
  const second = await front.ask('/second', '192.0.2.1')
  await front.waiting(1)
  front.held.get('/hold/1')?.()
  expect(await answerOf(first)).toBe(SERVED)
  expect(await answerOf(second)).toBe(SERVED)
})

test('a device that goes gives its share back', async () => {
  await using front = await scene()
  const first = await front.hold('/hold/1', '192.0.2.1')
  const second = await front.ask('/second', '192.0.2.1')
  await front.waiting(1)
  first.disconnect()
  expect(await answerOf(second)).toBe(SERVED)
})

test('a fit device that came later is served before those without a certificate', async () => {
  await using front = await scene()
  const held = await front.hold('/hold/1')
  for (const at of [2, 3, 4]) await front.hold(`/hold/${at}`)
  await front.ask('/hold/unvouched', '192.0.2.1')
  await front.waiting(1)
  const fit = await front.ask('/hold/fit')
  await front.waiting(2)
  front.held.get('/hold/1')?.()
  expect(await answerOf(held)).toBe(SERVED)
  await expect.poll(() => front.held.has('/hold/fit')).toBe(true)
  expect(front.held.has('/hold/unvouched')).toBe(false)
  front.held.get('/hold/fit')?.()
  expect(await answerOf(fit)).toBe(SERVED)
  await expect.poll(() => front.held.has('/hold/unvouched')).toBe(true)
})

test('a request that waits too long for its share is told 503, and the record who holds it', async () => {
  await using front = await scene({ connect: SOON })
  await front.hold('/hold/1', '192.0.2.1')
  expect(await answerOf(await front.ask('/second', '192.0.2.1'))).toBe(BUSY)
  expect((await front.server.outcome()).failure).toEqual({
    kind: 'share-used-up',
    connections: 4,
    held: 1,
    share: 2,
    addressShare: 1,
    top: { address: '192.0.2.1', held: 1 },
  })
})

test('more than may wait of one address are refused at once, and fit devices still wait', async () => {
  await using front = await scene()
  await front.hold('/hold/1', '192.0.2.1')
  for (const _ of [1, 2, 3, 4]) await front.ask('/waits', '192.0.2.1')
  await front.waiting(4)
  expect(await answerOf(await front.ask('/fifth', '192.0.2.1'))).toBe(BUSY)
  expect((await front.server.outcome()).failure?.kind).toBe('share-used-up')
  for (const at of [2, 3, 4]) await front.hold(`/hold/${at}`)
  const fit = await front.ask('/fit')
  await front.waiting(5)
  front.held.get('/hold/2')?.()
  expect(await answerOf(fit)).toBe(SERVED)
})

test('a connection that could not be opened gives its share back', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  const { port } = upstream
  await upstream.stopListening()
  await using server = await forwardingServer(port, {
    limits: { connections: 4 },
    unvouched: () => '192.0.2.1',
  })
  for (const _ of [1, 2, 3]) {
    await using device = await Device.to(server.port)
    device.request('GET /')
    expect(await answerOf(device)).toBe('HTTP/1.1 502 Bad Gateway')
  }
  expect(server.upstream.servers[0]?.pool.shareUse.held).toBe(0)
})
