/**
 * What can go wrong on either side of a tunnel: nothing of ours falls, nothing is left behind, and the next one passes.
 */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import {
  echo,
  TunnelClient,
  productWithTunnels,
  type ProductWithTunnels,
} from '../../support/front-ends/product-with-tunnels.ts'

async function passes(frontEnd: ProductWithTunnels, leaf = fleet.device): Promise<void> {
  const next = await frontEnd.device(leaf)
  next.send('next')
  await next.receiveUntil('next')
  next.socket.destroy()
}

test('a reset by the device is written down as such', async () => {
  await using frontEnd = await productWithTunnels(echo)
  const below = connectTcp(frontEnd.port, '127.0.0.1')
  await once(below, 'connect')
  const device = await frontEnd.device(fleet.device, { socket: below })
  device.send('hello')
  await device.receiveUntil('hello')
  below.resetAndDestroy()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({
    outcome: 'aborted',
    failure: 'relay-device-gone',
    code: 'verified',
  })
  await frontEnd.upstream.peers[0]?.closed
})

test('a reset by the upstream ends the device, and counts against the server', async () => {
  await using frontEnd = await productWithTunnels((peer, connection) => {
    if (connection === 1) void peer.until('hello').then(() => peer.reset())
    else void echo(peer, connection)
  })
  const device = await frontEnd.device(fleet.device)
  device.send('hello')
  await device.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'failed', failure: 'reset', decision: 'admit' })
  await passes(frontEnd)
})

test('nothing of the device reaches an upstream of another name, and everybody is told why', async () => {
  const wrong = mintLeaf({
    issuer: fleet.upstreamCa,
    purposes: ['serverAuth'],
    dns: ['other.test'],
  })
  await using frontEnd = await productWithTunnels(echo, {
    upstream: { key: wrong.keyPem, cert: wrong.chainPem },
    relay: '{ proxyProtocol: inside-tls }',
  })
  const device = await frontEnd.device(fleet.device)
  device.send('a secret')
  await device.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({
    outcome: 'failed',
    failure: 'tls-name-mismatch',
    proxy_header: 'nothing',
  })
  expect(line?.['reason']).toContain('server name mismatch, certificate issued to: [')
  expect(frontEnd.upstream.peers.map(({ pending }) => pending).join('')).toBe('')
})

test('an upstream that is not there is a failure with a next step, and the device a closed connection', async () => {
  await using frontEnd = await productWithTunnels(echo)
  await frontEnd.upstream.stopListening()
  const device = await frontEnd.device(fleet.device)
  await device.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'failed', failure: 'refused', bytes_in: 0 })
  expect(line?.['next_step']).toBeTypeOf('string')
})

test('garbage in place of TLS is a handshake that failed, and costs no other connection anything', async () => {
  await using frontEnd = await productWithTunnels(echo)
  const garbage = connectTcp(frontEnd.port, '127.0.0.1')
  garbage.on('error', () => {})
  garbage.write(Buffer.from('4d4950520102000000000010ffffffff1c000000', 'hex'))
  await once(garbage, 'close')
  const line = await frontEnd.product.waitForLine(({ outcome }) => outcome === 'handshake-failed')
  expect(line).toMatchObject({ listener: 'sync', msg: 'connection' })
  expect(frontEnd.upstream.peers).toHaveLength(0)
  await passes(frontEnd)
})

test('who says nothing at all is closed after the time of a handshake', async () => {
  await using frontEnd = await productWithTunnels(echo, { limits: ['handshake: 200ms'] })
  const silent = connectTcp(frontEnd.port, '127.0.0.1')
  silent.on('error', () => {})
  await once(silent, 'close')
  await passes(frontEnd)
})

test('a tunnel in which nothing moves is closed after its time', async () => {
  await using frontEnd = await productWithTunnels(echo, { limits: ['idle: 300ms'] })
  const device = await frontEnd.device(fleet.device)
  device.send('hello')
  await device.receiveUntil('hello')
  await device.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'failed', failure: 'relay-idle' })
  await frontEnd.upstream.peers[0]?.closed
})

test('a flood of connections is bounded by the listener, and those within it pass', async () => {
  await using frontEnd = await productWithTunnels(echo, { limits: ['connections: 4'] })
  const within: TunnelClient[] = []
  for (const _ of [1, 2, 3, 4]) {
    const device = await frontEnd.device(fleet.device)
    device.send('first')
    await device.receiveUntil('first')
    within.push(device)
  }
  const refused = await Promise.allSettled(
    Array.from({ length: 20 }, () => TunnelClient.to(clientTls(frontEnd.port, fleet.device))),
  )
  expect(refused.every(({ status }) => status === 'rejected')).toBe(true)
  for (const device of within) {
    device.send('hello')
    await device.receiveUntil('hello')
  }
  expect(await metric(frontEnd, 'tfe_connections_dropped_total{listener="sync"}')).toBe(20)
  const line = await frontEnd.product.waitForLine(({ turned_away }) => turned_away !== undefined)
  expect(line['reason']).toBe(
    'devices with a fit certificate hold 4 of the 4 connections that there may be, 4 of them from 127.0.0.1',
  )
})

test('a flood of tunnels is bounded by the connections of the upstream, and says so', async () => {
  await using frontEnd = await productWithTunnels(echo, { upstreamLimits: ['connections: 2'] })
  for (let taken = 0; taken < 2; taken += 1) {
    const device = await frontEnd.device(fleet.device)
    device.send('hello')
    await device.receiveUntil('hello')
  }
  const late = await frontEnd.device(fleet.device)
  await late.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'failed', failure: 'overloaded' })
  expect(frontEnd.upstream.peers).toHaveLength(2)
})

const PIECE = Buffer.alloc(64 * 1024, 'x')
/** Two TLS sockets, two pipes and the kernel's buffers on loopback; without back-pressure all of it would fit. */
const MOST = 32 * 1024 * 1024
const OFFERED = 96 * 1024 * 1024

/** Writes what is offered as fast as it is taken; tells how much was. */
function offer(socket: TLSSocket): () => number {
  let written = 0
  void (async () => {
    while (written < OFFERED && !socket.destroyed) {
      written += PIECE.length
      if (!socket.write(PIECE)) await once(socket, 'drain').catch(() => {})
    }
  })()
  return () => written
}

/** Settles when everything that was offered has arrived; none of it is kept. */
function allRead(socket: TLSSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let octets = 0
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    octets += chunk.length
    if (octets >= OFFERED) resolve()
  })
  return promise
}

test('a reader that does not read holds up the writer on the other side, both ways', async () => {
  let written = (): number => 0
  const read = Promise.withResolvers<void>()
  await using frontEnd = await productWithTunnels(async ({ socket }, connection) => {
    if (connection === 1) written = offer(socket)
    if (connection === 2) offer(socket)
    // Neither reads nor writes.
    if (connection === 3) socket.pause()
    if (connection === 4) await allRead(socket).then(() => read.resolve())
  })
  const deaf = await frontEnd.device(fleet.device)
  deaf.socket.pause()
  // Begun later and offered as much: what nothing holds up is through when this is.
  await allRead((await frontEnd.device(fleet.device)).socket)
  expect(written()).toBeLessThan(MOST)
  const sent = offer((await frontEnd.device(fleet.device)).socket)
  offer((await frontEnd.device(fleet.device)).socket)
  await read.promise
  expect(sent()).toBeLessThan(MOST)
})

async function metric({ product }: ProductWithTunnels, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${product.statusPort}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1))
}
