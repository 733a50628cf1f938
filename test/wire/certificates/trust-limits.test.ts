/** What the operator demands of paths, keys and signatures reaches live devices. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import * as der from '../../support/certificates/der-writer.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const sha1 = mintLeaf({ issuer: fleet.devices, digest: 'sha1' })
const rsa1024 = mintLeaf({ issuer: fleet.devices, keyType: 'rsa1024' })
const anyPurpose = mintLeaf({ issuer: fleet.devices, purposes: [], extensions: anyExtended() })

function anyExtended() {
  // ExtKeyUsageSyntax with anyExtendedKeyUsage alone (RFC 5280 §4.2.1.12).
  return [{ oid: '2.5.29.37', value: Buffer.from('30060604551d2500', 'hex') }]
}

const ecdsaNull = mintLeaf({
  issuer: fleet.devices,
  innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nothing()),
})
const unknown = mintLeaf({
  issuer: fleet.devices,
  innerAlgorithm: der.sequence(der.oid('1.2.3.4')),
})
const mlDsa = mintLeaf({ issuer: fleet.devices, keyType: 'ml-dsa-65' })

const ROWS = [
  { limits: '', leaf: fleet.device, code: 'verified' },
  { limits: 'depth: 1', leaf: fleet.device, code: 'verified' },
  { limits: 'depth: 0', leaf: fleet.device, code: 'path-too-long' },
  { limits: 'digest: sha256', leaf: fleet.device, code: 'verified' },
  { limits: 'digest: sha384', leaf: fleet.device, code: 'weak-signature' },
  { limits: '', leaf: sha1, code: 'weak-signature' },
  { limits: 'dangerousSha1: true', leaf: sha1, code: 'verified' },
  { limits: '', leaf: rsa1024, code: 'weak-key' },
  { limits: 'dangerousRsaBits: 1025', leaf: rsa1024, code: 'weak-key' },
  { limits: 'dangerousRsaBits: 1024', leaf: rsa1024, code: 'verified' },
  { limits: '', leaf: ecdsaNull, code: 'verified' },
  { limits: '', leaf: unknown, code: 'unsupported-signature' },
  { limits: '', leaf: mlDsa, code: 'unsupported-key' },
  { limits: 'mlDsa: ML-DSA-87', leaf: mlDsa, code: 'unsupported-key' },
  { limits: 'mlDsa: ML-DSA-65', leaf: mlDsa, code: 'verified' },
  { limits: '', leaf: anyPurpose, code: 'wrong-purpose' },
  { limits: 'anyPurpose: true', leaf: anyPurpose, code: 'verified' },
] as const

const NAMES = new Map([
  [fleet.device, 'a device below one intermediate, signed with SHA-256'],
  [sha1, 'a device signed with SHA-1'],
  [rsa1024, 'a device with RSA 1024'],
  [anyPurpose, 'a device for any purpose'],
  [ecdsaNull, 'a device signed with ECDSA and NULL'],
  [unknown, 'a device signed in a way that is not known'],
  [mlDsa, 'a device with an ML-DSA key'],
])

for (const { limits, leaf, code } of ROWS) {
  test(`${NAMES.get(leaf)} is ${code} under ${limits || 'the defaults'}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const trust = `
  limits: { ${limits} }
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml: { trust } })
    const weak = { ciphers: 'DEFAULT:@SECLEVEL=0' }
    await using device = await Device.to(frontEnd.port, {
      ...clientTls(frontEnd.port, leaf),
      ...weak,
    })
    device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const { startLine } = await device.response()
    const line = await frontEnd.waitForLine((one) => one['path'] === '/device/x')
    expect(line['code']).toBe(code)
    expect(startLine).toContain(code === 'verified' ? '200' : '403')
  })
}

test('what is given up is said at the start and counted', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const trust = `
  limits: { dangerousSha1: true }
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml: { trust } })
  const line = await frontEnd.waitForLine((one) => one['dangerous'] === 'weak-device-certificates')
  expect(String(line['at'])).toContain('trust.limits.dangerousSha1')
  const metrics = await (await fetch(`http://127.0.0.1:${frontEnd.statusPort}/metrics`)).text()
  expect(metrics).toMatch(/tfe_dangerous\w*\{[^}]*kind="weak-device-certificates"[^}]*\} 1/u)
})
