import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** What clients said of themselves before they could present certificates; anybody may say it. */
const OLD_AGENTS = [
  'MobileIron/9.0 (iPhone; iOS 9.3.5)',
  'MobileIron OpenSSL-Wrapper (Dalvik VM)',
  'Apache-HttpClient/UNAVAILABLE (java 1.4)',
  'MDM-OSX/1.0 mdmclient/1.0',
  'MSFT OMA DM Client/1.2.0.1',
]

for (const path of ['/device/x', '/always/x', '/renew/x']) {
  test(`an old User-Agent stands for no certificate on ${path}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port))
    for (const agent of OLD_AGENTS) {
      device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${agent}\r\n\r\n`)
      expect((await device.response()).startLine).toContain('403')
      const line = await frontEnd.waitForLine((one) => one['user_agent'] === agent)
      expect(line['code']).toBe('no-certificate')
    }
    expect(upstream.peers).toHaveLength(0)
  })
}

test('an old User-Agent takes nothing from a device that has a certificate', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  for (const agent of OLD_AGENTS) {
    device.send(`GET /device/x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${agent}\r\n\r\n`)
    expect((await device.response()).startLine).toContain('200')
  }
})
