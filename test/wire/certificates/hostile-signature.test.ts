import { createPublicKey, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { pss, SHA256, SHA512 } from '../../fuzz/keys.ts'
import * as der from '../../support/certificates/der-writer.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import {
  mintCertificate,
  mintKeys,
  type Keys,
} from '../../support/certificates/mint-certificate.ts'
import { mintCa } from '../../support/certificates/mint.ts'
import { fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { VERSIONS, requestOnce } from '../../support/devices/request-once.ts'

/** An RSA key that is for RSASSA-PSS with SHA-256 and salts of 32 octets alone (RFC 4055 §1.2). */
function pssKeys(): Keys {
  const { key, spki } = mintKeys('rsa2048')
  const numbers = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const bits = der.bitString(numbers.export({ type: 'pkcs1', format: 'der' }))
  return { key, spki: der.sequence(pss(SHA256, 32), bits) }
}

const authority = mintCa({ name: 'Careful CA', keys: pssKeys(), issuer: mintCa({ name: 'Above' }) })

/** Says that it was signed in a way that the key of its CA is not for. Anybody can make one. */
const forged = mintCertificate({
  subject: der.commonName('device-1'),
  keys: mintKeys(),
  issuer: authority,
  notBefore: new Date(Date.now() - 86_400_000),
  notAfter: new Date(Date.now() + 86_400_000),
  innerAlgorithm: pss(SHA512, 64),
  signature: randomBytes(256),
})

for (const version of VERSIONS) {
  test(`${version}: a signature that its CA's key is not for is a bad one, and ends nothing but its request`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const settings = [
      `{ name: Fleet, standing: current, chain: 'file:fleet.pem' }`,
      `{ name: Careful, standing: previously-trusted, retiredAt: 2100-01-01T00:00:00Z, chain: 'file:careful.pem' }`,
    ]
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      yaml: {
        trust: `\n  enrollmentSettings:\n${settings.map((one) => `    - ${one}\n`).join('')}`,
      },
      files: { 'careful.pem': authority.pem },
    })
    const peer = { ...forged, chainPem: forged.pem }
    expect((await requestOnce(frontEnd, { version, device: peer })).status).toBe(403)
    const line = await frontEnd.waitForLine((one) => one['decision'] === 'refuse')
    expect(line['code']).toBe('bad-signature')
    expect((await requestOnce(frontEnd, { version, device: fleet.device })).status).toBe(200)
  })
}
