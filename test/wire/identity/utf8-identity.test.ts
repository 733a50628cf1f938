/** A name beyond ASCII reaches the upstream as the octets of UTF-8, and nothing in it becomes a field of its own. */
import { expect, test } from 'vitest'
import * as der from '../../support/certificates/der-writer.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { recordingUpstream } from '../../support/upstreams/recording-upstream.ts'

const subject = der.nameOf(['2.5.4.10', 'Größe 株式会社'], ['2.5.4.3', 'a\r\nX-Second: 1\u0085b'])

test('haproxy’s names reach the upstream in UTF-8, with no line break in them', async () => {
  await using upstream = await recordingUpstream()
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    identity: '{ format: haproxy }',
  })
  const { port, ...options } = clientTls(
    frontEnd.port,
    mintLeaf({ issuer: fleet.devices, subject }),
  )
  await using device = await Device.to(port, options)
  device.send('GET /device/a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  const { octets, requests } = upstream.take()
  expect(requests).toHaveLength(1)
  const lines = Buffer.from(octets, 'latin1').toString('utf8').split('\r\n')
  const dn = String.raw`/O=Größe 株式会社/CN=a\0D\0AX-Second: 1\C2\85b`
  expect(lines).toContain(`X-SSL-Client-DN: ${dn}`)
  expect(lines.filter((line) => /^x-second/iu.test(line))).toEqual([])
})
