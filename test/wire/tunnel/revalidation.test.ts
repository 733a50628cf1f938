/**
 * Tunnels live long: a decision about the device, the fleet or the port, and time, end those that they refuse, in
 * whichever worker, and no other.
 */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { approvalsDelta } from '../../../src/state/overlay.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { poolProcess, storeRules, type PoolProcess } from '../../support/front-ends/worker-pool.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, type Line } from '../../support/front-ends/product.ts'
import { inTime } from '../../support/in-time.ts'
import { echo, syncListener, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const SYNC = { listeners: syncListener() }

/** So many that the shares of peers that are not vouched for hold all that a test opens, whichever worker gets them. */
const upstreamLimits = ['connections: 64']

/** Workers that serve the sync port by these rules. */
async function startPool(
  workers: number,
  upstreamPort: number,
  rules = storeRules(),
): Promise<PoolProcess> {
  const pool = await poolProcess(workers, { upstreamPort, upstreamLimits, yaml: SYNC })
  await pool.send({ kind: 'rules', rules })
  return pool
}

const keyOf = (leaf: Leaf): KeyFingerprint => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki) as KeyFingerprint
}

/** Connections of a device, each of which has been heard by the upstream. */
async function openTunnels(pool: PoolProcess, leaf: Leaf | undefined, count = 4) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const client = await TunnelClient.to(clientTls(pool.port, leaf))
      client.send(`hello ${index}`)
      await client.receiveUntil(`hello ${index}`)
      return client
    }),
  )
}

/** Settles when all are over. */
async function allClosed(clients: readonly TunnelClient[]): Promise<void> {
  await Promise.all(clients.map(({ ended }) => ended))
}

async function expectStillRelayed(clients: readonly TunnelClient[]): Promise<void> {
  for (const client of clients) {
    client.send('still here')
    await client.receiveUntil('still here')
    client.socket.destroy()
  }
}

test('a block ends the tunnels of its device on two workers before they are told anything else, and no others', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, echo)
  await using pool = await startPool(2, upstream.port)
  const blocked = await openTunnels(pool, fleet.device, 8)
  const others = [
    ...(await openTunnels(pool, mintLeaf({ issuer: fleet.devices, name: 'other' }))),
    ...(await openTunnels(pool, undefined)),
  ]
  const delta = approvalsDelta(2, [{ key: keyOf(fleet.device), approval: 'blocked' }])
  await pool.send({ kind: 'overlay', delta })
  expect(await pool.ended('blocked')).toBe(blocked.length)
  await allClosed(blocked)
  const lines = await pool.waitForLines(8, ({ msg }) => msg === 'tunnel')
  for (const line of lines) {
    expect(line).toMatchObject({ outcome: 'ended', code: 'blocked', decision: 'admit' })
    expect(line['next_step']).toBeTypeOf('string')
  }
  await expectStillRelayed(others)
})

test('the latch ends tunnels that only recording let pass, and leaves those alone of whom nothing is asked', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, echo)
  await using pool = await startPool(2, upstream.port, storeRules({ latch: 'recording' }))
  const unfit = await openTunnels(pool, fleet.unknown)
  const others = [
    ...(await openTunnels(pool, fleet.device)),
    ...(await openTunnels(pool, undefined)),
  ]
  await pool.send({ kind: 'rules', rules: storeRules({ revision: 2 }) })
  expect(await pool.ended('untrusted-issuer')).toBe(unfit.length)
  await allClosed(unfit)
  const [line] = await pool.waitForLines(1, ({ outcome }) => outcome === 'ended')
  expect(line).toMatchObject({ code: 'untrusted-issuer' })
  await expectStillRelayed(others)
})

test('closing the port ends every tunnel before a worker is told anything else, and none begins', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, echo)
  await using pool = await startPool(2, upstream.port)
  const all = [...(await openTunnels(pool, fleet.device)), ...(await openTunnels(pool, undefined))]
  await pool.send({ kind: 'rules', rules: storeRules({ revision: 2, closedListeners: ['sync'] }) })
  expect(await pool.ended('listener-closed')).toBe(all.length)
  await allClosed(all)
  const late = await TunnelClient.to(clientTls(pool.port, fleet.device))
  await late.ended
  const lines = await pool.waitForLines(9, ({ msg }) => msg === 'tunnel')
  expect(new Set(lines.map(({ code }) => code))).toEqual(new Set(['listener-closed']))
  expect(lines.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1)
})

test('a tunnel ends when its certificate does', async () => {
  await using inside = await inTime(async (notAfter, stack) => {
    const upstream = stack.use(await rawUpstream(upstreamTlsOptions, echo))
    const options = { upstreamPort: upstream.port, upstreamLimits, yaml: SYNC }
    const pool = stack.use(await poolProcess(1, options))
    await pool.send({ kind: 'rules', rules: storeRules() })
    const short = mintLeaf({ issuer: fleet.devices, name: 'short', notAfter })
    const clients = await openTunnels(pool, short, 1)
    return { pool, clients, others: await openTunnels(pool, fleet.device, 1) }
  })
  const { pool, clients, others } = inside.scene
  await allClosed(clients)
  // A certificate counts through its whole last second.
  expect(Date.now()).toBeGreaterThan(inside.ends + 999)
  const [line] = await pool.waitForLines(1, ({ msg }) => msg === 'tunnel')
  expect(line).toMatchObject({ outcome: 'ended', code: 'expired' })
  await expectStillRelayed(others)
})

test('the store is told of a tunnel when it begins: which device is pending, and that an unknown client called', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, echo)
  await using pool = await startPool(1, upstream.port)
  const clients = [
    ...(await openTunnels(pool, fleet.device, 1)),
    ...(await openTunnels(pool, undefined, 1)),
  ]
  const stranger = await TunnelClient.to(clientTls(pool.port, fleet.unknown))
  await stranger.ended
  const lines = await pool.waitForLines(3, ({ msg }) => msg === 'seen')
  const facts = lines.map((line) => {
    const { listener, code, migration, certificate, authentication } = line['seen'] as Sighting
    return [listener, code, certificate?.key, migration, authentication]
  })
  const byText = (one: unknown[], other: unknown[]): number =>
    String(one) < String(other) ? -1 : 1
  expect(facts.toSorted(byText)).toEqual(
    [
      ['sync', 'verified', keyOf(fleet.device), 'pending', 'succeeded'],
      ['sync', 'open-route', undefined, 'pending', 'no-info'],
      ['sync', 'untrusted-issuer', keyOf(fleet.unknown), undefined, 'failed'],
    ].toSorted(byText),
  )
  await expectStillRelayed(clients)
})

for (const { what, goesOn } of [
  {
    what: 'an end of a tunnel that carried nothing since it was told of is told to no store',
    goesOn: false,
  },
  { what: 'what a tunnel carried since it was told of is told when it ends', goesOn: true },
]) {
  test(what, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using pool = await startPool(1, upstream.port)
    const seenOf = (leaf: Leaf, lines: readonly Line[]): readonly Sighting[] =>
      lines
        .map(({ seen }) => seen as Sighting)
        .filter(({ certificate }) => certificate?.key === keyOf(leaf))
    const isSeen = ({ msg }: Line): boolean => msg === 'seen'
    const [client] = await openTunnels(pool, fleet.device, 1)
    await pool.waitForLines(1, isSeen)
    if (goesOn) {
      client?.send('more')
      await client?.receiveUntil('more')
    }
    client?.socket.end()
    await pool.waitForLines(1, ({ msg }) => msg === 'tunnel')
    // Whatever the end has told comes before what is told of the next device.
    const next = mintLeaf({ issuer: fleet.devices, name: 'next' })
    const others = await openTunnels(pool, next, 1)
    const lines = await pool.waitForLines(goesOn ? 3 : 2, isSeen)
    expect(seenOf(fleet.device, lines).map(({ migration }) => migration)).toEqual(
      goesOn ? ['pending', 'pending'] : ['pending'],
    )
    expect(seenOf(next, lines)).toHaveLength(1)
    await expectStillRelayed(others)
  })
}
