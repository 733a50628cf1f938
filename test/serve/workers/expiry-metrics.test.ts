import { expect, test } from 'vitest'
import { EXPIRY_BUCKETS } from '../../../src/record/expiry-metrics.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const DAY = 86_400_000
const now = Date.now()
const lasting = (days: number, more: Partial<Parameters<typeof mintLeaf>[0]> = {}): Leaf =>
  mintLeaf({
    issuer: fleet.devices,
    name: `device-${days}`,
    notBefore: now - 400 * DAY,
    notAfter: now + days * DAY,
    ...more,
  })

const soon = lasting(3)
const renewed = lasting(200, { keys: soon })
/** Devices, and where they are to be counted. */
const DEVICES: readonly (readonly [Leaf, string])[] = [
  [lasting(5.5), '0-7d'],
  [lasting(20), '8-30d'],
  [lasting(50), '31-60d'],
  [lasting(100), '61-270d'],
  [lasting(400), 'later'],
  [fleet.inGrace, 'in-grace'],
  [lasting(-40), 'expired'],
]

for (const workers of [1, 2]) {
  test(`a scrape counts the devices of all processes once, by when they expire (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, { workers })
    const meet = async (leaf: Leaf | undefined): Promise<void> => {
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
      device.send('GET /enroll/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect((await device.response()).startLine).toContain('200')
    }
    const rounds = 4
    for (let round = 0; round < rounds; round += 1) {
      for (const [leaf] of DEVICES) await meet(leaf)
    }
    // The same key under two certificates is one device; the newer certificate counts.
    await meet(renewed)
    await meet(soon)
    // A client that made its certificate itself, or has none, is no device of this fleet.
    await meet(fleet.unknown)
    await meet(lasting(5, { selfSigned: true }))
    await meet(undefined)
    const asked = rounds * DEVICES.length + 5
    const lines = await frontEnd.waitForLines(asked, (line) => 'decision' in line)
    expect(new Set(lines.map((line) => line['worker'])).size).toBe(workers)
    const metrics = await frontEnd.fetchStatus('/metrics')
    const counted = EXPIRY_BUCKETS.map((kind) => [kind, countOf(metrics, kind)])
    const once = EXPIRY_BUCKETS.map((kind) => [kind, kind === '61-270d' ? 2 : 1])
    expect(counted).toEqual(once)
    expect(metrics).toContain('tfe_device_sightings_uncounted_total 0')
  })
}

test('a device whose CA is distrusted is not counted', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 1 })
  const meet = async (): Promise<void> => {
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.old))
    device.send('GET /enroll/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await device.response()
  }
  frontEnd.writeConfiguration({
    yaml: {
      trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }
    - { name: Old Fleet, standing: distrusted, chain: 'file:previous.pem' }`,
    },
  })
  frontEnd.child.kill('SIGHUP')
  await frontEnd.waitForLines(1, (line) => line['msg'] === 'reload applied')
  await meet()
  const metrics = await frontEnd.fetchStatus('/metrics')
  for (const kind of EXPIRY_BUCKETS) expect(countOf(metrics, kind)).toBe(0)
})

const countOf = (metrics: string, kind: string): number =>
  Number(
    new RegExp(`^tfe_devices_by_expiry\\{expires="${kind}"\\} (\\d+)$`, 'm').exec(metrics)?.[1],
  )
