import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const phone = mintLeaf({ issuer: fleet.devices, name: 'phone' })

const ROWS = [
  '{ id: near, path: /near/*, class: device, allow: [127.0.0.0/8, "::1"] }',
  '{ id: far, path: /far/*, class: device, allow: [192.0.2.0/24] }',
  '{ id: elsewhere, path: /elsewhere/*, class: open, allow: [192.0.2.0/24] }',
]

/** What a device may write about where it comes from. */
const CLAIMS = [
  '',
  'X-Forwarded-For: 192.0.2.7\r\n',
  'Forwarded: for=192.0.2.7\r\n',
  'X-Real-IP: 192.0.2.7\r\n',
]

for (const claim of CLAIMS) {
  const what = claim === '' ? 'saying nothing' : `that says ${claim.trim()}`
  test(`a row that is open to other networks refuses a fit device ${what}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, rows: ROWS })
    await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, phone))
    caller.send(`GET /far/x HTTP/1.1\r\nHost: localhost\r\n${claim}\r\n`)
    const { startLine, body } = await caller.response()
    expect(startLine).toContain('403')
    expect(body).not.toContain('192.0.2')
    const line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['code']).toBe('address-not-allowed')
    expect(line['reason']).toContain('192.0.2.0/24')
    expect(upstream.peers).toHaveLength(0)
  })
}

test('a row that is open to its network admits it', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port, rows: ROWS })
  await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, phone))
  caller.send('GET /near/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await caller.response()).startLine).toContain('200')
})

test('an open row that is open to other networks is closed to strangers from here', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port, rows: ROWS })
  await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port))
  caller.send('GET /elsewhere/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await caller.response()).startLine).toContain('403')
  expect(upstream.peers).toHaveLength(0)
})
