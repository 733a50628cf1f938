/**
 * What the upstream of a sync port is told by PROXY protocol, where, and that no device can say it in our place; and
 * why none of this can be left to an HTTP proxy.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { httpProxyServer } from '../../support/front-ends/http-proxy.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { TunnelClient, productWithTunnels } from '../../support/front-ends/product-with-tunnels.ts'
import {
  rawUpstream,
  type Script,
  type UpstreamPeer,
} from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/front-ends/product-with-upstream.ts'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const MIPR = Buffer.from('4d4950520102000000000010ffffffff1c000000', 'hex')
/** A header of its own making: from 10.0.0.1, verified. */
const FORGED = Buffer.from(
  '0d0a0d0a000d0a515549540a211100140a0000010a00000200010002200005070000000000',
  'hex',
)

/** Says so, and ends when the device has. */
const ready: Script = ({ socket }) => {
  socket.write('ready')
  socket.once('end', () => socket.end())
}

async function heard(peer: UpstreamPeer | undefined, marker: Buffer): Promise<Buffer> {
  await peer?.until(marker.toString('latin1'))
  return Buffer.from(peer?.pending ?? '', 'latin1')
}

test('inside TLS the header comes first, names the device, and what the device forges is payload', async () => {
  await using frontEnd = await productWithTunnels(ready, {
    relay: '{ proxyProtocol: inside-tls }',
  })
  const device = await frontEnd.device(fleet.device)
  device.send(Buffer.concat([FORGED, MIPR]))
  await device.receiveUntil('ready')
  const octets = await heard(frontEnd.upstream.peers[0], MIPR)
  expect(octets.subarray(0, 12).toString('latin1')).toBe(SIGNATURE)
  const end = 16 + octets.readUInt16BE(14)
  expect(octets.readUInt16BE(24)).toBe(device.socket.localPort)
  expect(octets.subarray(0, end).includes(fleet.device.der)).toBe(true)
  expect(octets.subarray(end)).toEqual(Buffer.concat([FORGED, MIPR]))
  device.socket.destroy()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ proxy_header: 'certificate' })
})

test('no device is named that we do not vouch for', async () => {
  await using frontEnd = await productWithTunnels(ready, {
    relay: '{ proxyProtocol: inside-tls }',
    yaml: { enforcement: ' recording' },
  })
  const device = await frontEnd.device(fleet.unknown)
  device.send(MIPR)
  const octets = await (async () => {
    await device.receiveUntil('ready')
    return heard(frontEnd.upstream.peers[0], MIPR)
  })()
  expect(octets.includes(fleet.unknown.der)).toBe(false)
  device.socket.destroy()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ proxy_header: 'address', code: 'recording' })
})

// Its octets are read after its reset: under LOCAL they arrived as the front end's own.
for (const place of ['inside-tls', 'before-tls']) {
  test(`what a device sent before it reset its connection does not reach an upstream that is told addresses ${place}`, async () => {
    await using frontEnd = await productWithTunnels(ready, {
      relay: `{ proxyProtocol: ${place} }`,
    })
    const below = connect(frontEnd.port, '127.0.0.1')
    await once(below, 'connect')
    const device = connectTls({ ...clientTls(frontEnd.port), socket: below })
    device.on('error', () => {})
    await once(device, 'secureConnect')
    device.write(MIPR)
    setImmediate(() => below.resetAndDestroy())
    const [line] = await frontEnd.tunnels(1)
    expect(line).toMatchObject({ code: 'addresses-unknown', proxy_header: 'nothing' })
    expect(frontEnd.upstream.peers).toEqual([])
  })
}

test('before TLS the header goes ahead of our handshake, in the clear', async () => {
  await using behind = await rawUpstream({ ...upstreamTlsOptions, allowHalfOpen: true }, (peer) => {
    peer.socket.pipe(peer.socket)
  })
  const heads: Buffer[] = []
  // Reads the header, as HAProxy and nginx do, and hands on the rest.
  const reader = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (first: Buffer) => {
      const length = 16 + first.readUInt16BE(14)
      heads.push(first.subarray(0, length))
      const onwards = connect(behind.port, '127.0.0.1')
      onwards.on('error', () => {})
      onwards.write(first.subarray(length))
      socket.pipe(onwards).pipe(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(reader, 'listening')
  const { port } = reader.address() as AddressInfo
  {
    await using frontEnd = await productWithTunnels(() => {}, {
      upstreamPort: port,
      relay: '{ proxyProtocol: before-tls }',
    })
    const device = await frontEnd.device(fleet.device)
    device.send(MIPR)
    await device.receiveUntil(MIPR.toString('latin1'))
    expect(heads[0]?.subarray(0, 12).toString('latin1')).toBe(SIGNATURE)
    expect(heads[0]?.includes(fleet.device.der)).toBe(true)
  }
  reader.close()
})

test('an HTTP proxy in the place of the relay breaks what devices speak there', async () => {
  await using upstream = await rawUpstream(
    upstreamTlsOptions,
    ({ socket }) => void socket.pipe(socket),
  )
  await using proxy = await httpProxyServer(upstream.port, 'Client-Cert')
  const socket = connectTls(clientTls(proxy.port, fleet.device))
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  const over = once(socket.resume(), 'close')
  socket.write(MIPR)
  await over
  expect(upstream.peers).toHaveLength(0)
  await using frontEnd = await productWithTunnels((peer) => void peer.socket.pipe(peer.socket))
  const client = await TunnelClient.to(clientTls(frontEnd.port, fleet.device))
  client.send(MIPR)
  await client.receiveUntil(MIPR.toString('latin1'))
  client.socket.destroy()
})
