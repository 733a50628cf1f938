/** When the settings of an upstream change, a request without a connection gets one under the new ones. */
import { expect, test } from 'vitest'
import type { UpstreamConnection } from '../../../src/forward/balance/connection.ts'
import type { ConnectionWaiter } from '../../../src/forward/balance/waiting-list.ts'
import { openUpstream, type Upstream } from '../../../src/forward/balance/upstream.ts'
import {
  goodServer,
  completedSelection,
  upstreamSettings,
} from '../../support/front-ends/forwarding-server.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

function opened(port: number, protocol: 'TLSv1.2' | 'TLSv1.3', name?: string): Upstream {
  const settings = upstreamSettings(port, {
    tls: { selection: completedSelection({ protocols: [protocol] }) },
    limits: { connections: 1 },
    ...(name === undefined ? {} : { hostname: name }),
  })
  const upstream = openUpstream(settings, { identity: undefined, onUntrusted: () => {} })
  if (!upstream.ok) throw new Error(JSON.stringify(upstream.failure))
  return upstream.value
}

/** A request that waits, and what comes of it. */
function waiting(): {
  readonly want: ConnectionWaiter
  readonly connection: Promise<UpstreamConnection>
} {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamConnection>()
  // Some are left waiting when their test ends.
  promise.catch(() => {})
  return {
    want: {
      unvouched: undefined,
      ready: resolve,
      failed: (failure) => reject(new Error(failure.kind)),
    },
    connection: promise,
  }
}

const poolOf = ({ servers }: Upstream) => {
  const [first] = servers
  if (first === undefined) throw new Error('no server')
  return first.pool
}

async function succession() {
  const server = await rawUpstream(goodServer, () => {})
  const [old, next] = [opened(server.port, 'TLSv1.3'), opened(server.port, 'TLSv1.2')]
  const holder = waiting()
  poolOf(old).acquire(holder.want)
  await holder.connection
  return {
    old,
    next,
    protocols: () => server.peers.map(({ socket }) => socket.getProtocol()),
    async [Symbol.asyncDispose]() {
      old.destroy()
      next.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('who waits in line when the settings change is served by the new ones at once', async () => {
  await using scene = await succession()
  const waiter = waiting()
  poolOf(scene.old).acquire(waiter.want)
  expect([scene.old.waiting, scene.next.waiting]).toEqual([1, 0])
  void scene.old.close(scene.next)
  await waiter.connection
  expect(scene.protocols()).toEqual(['TLSv1.3', 'TLSv1.2'])
})

test('who comes back for another connection gets one under the new settings', async () => {
  for (const how of ['acquire', 'acquireFresh'] as const) {
    await using scene = await succession()
    void scene.old.close(scene.next)
    const late = waiting()
    poolOf(scene.old)[how](late.want)
    await late.connection
    expect(scene.protocols()).toEqual(['TLSv1.3', 'TLSv1.2'])
  }
})

test('a handshake that was under way is not used', async () => {
  await using server = await rawUpstream(goodServer, () => {})
  const [old, next] = [opened(server.port, 'TLSv1.3'), opened(server.port, 'TLSv1.2')]
  const waiter = waiting()
  poolOf(old).acquire(waiter.want)
  const closed = old.close(next)
  await waiter.connection
  await closed
  expect([old.connections, next.connections]).toEqual([0, 1])
  next.destroy()
})

test('who no longer waits is forgotten by the successor, too', async () => {
  await using scene = await succession()
  const [first, second] = [waiting(), waiting()]
  poolOf(scene.old).acquire(first.want)
  poolOf(scene.old).acquire(second.want)
  void scene.old.close(scene.next)
  poolOf(scene.old).cancel(second.want)
  expect(scene.next.waiting).toBe(1)
  await first.connection
  expect(scene.next.waiting).toBe(0)
})

test('a server that is gone leaves who waits for it to the first of the new ones', async () => {
  await using server = await rawUpstream(goodServer, () => {})
  const [old, next] = [opened(server.port, 'TLSv1.3', '127.0.0.2'), opened(server.port, 'TLSv1.2')]
  const waiter = waiting()
  void old.close(next)
  poolOf(old).acquire(waiter.want)
  await waiter.connection
  expect(server.peers[0]?.socket.getProtocol()).toBe('TLSv1.2')
  old.destroy()
  next.destroy()
})

test('without a successor requests that already began still get through', async () => {
  await using scene = await succession()
  void scene.old.close()
  const late = waiting()
  poolOf(scene.old).acquire(late.want)
  expect(scene.old.waiting).toBe(1)
})
