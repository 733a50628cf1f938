import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

interface Split {
  readonly promise: string
  readonly parts: readonly string[]
}

const rows: readonly Split[] = [
  { promise: 'a 100 in a packet of its own is skipped', parts: [CONTINUE, OK] },
  { promise: 'a 100 that arrives octet by octet is skipped', parts: [...CONTINUE.split(''), OK] },
  { promise: 'two 100s are skipped', parts: [CONTINUE + CONTINUE, OK] },
  { promise: 'a 100 with a field is skipped', parts: ['HTTP/1.1 100 Go\r\nX: y\r\n\r\n', OK] },
  { promise: 'an answer that arrives octet by octet is whole', parts: OK.split('') },
  {
    promise: 'a body that looks like a 100 is left alone',
    parts: [`HTTP/1.1 200 OK\r\nContent-Length: ${CONTINUE.length}\r\n\r\n`, CONTINUE],
  },
]

for (const { promise, parts } of rows) {
  test(promise, async () => {
    await using upstream = await rawUpstream(goodServer, async (peer) => {
      while ((await peer.request()) !== undefined) {
        for (const part of parts) {
          await new Promise((resolve) => peer.socket.write(part, 'latin1', resolve))
        }
      }
    })
    await using server = await forwardingServer(upstream.port)
    await using device = await Device.to(server.port)
    for (const _ of [1, 2]) {
      device.request('GET /')
      const response = await device.response()
      // undici forgets all but the last piece of a reason phrase that comes in pieces; no peer may rely on one.
      expect(response.startLine).toMatch(/^HTTP\/1\.1 200 /)
      expect(response.body).toBe(parts.at(-1) === CONTINUE ? CONTINUE : 'ok')
    }
    expect(upstream.peers.length).toBe(1)
  })
}

test('a 100 that never ends is a bad response', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(`HTTP/1.1 100 Continue\r\nX: ${'a'.repeat(20_000)}`)
  })
  await using server = await forwardingServer(upstream.port)
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
  expect((await server.outcome()).failure?.kind).toBe('bad-response')
})
