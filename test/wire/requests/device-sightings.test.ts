/**
 * What reaches the store: every request of a device, gathered, with what it met; by whichever worker.
 */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { approvalsDelta } from '../../../src/state/overlay.ts'
import { poolProcess, storeRules, type PoolProcess } from '../../support/front-ends/worker-pool.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { requestOnce } from '../../support/devices/request-once.ts'

const device = mintLeaf({ issuer: fleet.devices, name: 'counted' })
const keyOf = (leaf: Leaf): KeyFingerprint => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki) as KeyFingerprint
}

/** Everything that was seen so far, once it comes to so many sightings. */
async function seenIn(pool: PoolProcess, wanted: number): Promise<readonly Sighting[]> {
  for (let lines = 1; ; lines += 1) {
    const found = await pool.waitForLines(lines, ({ msg }) => msg === 'seen')
    const seen = found.map((line) => line['seen'] as Sighting)
    if (seen.reduce((sum, { count }) => sum + count, 0) >= wanted) return seen
  }
}

test('the requests of a device on two workers are counted whole, with its certificate', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using pool = await poolProcess(2, { upstreamPort: upstream.port })
  await pool.send({ kind: 'rules', rules: storeRules() })
  const asked = 12
  for (let turn = 0; turn < asked; turn += 1) {
    expect((await requestOnce(pool, { version: 'TLSv1.3', device })).status).toBe(200)
  }
  const seen = await seenIn(pool, asked)
  expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(asked)
  expect(seen.length).toBeLessThan(asked)
  expect(seen[0]).toMatchObject({
    listener: 'devices',
    verdict: 'admit',
    code: 'verified',
    authentication: 'succeeded',
    approvesItself: true,
    certificate: { key: keyOf(device), subject: 'CN=counted', setting: 'Fleet', sound: true },
  })
})

test('the store knows which device is blocked and which showed nothing, and nothing of paths that ask for nothing', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using pool = await poolProcess(1, { upstreamPort: upstream.port })
  await pool.send({ kind: 'rules', rules: storeRules() })
  expect((await requestOnce(pool, { version: 'TLSv1.3', device, path: '/enroll/x' })).status).toBe(
    200,
  )
  expect((await requestOnce(pool, { version: 'TLSv1.3', path: '/enroll/x' })).status).toBe(200)
  expect((await requestOnce(pool, { version: 'TLSv1.3' })).status).toBe(403)
  const delta = approvalsDelta(2, [{ key: keyOf(device), approval: 'blocked' }])
  await pool.send({ kind: 'overlay', delta })
  expect((await requestOnce(pool, { version: 'TLSv1.3', device })).status).toBe(0)
  const seen = await seenIn(pool, 3)
  const facts = seen.map(({ code, authentication, certificate, count }) => [
    code,
    authentication,
    certificate?.key,
    count,
  ])
  expect(facts).toEqual([
    ['open-route', 'no-info', undefined, 1],
    ['no-certificate', 'failed', undefined, 1],
    ['blocked', 'failed', keyOf(device), 1],
  ])
})

test('in recording the store knows which device would be refused, though the device was let pass', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using pool = await poolProcess(1, { upstreamPort: upstream.port })
  await pool.send({ kind: 'rules', rules: storeRules({ latch: 'recording' }) })
  const stranger = fleet.unknown
  expect((await requestOnce(pool, { version: 'TLSv1.3', device: stranger })).status).toBe(200)
  const [seen] = await seenIn(pool, 1)
  expect(seen).toMatchObject({ verdict: 'refuse', code: 'untrusted-issuer' })
})

for (const modern of ['disabled', 'not-configured'] as const) {
  test(`a call of an OAuth endpoint that is ${modern} is not held against the device`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using pool = await poolProcess(1, {
      upstreamPort: upstream.port,
      rows: [
        '{ id: legacy, path: /legacy/*, class: legacy-oauth }',
        '{ id: modern, path: /modern/*, class: always, endpoint: oauth }',
      ],
    })
    const oauth = { modern, legacy: 'disabled' } as const
    await pool.send({ kind: 'rules', rules: storeRules({ oauth }) })
    for (const path of ['/legacy/x', '/modern/x']) {
      expect((await requestOnce(pool, { version: 'TLSv1.3', device, path })).status).toBe(403)
    }
    expect((await requestOnce(pool, { version: 'TLSv1.3', device })).status).toBe(200)
    const seen = await seenIn(pool, 1)
    expect(seen.map(({ code, count }) => [code, count])).toEqual([['verified', 1]])
  })
}

test('a body that ends late is no newer word on its device than what it met meanwhile', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using pool = await poolProcess(1, { upstreamPort: upstream.port })
  await pool.send({ kind: 'rules', rules: storeRules() })
  await using slow = await Device.to(pool.port, clientTls(pool.port, device))
  // All that is gathered of a body before the upstream is asked, and an octet is missing.
  const begun = `Content-Length: 16385\r\n\r\n${'a'.repeat(16_384)}`
  slow.send(`POST /renew/x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slow\r\n${begun}`)
  await expect.poll(() => upstream.peers.length).toBe(1)
  expect((await requestOnce(pool, { version: 'TLSv1.3', device })).status).toBe(200)
  slow.send('b')
  expect((await slow.response()).startLine).toContain('200')
  const seen = await seenIn(pool, 2)
  expect(seen.map(({ agent }) => agent)).toEqual(['slow', undefined])
})
