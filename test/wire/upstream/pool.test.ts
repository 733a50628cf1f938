import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  upstreamCa,
} from '../../support/front-ends/forwarding-server.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import {
  answering,
  OK,
  rawUpstream,
  type UpstreamPeer,
} from '../../support/upstreams/raw-upstream.ts'

test('two upstreams never share a connection, though address and port are the same', async () => {
  const subjects = new Map<string | undefined, number>()
  const options = { ...goodServer, requestCert: true, rejectUnauthorized: false }
  await using upstream = await rawUpstream(options, async (peer) => {
    const subject = peer.socket.getPeerX509Certificate()?.subject
    subjects.set(subject, (subjects.get(subject) ?? 0) + 1)
    await answering(OK)(peer, 0)
  })
  const identity = (name: string) =>
    mintLeaf({ issuer: upstreamCa, name, purposes: ['clientAuth'] })
  await using one = await forwardingServer(upstream.port, { identity: identity('one') })
  await using two = await forwardingServer(upstream.port, { identity: identity('two') })
  await using none = await forwardingServer(upstream.port)
  for (const { port } of [one, two, none, one, two, none]) {
    await using device = await Device.to(port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
  }
  expect(subjects).toEqual(
    new Map([
      ['CN=one', 1],
      ['CN=two', 1],
      [undefined, 1],
    ]),
  )
})

test('no more connections are opened than allowed, and everybody is served', async () => {
  let open = 0
  let most = 0
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    open += 1
    most = Math.max(most, open)
    void peer.closed.then(() => {
      open -= 1
    })
    await answering(OK)(peer, 0)
  })
  await using server = await forwardingServer(upstream.port, { limits: { connections: 3 } })
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      await using device = await Device.to(server.port)
      for (const _ of [1, 2, 3]) {
        device.request('GET /')
        expect((await device.response()).body).toBe('ok')
      }
    }),
  )
  expect(most).toBeLessThanOrEqual(3)
})

test('a connection that the upstream closes is replaced', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`)
  })
  await using server = await forwardingServer(upstream.port, { limits: { connections: 1 } })
  await using device = await Device.to(server.port)
  for (const _ of [1, 2, 3]) {
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
  }
  expect(upstream.peers.length).toBe(3)
})

test('an idle connection is closed after its limit', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port, { limits: { idle: 100 } })
  await using device = await Device.to(server.port)
  device.request('GET /')
  await device.response()
  await upstream.peers[0]?.closed
  await expect.poll(() => server.upstream.connections).toBe(0)
})

test('the upstream’s own keep-alive limit is respected when it is shorter', async () => {
  await using upstream = await rawUpstream(
    goodServer,
    answering('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'),
  )
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  await device.response()
  await upstream.peers[0]?.closed
})

test('an upstream that keeps a connection for no longer than a request may take gets each on a new one', async () => {
  await using upstream = await rawUpstream(
    goodServer,
    answering('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'),
  )
  await using server = await forwardingServer(upstream.port, { limits: { idle: 60_000 } })
  await using device = await Device.to(server.port)
  for (const count of [1, 2]) {
    device.request('GET /')
    await device.response()
    await upstream.peers[count - 1]?.closed
  }
  expect(upstream.peers).toHaveLength(2)
})

test('a connection is idle for a second less than the upstream says, and no longer', async () => {
  await using upstream = await rawUpstream(
    goodServer,
    answering('HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=2\r\nContent-Length: 2\r\n\r\nok'),
  )
  await using server = await forwardingServer(upstream.port, { limits: { idle: 60_000 } })
  await using device = await Device.to(server.port)
  device.request('GET /')
  await device.response()
  device.request('GET /')
  await device.response()
  expect(upstream.peers).toHaveLength(1)
  await upstream.peers[0]?.closed
})

test('a failed dial fails the request it was for, and no other', async () => {
  const peers = Promise.withResolvers<UpstreamPeer>()
  await using upstream = await rawUpstream(goodServer, (peer, connection) => {
    if (connection === 1) peers.resolve(peer)
  })
  await using server = await forwardingServer(upstream.port)
  await using first = await Device.to(server.port)
  first.request('GET /1')
  const peer = await peers.promise
  await peer.request()
  await upstream.stopListening()
  await using second = await Device.to(server.port)
  second.request('GET /2')
  expect((await second.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  peer.write(OK)
  expect((await first.response()).body).toBe('ok')
})

test('close waits for what is under way, and leaves nothing open', async () => {
  const peers = Promise.withResolvers<UpstreamPeer>()
  await using upstream = await rawUpstream(goodServer, (peer) => peers.resolve(peer))
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const peer = await peers.promise
  await peer.request()
  let closed = false
  const closing = server.upstream.close().then(() => {
    closed = true
  })
  peer.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')
  await device.until('ha')
  expect(closed).toBe(false)
  peer.write('lf')
  expect((await device.response()).body).toBe('half')
  await closing
  await peer.closed
  expect(server.upstream.connections).toBe(0)
})

test('a request that still belongs to a closed pool is served, and its connection not kept', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(upstream.port)
  await server.upstream.close()
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  await upstream.peers[0]?.closed
})

test('destroy breaks off what is under way', async () => {
  const peers = Promise.withResolvers<UpstreamPeer>()
  await using upstream = await rawUpstream(goodServer, (peer) => peers.resolve(peer))
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  const peer = await peers.promise
  await peer.request()
  peer.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')
  await device.until('ha')
  server.upstream.destroy()
  await expect(device.response()).rejects.toThrow('connection over')
  await peer.closed
})
