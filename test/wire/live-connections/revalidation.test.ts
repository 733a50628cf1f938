/**
 * Who is refused by a change, or by time, is refused now: connections kept alive and bodies under way end, whichever
 * worker holds them, and a neighbour notices nothing.
 */
import { hash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { approvalsDelta } from '../../../src/state/overlay.ts'
import type { StoreRules } from '../../../src/state/store-rules.ts'
import {
  poolProcess,
  storeRules,
  type PoolProcess,
  type PoolCommand,
} from '../../support/front-ends/worker-pool.ts'
import { Device } from '../../support/devices/device.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { HALF_BODY, stallingUpstream } from '../../support/upstreams/stalling-upstream.ts'
import { clientTls, fleet, type ProductOptions } from '../../support/front-ends/product.ts'
import { inTime } from '../../support/in-time.ts'

const device = mintLeaf({ issuer: fleet.devices, name: 'the one' })
const neighbour = mintLeaf({ issuer: fleet.devices, name: 'the neighbour' })
const otherCa = mintCa({ name: 'Other Fleet' })
const elsewhere = mintLeaf({ issuer: otherCa, name: 'elsewhere' })

const keyOf = (leaf: Leaf): KeyFingerprint => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki) as KeyFingerprint
}
const OTHER = {
  name: 'Other',
  source: 'other',
  standing: { kind: 'current' },
  chain: [otherCa.certificate],
  crl: undefined,
} as const
const rules = (changes: Partial<StoreRules> = {}): StoreRules => {
  const [ours] = storeRules().enrollmentSettings
  if (ours === undefined) throw new Error('there is a setting')
  return storeRules({ enrollmentSettings: [ours, OTHER], ...changes })
}
const block = (leaf: Leaf): PoolCommand => ({
  kind: 'overlay',
  delta: approvalsDelta(2, [{ key: keyOf(leaf), approval: 'blocked' }]),
})
const told = (changes: Partial<StoreRules>): PoolCommand => ({
  kind: 'rules',
  rules: { ...rules(changes), revision: 2 },
})
const standing = (kind: 'distrusted') =>
  told({
    enrollmentSettings: rules().enrollmentSettings.map((one) =>
      one.name === 'Fleet' ? { ...one, standing: { kind } } : one,
    ),
  })

const GET = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function visiting(pool: PoolProcess, leaf: Leaf, request = GET): Promise<Device> {
  const visitor = await Device.to(pool.port, clientTls(pool.port, leaf))
  visitor.send(request)
  expect((await visitor.response()).startLine).toContain('200')
  return visitor
}

/** Idle connections of a device, until every worker holds one. Lines arrive by the second, connections do not wait. */
async function spread(
  pool: PoolProcess,
  leaf: Leaf,
  { workers, request }: { readonly workers: number; readonly request?: string },
): Promise<readonly Device[]> {
  const idle: Device[] = []
  const key = keyOf(leaf)
  for (;;) {
    const next = await Promise.all(Array.from({ length: 6 }, () => visiting(pool, leaf, request)))
    idle.push(...next)
    const lines = await pool.waitForLines(
      idle.length,
      (line) => 'decision' in line && JSON.stringify(line).includes(key),
    )
    if (new Set(lines.map((line) => line['worker'])).size === workers) return idle
  }
}

/** The cause, what is told, and the code that the log gives. */
const CAUSES: readonly [string, PoolCommand, string][] = [
  ['a block', block(device), 'blocked'],
  ['distrust', standing('distrusted'), 'distrusted'],
  [
    'an entry of the deny list',
    {
      kind: 'overlay',
      delta: {
        kind: 'denied',
        revision: 2,
        entries: [{ of: 'key', value: keyOf(device), denied: true }],
      },
    },
    'denied-key',
  ],
]

for (const [cause, told, code] of CAUSES) {
  test(`${cause} ends idle connections and bodies both ways before a worker is told anything else, on two workers`, async () => {
    const { upstream, half, left } = await stallingUpstream()
    await using _upstream = upstream
    await using pool = await poolProcess(2, { upstreamPort: upstream.port })
    await pool.send({ kind: 'rules', rules: rules() })
    await using other = await visiting(pool, elsewhere)
    const idle = await spread(pool, device, { workers: 2 })
    await using uploading = await Device.to(pool.port, clientTls(pool.port, device))
    uploading.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
    await half
    await using downloading = await Device.to(pool.port, clientTls(pool.port, device))
    downloading.send('GET /device/endless HTTP/1.1\r\nHost: localhost\r\n\r\n')
    while (!downloading.pending.includes('the first part')) await once(downloading.socket, 'data')
    expect(await pool.ended(code)).toBe(0)
    await pool.send(told)
    expect(await pool.ended(code)).toBe(idle.length + 2)
    await Promise.all([...idle, uploading, downloading].map(({ ended }) => ended))
    await Promise.all([left.upload.promise, left.download.promise])
    const lines = await pool.waitForLines(idle.length + 2, (line) => line['outcome'] === 'ended')
    expect(new Set(lines.map((line) => line['code']))).toEqual(new Set([code]))
    expect(new Set(lines.map((line) => line['worker'])).size).toBe(2)
    other.send(GET)
    expect((await other.response()).startLine).toContain('200')
  })
}

test('throwing the latch ends who was only recorded, bodies under way included, and no other', async () => {
  const { upstream, half, left } = await stallingUpstream()
  await using _upstream = upstream
  await using pool = await poolProcess(2, { upstreamPort: upstream.port })
  await pool.send({ kind: 'rules', rules: rules({ latch: 'recording' }) })
  await using fit = await visiting(pool, device)
  await using stranger = await Device.to(pool.port, clientTls(pool.port, fleet.unknown))
  stranger.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
  await half
  await pool.send(told({ latch: 'required' }))
  expect(await pool.ended('untrusted-issuer')).toBe(1)
  await stranger.ended
  await left.upload.promise
  fit.send(GET)
  expect((await fit.response()).startLine).toContain('200')
})

test('the latch beats the file, and so do the CAs of the store', async () => {
  const { upstream } = await stallingUpstream()
  await using _upstream = upstream
  await using pool = await poolProcess(1, {
    upstreamPort: upstream.port,
    yaml: { enforcement: ' recording' },
  })
  await using recorded = await Device.to(pool.port, clientTls(pool.port, fleet.old))
  recorded.send(GET)
  expect((await recorded.response()).startLine).toContain('200')
  await pool.send({ kind: 'rules', rules: rules() })
  await recorded.ended
  // Old Fleet stands in the file alone; the store does not know it.
  await using old = await Device.to(pool.port, clientTls(pool.port, fleet.old))
  old.send(GET)
  expect((await old.response()).startLine).toContain('403')
})

test('a listener that is closed ends its connections and takes no more', async () => {
  const { upstream } = await stallingUpstream()
  await using _upstream = upstream
  await using pool = await poolProcess(1, { upstreamPort: upstream.port })
  await using visitor = await visiting(pool, device)
  await pool.send(told({ closedListeners: ['devices'] }))
  await visitor.ended
  await using late = await Device.to(pool.port, clientTls(pool.port, device))
  await late.ended
  const lines = await pool.waitForLines(2, (line) => line['code'] === 'listener-closed')
  expect(new Set(lines.map((line) => line['outcome']))).toEqual(
    new Set(['closed-before-request', 'ended']),
  )
})

test('a withdrawn approval ends a body on a sensitive route, and leaves the device the others', async () => {
  const { upstream, half } = await stallingUpstream()
  await using _upstream = upstream
  await using pool = await poolProcess(1, {
    upstreamPort: upstream.port,
    yaml: { approval: ' { model: manual }' },
    rows: ['{ id: data, path: /data/*, class: device, sensitive: true }'],
  })
  const approve = (approval: 'approved' | 'unapproved'): PoolCommand => ({
    kind: 'overlay',
    delta: approvalsDelta(2, [{ key: keyOf(device), approval }]),
  })
  await using early = await Device.to(pool.port, clientTls(pool.port, device))
  early.send('GET /data/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await early.response()).startLine).toContain('403')
  await pool.send(approve('approved'))
  early.send('GET /data/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await early.response()).startLine).toContain('200')
  await using uploading = await Device.to(pool.port, clientTls(pool.port, device))
  uploading.send(`POST /data/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
  await half
  await pool.send(approve('unapproved'))
  await uploading.ended
  early.send(GET)
  expect((await early.response()).startLine).toContain('200')
})

/** Two workers and an upstream, taken down with `stack`. */
async function started(stack: AsyncDisposableStack, options: Partial<ProductOptions> = {}) {
  const { upstream, half, left } = await stallingUpstream()
  stack.use(upstream)
  const pool = stack.use(await poolProcess(2, { upstreamPort: upstream.port, ...options }))
  return { pool, half, left }
}

test('a certificate that expires ends its connections by itself, on two workers', async () => {
  await using inside = await inTime(async (notAfter, stack) => {
    const { pool, half, left } = await started(stack, { yaml: { grace: ' 0s' } })
    const other = await visiting(pool, neighbour)
    const ending = mintLeaf({ issuer: fleet.devices, name: 'ending', notAfter })
    const idle = await spread(pool, ending, { workers: 2 })
    const uploading = await Device.to(pool.port, clientTls(pool.port, ending))
    uploading.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
    await half
    return { pool, other, left, all: [...idle, uploading] }
  })
  const { pool, other, left, all } = inside.scene
  await Promise.all(all.map(({ ended }) => ended))
  // A certificate counts through the whole last second.
  expect(Date.now()).toBeGreaterThan(inside.ends + 999)
  await left.upload.promise
  const lines = await pool.waitForLines(all.length, ({ outcome }) => outcome === 'ended')
  expect(new Set(lines.map(({ code }) => code))).toEqual(new Set(['expired-beyond-grace']))
  expect(new Set(lines.map(({ worker }) => worker)).size).toBe(2)
  other.send(GET)
  expect((await other.response()).startLine).toContain('200')
})

test('the end of grace ends renewals that are under way and kept alive, on two workers', async () => {
  await using inside = await inTime(async (ends, stack) => {
    const { pool, half } = await started(stack, { yaml: { grace: ' 60s' } })
    const late = mintLeaf({
      issuer: fleet.devices,
      name: 'late',
      notBefore: ends - 500_000_000,
      notAfter: ends - 60_000,
    })
    const request = 'GET /renew/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const idle = await spread(pool, late, { workers: 2, request })
    const renewing = await Device.to(pool.port, clientTls(pool.port, late))
    renewing.send(`POST /renew/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
    await half
    return { pool, all: [...idle, renewing] }
  })
  const { pool, all } = inside.scene
  await Promise.all(all.map(({ ended }) => ended))
  expect(Date.now()).toBeGreaterThan(inside.ends)
  const lines = await pool.waitForLines(all.length, ({ outcome }) => outcome === 'ended')
  expect(new Set(lines.map(({ code }) => code))).toEqual(new Set(['expired-beyond-grace']))
  expect(new Set(lines.map(({ worker }) => worker)).size).toBe(2)
})

test('a sunset ends who was still admitted, on two workers', async () => {
  await using inside = await inTime(async (sunset, stack) => {
    const { pool, half } = await started(stack)
    const retired = {
      kind: 'previously-trusted',
      retiredAt: Date.now() as Instant,
      cutOff: 'not-before',
      sunset,
    } as const
    await pool.send(
      told({
        enrollmentSettings: rules().enrollmentSettings.map((one) =>
          one.name === 'Fleet' ? { ...one, standing: retired } : one,
        ),
      }),
    )
    const idle = await spread(pool, device, { workers: 2 })
    const uploading = await Device.to(pool.port, clientTls(pool.port, device))
    uploading.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
    await half
    return { pool, all: [...idle, uploading] }
  })
  const { pool, all } = inside.scene
  await Promise.all(all.map(({ ended }) => ended))
  expect(Date.now()).toBeGreaterThanOrEqual(inside.ends)
  const lines = await pool.waitForLines(all.length, ({ outcome }) => outcome === 'ended')
  expect(new Set(lines.map(({ code }) => code))).toEqual(new Set(['sunset']))
  expect(new Set(lines.map(({ worker }) => worker)).size).toBe(2)
})
