import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, type Line } from '../../support/front-ends/product.ts'
import { serveProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35'
const sloppy = mintLeaf({
  issuer: fleet.devices,
  name: 'sloppy',
  purposes: [],
  without: [AUTHORITY_KEY_IDENTIFIER],
})

async function ask(port: number, path: string, leaf: Leaf): Promise<void> {
  await using device = await Device.to(port, clientTls(port, leaf))
  device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await device.response()
}

interface Row {
  readonly promise: string
  readonly device: Leaf
  readonly path: string
  readonly code: string
  readonly findings: readonly string[] | undefined
}

const ROWS: readonly Row[] = [
  {
    promise: 'what is harmlessly wrong with an admitted path stands in the event, each code once',
    device: sloppy,
    path: '/device/x',
    code: 'verified',
    findings: ['purpose-missing', 'authority-key-identifier-missing'],
  },
  {
    promise: 'a path without fault has no findings',
    device: fleet.device,
    path: '/device/x',
    code: 'verified',
    findings: undefined,
  },
  {
    promise: 'where no certificate is asked for, nothing is said about it',
    device: sloppy,
    path: '/enroll/x',
    code: 'open-route',
    findings: undefined,
  },
  {
    promise: 'a device that is refused has a reason, and no findings',
    device: sloppy,
    path: '/admin/x',
    code: 'route-denied',
    findings: undefined,
  },
]

for (const { promise, device, path, code, findings } of ROWS) {
  test(promise, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    await ask(frontEnd.port, path, device)
    const line: Line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['code']).toBe(code)
    expect(line['findings']).toEqual(findings)
  })
}

test('under the strict profile the same path is refused, and the reason names what is wrong', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: {
      trust: `
  profile: strict
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`,
    },
  })
  await ask(frontEnd.port, '/device/x', sloppy)
  const line = await frontEnd.waitForLine((one) => 'decision' in one)
  expect(line['code']).toBe('departs-from-profile')
  expect(line['reason']).toContain('purpose-missing, authority-key-identifier-missing')
})

test('one scrape counts the findings of all workers, by code', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  const asked = 24
  for (let turn = 0; turn < asked; turn += 1) await ask(frontEnd.port, '/device/x', sloppy)
  await ask(frontEnd.port, '/device/x', fleet.device)
  const lines = await frontEnd.waitForLines(asked + 1, (line) => 'decision' in line)
  expect(new Set(lines.map((line) => line['worker'])).size).toBe(2)
  const metrics = await frontEnd.fetchStatus('/metrics')
  const counted = [...metrics.matchAll(/^tfe_findings_total\{(.*)\} (\d+)$/gm)].map(
    ([, labels, count]) => `${labels} ${count}`,
  )
  expect(counted.toSorted()).toEqual([
    'listener="devices",finding="authority-key-identifier-missing" 24',
    'listener="devices",finding="purpose-missing" 24',
  ])
})

test('the event says whom the certificate names as its issuer, and since when it counts', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await ask(frontEnd.port, '/device/x', fleet.unknown)
  const line = await frontEnd.waitForLine((one) => 'decision' in one)
  expect(line).toMatchObject({
    code: 'untrusted-issuer',
    device: {
      subject: 'CN=unknown',
      issuer: 'CN=Stranger',
      not_before: expect.stringMatching(/Z$/),
    },
  })
})
