/**
 * What a request and a connection cost is watched by counting work, not by time: a count is the same on a machine that is
 * busy. `npm run bench` measures what these cannot tell.
 */
import { once } from 'node:events'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { countStatements, countVerifications } from '../../support/counts/calls.ts'
import { countingRelay, type CountingRelay } from '../../support/counts/tls-records.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { upstreamTlsOptions } from '../../support/front-ends/product-with-upstream.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const GET = 'GET /device/check-in HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = `POST /device/check-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4096\r\n\r\n${'x'.repeat(4096)}`
const REQUESTS = [
  ['a GET', GET],
  ['a POST of 4 KB', POST],
] as const

/** The records of the relay can be told apart in this version only. */
const VERSION = { maxVersion: 'TLSv1.2' } as const
const SILENT = { log: ' { requests: false, connections: false }' }

const startUpstream = () => rawUpstream({ ...upstreamTlsOptions, ...VERSION }, answering(OK))

const connectDevice = (port: number, leaf: Leaf = fleet.device, others = {}): Promise<Device> =>
  Device.to(port, { ...clientTls(port, leaf), ...VERSION, ...others })

async function ask(device: Device, request: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    device.send(request)
    expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  }
}

describe('TLS records', () => {
  const TIMES = 20

  for (const [name, request] of REQUESTS) {
    test(`${name} is one to the upstream, and its answer one to the device`, async () => {
      await using upstream = await startUpstream()
      await using behind = await countingRelay(upstream.port)
      await using frontEnd = await product({ upstreamPort: behind.port })
      await using before = await countingRelay(frontEnd.port)
      await using device = await connectDevice(before.port)
      // The first brings the handshake with the upstream.
      await ask(device, request)
      const [toUpstream, toDevice] = [behind.records.there, before.records.back]
      await ask(device, request, TIMES)
      expect({
        toUpstream: behind.records.there - toUpstream,
        toDevice: before.records.back - toDevice,
      }).toEqual({ toUpstream: TIMES, toDevice: TIMES })
    })
  }

  test('two writes of one answer are counted as two', async () => {
    const { keyPem: key, chainPem: cert } = fleet.server
    const server = createServer({ key, cert, ...VERSION }, (socket) => {
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
        socket.write('ok')
      })
      socket.on('error', () => {})
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await using relay: CountingRelay = await countingRelay((server.address() as AddressInfo).port)
    {
      await using device = await connectDevice(relay.port)
      await ask(device, GET, 3)
    }
    expect(relay.records.back).toBe(6)
    server.close()
  })
})

describe('signatures that are verified for a connection', () => {
  async function verifiedFor(frontEnd: Product, leaf: Leaf, session?: Buffer) {
    using counted = countVerifications()
    await using device = await connectDevice(frontEnd.port, leaf, { session })
    await ask(device, GET, 3)
    const isResumed = device.socket.isSessionReused()
    return { verified: counted.calls, isResumed, session: device.socket.getSession() }
  }
  const RESUMING = { tls: '{ resumption: on }' }

  test('are one for a device never seen, whose CAs are known, and none from its third on', async () => {
    await using upstream = await startUpstream()
    await using frontEnd = await product({ upstreamPort: upstream.port })
    // The first of all devices pays for its CAs, and shows that they are counted.
    expect((await verifiedFor(frontEnd, fleet.device)).verified).toBeGreaterThan(1)
    const leaf = mintLeaf({ issuer: fleet.devices, name: 'never seen' })
    const found: number[] = []
    for (let time = 0; time < 4; time += 1) found.push((await verifiedFor(frontEnd, leaf)).verified)
    // A device that comes once is not remembered.
    expect(found).toEqual([1, 1, 0, 0])
  })

  test('are one at most for a device that resumes its second connection, and none from the third on', async () => {
    await using upstream = await startUpstream()
    await using frontEnd = await product({ upstreamPort: upstream.port, ...RESUMING })
    await verifiedFor(frontEnd, fleet.device)
    const leaf = mintLeaf({ issuer: fleet.devices, name: 'resumes' })
    const first = await verifiedFor(frontEnd, leaf)
    const found = [first]
    for (let time = 0; time < 3; time += 1) {
      found.push(await verifiedFor(frontEnd, leaf, first.session))
    }
    expect(found.map(({ isResumed }) => isResumed)).toEqual([false, true, true, true])
    expect(found.map(({ verified }) => verified)).toEqual([1, 1, 0, 0])
  })
})

describe('log lines', () => {
  test('are none for a request when they are switched off', async () => {
    await using upstream = await startUpstream()
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml: SILENT })
    await using device = await connectDevice(frontEnd.port)
    await ask(device, GET)
    const before = frontEnd.lines.length
    await ask(device, GET, 50)
    expect(frontEnd.lines.slice(before)).toEqual([])
  })

  test('are one for a request otherwise', async () => {
    await using upstream = await startUpstream()
    await using frontEnd = await product({ upstreamPort: upstream.port })
    await using device = await connectDevice(frontEnd.port)
    await ask(device, GET, 50)
    const written = (): number => frontEnd.lines.filter(({ msg }) => msg === 'request').length
    await frontEnd.waitForLine(() => written() >= 50)
    expect(frontEnd.lines.map(({ msg }) => msg).filter((msg) => msg === 'request')).toHaveLength(50)
  })
})

test('no statement is put to the store as often as requests come', async () => {
  using counted = countStatements()
  await using upstream = await startUpstream()
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { store: ' { sqlite: store.db }', ...SILENT },
  })
  await using device = await connectDevice(frontEnd.port)
  await ask(device, GET)
  const before = new Map(counted.statements)
  // The store is looked at once a second, and what was seen of devices is written every other second: the machine would
  // have to take two requests a second for these to come near.
  const times = 300
  await ask(device, GET, times)
  const often = [...counted.statements].filter(([sql, calls]) => {
    return calls - (before.get(sql) ?? 0) >= times / 2
  })
  expect(often).toEqual([])
  // It does count: the store was read for the start.
  expect(before.size).toBeGreaterThan(10)
})
