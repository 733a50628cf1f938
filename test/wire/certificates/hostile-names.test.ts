import { expect, test } from 'vitest'
import * as der from '../../support/certificates/der-writer.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const LONG_NAMES = [
  ['control characters', '\u0001'.repeat(12_000), 'untrusted-issuer'],
  ['characters that are escaped', ','.repeat(12_000), 'untrusted-issuer'],
  ['more octets than a certificate may have', 'x'.repeat(40_000), 'certificate-too-large'],
] as const

for (const [what, name, code] of LONG_NAMES) {
  test(`a subject of ${what} is refused, and no line about it is long`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    const leaf = mintLeaf({ issuer: fleet.stranger, subject: der.commonName(name) })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await device.response()).startLine).toContain('403')
    const line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['code']).toBe(code)
    expect(JSON.stringify(line).length).toBeLessThan(4096)
  })
}

test('a Host of any length makes no long line', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(`GET /device/x HTTP/1.1\r\nHost: ${'\\'.repeat(12_000)}\r\n\r\n`)
  expect((await device.response()).startLine).toContain('400')
  const line = await frontEnd.waitForLine((one) => 'decision' in one)
  expect(JSON.stringify(line).length).toBeLessThan(4096)
})
