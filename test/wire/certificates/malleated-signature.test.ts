import { createHash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, type Line } from '../../support/front-ends/product.ts'
import { malleated } from '../../support/certificates/malleated-signature.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
const twin: Leaf = malleated(fleet.device)

const blocking = (deny: string): Readonly<Record<string, string>> => ({
  trust: `
  deny: ${deny}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`,
})

test('the twin is another certificate by its fingerprint, and as good as the first', async () => {
  const [one, other] = [fleet.device, twin].map(({ der }) => new X509Certificate(der))
  const issuer = new X509Certificate(fleet.devices.der).publicKey
  expect([one?.verify(issuer), other?.verify(issuer)]).toEqual([true, true])
  expect(other?.fingerprint256).not.toBe(one?.fingerprint256)
  expect(other?.serialNumber).toBe(one?.serialNumber)
  expect(other?.publicKey.equals(one?.publicKey ?? issuer)).toBe(true)
})

test('a block by fingerprint would let the twin pass', async () => {
  const blocked = new Set([sha256(fleet.device.der)])
  expect([fleet.device, twin].map(({ der }) => blocked.has(sha256(der)))).toEqual([true, false])
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  expect(await ask(frontEnd.port, '/device/x', twin)).toBe('200')
})

const BLOCKS = [
  ['denied-key', `{ keys: ['${sha256(fleet.device.spki)}'] }`],
  [
    'denied-serial',
    `{ serials: [{ issuerKey: '${sha256(fleet.devices.spki)}', serial: '${new X509Certificate(fleet.device.der).serialNumber}' }] }`,
  ],
] as const

for (const [code, deny] of BLOCKS) {
  for (const enforcement of ['required', 'recording']) {
    test(`a blocked device stays blocked when its signature is re-encoded (${code}, ${enforcement})`, async () => {
      await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
      const yaml = { ...blocking(deny), enforcement: ` ${enforcement}` }
      await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
      for (const leaf of [fleet.device, twin]) {
        for (const path of ['/device/x', '/renew/x', '/always/x', '/enroll/x']) {
          expect(await ask(frontEnd.port, path, leaf), path).toBe('closed')
        }
      }
      const ends = (): readonly Line[] => frontEnd.lines.filter((line) => 'outcome' in line)
      await frontEnd.waitForLine(() => ends().length === 8)
      const told = ends().map((line) => `${String(line['outcome'])} ${String(line['code'])}`)
      expect(new Set(told)).toEqual(new Set([`closed-before-request ${code}`]))
      expect(upstream.peers).toHaveLength(0)
    })
  }
}

async function ask(port: number, path: string, leaf: Leaf): Promise<string> {
  await using device = await Device.to(port, clientTls(port, leaf))
  device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  const answer = await device.response().catch(() => undefined)
  // Nothing is open to a blocked device: its connection ends before HTTP.
  return answer?.startLine.slice(9, 12) ?? 'closed'
}
