import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** A listener whose every row asks for a fit certificate. */
const NO_OPEN_ROUTE = {
  routes: `
  tested:
    upstream: mdm
    rows:
      - { id: device, path: /device/*, class: device }
      - { id: admin, path: /admin/*, class: denied }`,
}

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

const STRANGERS = [
  ['no device', undefined, 'no-certificate'],
  ['a device of an unknown CA', fleet.unknown, 'untrusted-issuer'],
  ['an expired device', fleet.inGrace, 'expired'],
] as const

for (const [who, leaf, code] of STRANGERS) {
  test(`where every row asks for a certificate, ${who} is closed before HTTP is read`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml: NO_OPEN_ROUTE })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    device.send(REQUEST)
    await device.ended
    expect(device.pending).toBe('')
    const line = await frontEnd.waitForLine((one) => one['outcome'] === 'closed-before-request')
    expect(line).toMatchObject({ code, requests: 0, protocol: 'TLSv1.3' })
    expect(line['cipher']).toMatch(/^TLS_/)
    expect(line['next_step']).toBeTypeOf('string')
  })
}

test('the same front end serves a fit device', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml: NO_OPEN_ROUTE })
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
})

test('while recording, the same front end lets every device ask, vouches for none that is unfit, and says what it would refuse', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = { ...NO_OPEN_ROUTE, enforcement: ' recording' }
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
  const line = await frontEnd.waitForLine((one) => one['code'] === 'recording')
  expect(line).toMatchObject({ would_refuse: 'no-certificate', verify: 'NONE' })
})
