/** Where a request came from, as the upstream reads it, in the style that its settings name; what a device says of it never arrives. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const X_FORWARDED = [
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: localhost',
]

/** What a device pretends, in names that each style would trust. */
const FORGED = [
  'X-Forwarded-For: 192.0.2.9',
  'x-forwarded-host: evil.test',
  'Forwarded: for=192.0.2.9;proto=http',
  'X-Forwarded: for=192.0.2.9',
]

const STYLES = [
  ['no word of it', [], X_FORWARDED],
  ['x-forwarded', ['forwarding: x-forwarded'], X_FORWARDED],
  [
    'forwarded',
    ['forwarding: forwarded'],
    ['Forwarded: for=127.0.0.1;host="localhost";proto=https'],
  ],
  ['none', ['forwarding: none'], []],
] as const

/** The lines of a request about its origin, as they arrived. */
async function askedUpstream(run: (port: number, heads: readonly string[]) => Promise<void>) {
  const heads: string[] = []
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    for (let request = await peer.request(); request; request = await peer.request()) {
      heads.push(request.head)
      peer.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }
  })
  await run(upstream.port, heads)
}

const origin = (head: string | undefined): readonly string[] =>
  (head ?? '').split('\r\n').filter((line) => /forwarded/i.test(line))

const REQUEST = `GET /device/x HTTP/1.1\r\nHost: localhost\r\n${FORGED.join('\r\n')}\r\n\r\n`

for (const [style, upstreamLines, told] of STYLES) {
  test(`with ${style} an upstream reads that alone, and nothing that the device pretends`, () =>
    askedUpstream(async (upstreamPort, heads) => {
      await using frontEnd = await product({ upstreamPort, upstreamLines })
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
      device.send(REQUEST)
      expect((await device.response()).startLine).toContain('200')
      expect(origin(heads[0])).toEqual(told)
    }))
}

test('another style counts for open connections after a reload', () =>
  askedUpstream(async (upstreamPort, heads) => {
    await using frontEnd = await product({ upstreamPort })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    await device.response()
    await frontEnd.reload({ upstreamPort, upstreamLines: ['forwarding: none'] })
    device.send(REQUEST)
    await device.response()
    expect(heads.map(origin)).toEqual([X_FORWARDED, []])
  }))
