import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const phone = mintLeaf({ issuer: fleet.devices, name: 'phone', dns: ['p1.phones.example'] })
const kiosk = mintLeaf({ issuer: fleet.devices, name: 'kiosk', dns: ['k1.kiosks.example'] })
const issuerKey = createHash('sha256').update(fleet.previous.spki).digest('hex')

const MATCHED = [
  "{ id: phones, path: /phones/*, class: device, match: { subjectAltNames: ['dns:*.phones.example'] } }",
  '{ id: fleet, path: /fleet/*, class: always, match: { enrollmentSettings: [Fleet] } }',
  `{ id: old, path: /old/*, class: device, match: { issuerKeys: ['${issuerKey}'] } }`,
  "{ id: policy, path: /policy/*, class: renewal, match: { policies: ['1.3.6.1.4.1.99999.1'] } }",
]

interface Row {
  readonly promise: string
  readonly device: Leaf
  readonly path: string
  readonly code: string
}

const ROWS: readonly Row[] = [
  {
    promise: 'a device with a name that the row asks for is admitted',
    device: phone,
    path: '/phones/x',
    code: 'verified',
  },
  {
    promise: 'a device with another name is refused there',
    device: kiosk,
    path: '/phones/x',
    code: 'match-rule-unmet',
  },
  {
    promise: 'the same device is admitted where its name is not asked for',
    device: kiosk,
    path: '/device/x',
    code: 'verified',
  },
  {
    promise: 'a device of another enrollment setting is refused where one is asked for',
    device: fleet.old,
    path: '/fleet/x',
    code: 'match-rule-unmet',
  },
  {
    promise: 'a device under the issuer that the row asks for is admitted',
    device: fleet.old,
    path: '/old/x',
    code: 'verified',
  },
  {
    promise: 'a device under another issuer is refused there',
    device: phone,
    path: '/old/x',
    code: 'match-rule-unmet',
  },
  {
    promise: 'a device without the policy is refused, in grace or not',
    device: fleet.inGrace,
    path: '/policy/x',
    code: 'match-rule-unmet',
  },
  {
    promise: 'a rule that would be met does not help a device that time refuses',
    device: fleet.inGrace,
    path: '/fleet/x',
    code: 'expired',
  },
]

for (const { promise, device, path, code } of ROWS) {
  test(promise, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, rows: MATCHED })
    await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
    caller.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const { startLine, body } = await caller.response()
    expect(startLine).toContain(code === 'verified' ? '200' : '403')
    const line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['code']).toBe(code)
    if (code !== 'match-rule-unmet') return
    expect(line['reason']).toMatch(/^this path asks for .+, and the certificate has /)
    expect(line['next_step']).toContain('of the row')
    // The device learns a reference, and nothing about what would have been right.
    expect(body).not.toMatch(/example|Fleet|match/)
    expect(upstream.peers).toHaveLength(0)
  })
}

const OLD = 'Client/9.9'
const CLIENTS: readonly (readonly [promise: string, agent: string, path: string, code: string])[] =
  [
    ['an old client may not renew what has expired', OLD, '/renew/x', 'expired-without-grace'],
    ['a newer client may', 'Client/10.1', '/renew/x', 'in-grace'],
    ['an old client is told on other paths what everybody is told', OLD, '/device/x', 'expired'],
  ]

for (const [promise, agent, path, code] of CLIENTS) {
  test(promise, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      yaml: { withoutGrace: " [{ product: Client, below: '10.1' }]" },
    })
    await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.inGrace))
    caller.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${agent}\r\n\r\n`)
    await caller.response()
    expect((await frontEnd.waitForLine((one) => 'decision' in one))['code']).toBe(code)
  })
}

test('a forged old User-Agent without a certificate is refused', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { withoutGrace: " [{ product: Client, below: '10.1' }]" },
  })
  for (const path of ['/renew/x', '/device/x', '/always/x']) {
    await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port))
    caller.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${OLD}\r\n\r\n`)
    expect((await caller.response()).startLine).toContain('403')
    const line = await frontEnd.waitForLine((one) => one['path'] === path)
    expect(line['code']).toBe('no-certificate')
  }
  expect(upstream.peers).toHaveLength(0)
})
