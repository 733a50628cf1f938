/**
 * What the address that a balancer states counts for, and what it does not, in the whole front end: each promise is kept
 * behind the PROXY header of a balancer that is believed, and each attack is the same header from one that is not.
 */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { expect, test } from 'vitest'
import { HEADERS, IPV4, record, version2 } from '../../support/balancers/proxy-headers.ts'
import { rawBalancer } from '../../support/balancers/raw-balancer.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { productWithTunnels, syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import {
  answering,
  OK,
  rawUpstream,
  type RawUpstream,
  type Script,
} from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import type { Leaf } from '../../support/certificates/mint.ts'

const STATED = version2('2111', IPV4)
const OTHER = version2('2111', IPV4.replace('c0000207', 'c0000208'))
const LOCAL = version2('2000')

const ROWS = [
  '{ id: near, path: /near/*, class: device, allow: [127.0.0.0/8] }',
  '{ id: far, path: /far/*, class: device, allow: [192.0.2.0/24] }',
  '{ id: everywhere, path: /everywhere/*, class: device, allow: [0.0.0.0/0, "::/0"] }',
  '{ id: token, path: /oauth/*, class: legacy-oauth, upstream: mdm }',
]

const listeners = (from: string): string => `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    proxyProtocol: { from: [${from}] }
    routes: tested`

const behind = (upstreamPort: number, { from = '127.0.0.1', legacyOAuth = ' {}' } = {}) =>
  product({ upstreamPort, rows: ROWS, yaml: { listeners: listeners(from), legacyOAuth } })

/** One request by a balancer that sends this header: its status, or `gone` where the connection ended without an answer. */
async function ask(
  { port }: Product,
  header: Buffer,
  { path, leaf = fleet.device }: { readonly path: string; readonly leaf?: Leaf | undefined },
): Promise<string> {
  await using balancer = await rawBalancer({ to: port, header })
  try {
    await using device = await Device.to(balancer.port, clientTls(balancer.port, leaf))
    device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    return (await device.response()).startLine.split(' ')[1] ?? ''
  } catch {
    return 'gone'
  }
}

/** An upstream that answers well, and keeps the addresses that it reads. */
async function reading(): Promise<{ readonly upstream: RawUpstream; readonly read: string[] }> {
  const read: string[] = []
  const upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      read.push(...valuesOf(request, 'x-forwarded-for'))
      peer.write(OK)
    }
  })
  return { upstream, read }
}

test('access lists, the log and the upstream have the address that the balancer states', async () => {
  const { upstream: opened, read } = await reading()
  await using upstream = opened
  await using frontEnd = await behind(upstream.port)
  expect(await ask(frontEnd, STATED, { path: '/far/x' })).toBe('200')
  expect(await ask(frontEnd, STATED, { path: '/near/x' })).toBe('403')
  const line = await frontEnd.waitForLine(({ path }) => path === '/far/x')
  expect(line).toMatchObject({ remote: '192.0.2.7', balancer: '127.0.0.1', decision: 'admit' })
  const refused = await frontEnd.waitForLine(({ path }) => path === '/near/x')
  expect(refused).toMatchObject({ remote: '192.0.2.7', code: 'address-not-allowed' })
  const closed = await frontEnd.waitForLine(({ msg }) => msg === 'connection')
  expect(closed).toMatchObject({ remote: '192.0.2.7', balancer: '127.0.0.1', outcome: 'served' })
  expect(read).toEqual(['192.0.2.7'])
})

test('the same header from an address that is not believed opens nothing, and is told of under the true address', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await behind(upstream.port, { from: '198.51.100.0/24' })
  for (const { octets } of Object.values(HEADERS))
    expect(await ask(frontEnd, octets, { path: '/far/x' })).toBe('gone')
  const line = await frontEnd.waitForLine(({ msg }) => msg === 'connection')
  expect(line).toMatchObject({
    outcome: 'handshake-failed',
    code: 'proxy-untrusted',
    remote: '127.0.0.1',
  })
  expect(line['next_step']).toContain('add it to the list')
  expect(upstream.peers).toEqual([])
  const metrics = await (await fetch(`http://127.0.0.1:${frontEnd.statusPort}/metrics`)).text()
  expect(metrics).toMatch(/code="proxy-untrusted"[^\n]*\} \d/u)
})

test('an address that the balancer does not know is on no access list, and the upstream reads that it is unknown', async () => {
  const { upstream: opened, read } = await reading()
  await using upstream = opened
  await using frontEnd = await behind(upstream.port)
  for (const path of ['/far/x', '/near/x', '/everywhere/x'])
    expect(await ask(frontEnd, LOCAL, { path })).toBe('403')
  expect(await ask(frontEnd, LOCAL, { path: '/device/x' })).toBe('200')
  const line = await frontEnd.waitForLine(({ path }) => path === '/device/x')
  expect(line).toMatchObject({ remote: 'unknown', balancer: '127.0.0.1' })
  expect(read).toEqual(['unknown'])
})

test('a header that says of a certificate that it was verified vouches for no device', async () => {
  const claim = record(0x20, `0700000000${record(0x22, Buffer.from('device-1').toString('hex'))}`)
  const header = version2('2111', `${IPV4}${claim}`)
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await behind(upstream.port)
  await using balancer = await rawBalancer({ to: frontEnd.port, header })
  await using device = await Device.to(balancer.port, clientTls(balancer.port))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toContain('403')
  expect(await ask(frontEnd, header, { path: '/device/x', leaf: fleet.unknown })).toBe('403')
  const line = await frontEnd.waitForLine(({ path }) => path === '/device/x')
  expect(line['code']).toBe('no-certificate')
  expect(upstream.peers).toEqual([])
})

test('each stated address has a share of the rates of its own, and all that are unknown have one', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const legacyOAuth = ' { address: { rate: 1, burst: 1 }, account: { rate: 60000, burst: 1000 } }'
  await using frontEnd = await behind(upstream.port, { legacyOAuth })
  const statuses: string[] = []
  for (const header of [STATED, STATED, OTHER, LOCAL, version2('2100'), OTHER])
    statuses.push(await ask(frontEnd, header, { path: '/oauth/token' }))
  expect(statuses).toEqual(['200', '429', '200', '200', '429', '429'])
})

test('a handshake that fails behind a balancer is told of under the address that it states', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await behind(upstream.port)
  const socket = connectTcp(frontEnd.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(Buffer.concat([STATED, Buffer.from('nothing like TLS')]))
  const line = await frontEnd.waitForLine(({ msg }) => msg === 'connection')
  expect(line).toMatchObject({ remote: '192.0.2.7', balancer: '127.0.0.1', code: 'not-tls' })
  socket.destroy()
})

test('a reload changes whose headers are believed, and connections that are open stay', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await behind(upstream.port)
  await using balancer = await rawBalancer({ to: frontEnd.port, header: STATED })
  await using device = await Device.to(balancer.port, clientTls(balancer.port, fleet.device))
  const next = listeners('198.51.100.0/24')
  await frontEnd.reload({ upstreamPort: upstream.port, rows: ROWS, yaml: { listeners: next } })
  expect(await ask(frontEnd, STATED, { path: '/far/x' })).toBe('gone')
  device.send('GET /far/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toContain('200')
})

const sync = (relay: string): string =>
  syncListeners(relay).replace(
    'purpose: sync\n',
    'purpose: sync\n    proxyProtocol: { from: [127.0.0.1] }\n',
  )

/** Says so, and ends when the device has. */
const ready: Script = ({ socket }) => {
  socket.write('ready')
  socket.once('end', () => socket.end())
}

test('behind a sync port the upstream is told the two ends that the balancer states', async () => {
  await using frontEnd = await productWithTunnels(ready, {
    yaml: { listeners: sync('{ proxyProtocol: inside-tls }') },
  })
  await using balancer = await rawBalancer({ to: frontEnd.port, header: STATED })
  const device = await frontEnd.device(fleet.device, { port: balancer.port })
  device.send('hello')
  await device.receiveUntil('ready')
  await frontEnd.upstream.peers[0]?.until('hello')
  const header = Buffer.from(frontEnd.upstream.peers[0]?.pending ?? '', 'latin1')
  expect(header.subarray(13, 14).toString('hex')).toBe('11')
  expect(header.subarray(16, 28).toString('hex')).toBe(IPV4)
  device.socket.destroy()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ remote: '192.0.2.7', balancer: '127.0.0.1' })
})

test('behind a sync port a device whose address is unknown is not passed off as the front end', async () => {
  await using frontEnd = await productWithTunnels(() => {}, {
    yaml: { listeners: sync('{ proxyProtocol: inside-tls }') },
  })
  await using balancer = await rawBalancer({ to: frontEnd.port, header: LOCAL })
  const device = await frontEnd.device(fleet.device, { port: balancer.port })
  await device.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ remote: 'unknown', code: 'addresses-unknown' })
  expect(frontEnd.upstream.peers).toEqual([])
})

test('metrics take no header: what is not HTTP is refused there as before', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await behind(upstream.port)
  const socket = connectTcp(frontEnd.statusPort, '127.0.0.1')
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  socket.write('PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r\nGET /metrics HTTP/1.1\r\n\r\n')
  await once(socket, 'end')
  expect(answer).toMatch(/^HTTP\/1\.1 400 /u)
})
