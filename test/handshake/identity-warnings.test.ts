import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { expect, test } from 'vitest'
import {
  identityWarnings,
  privateAuthorityWarnings,
  SHOWN_TO_ADMINISTRATORS,
  SHOWN_TO_DEVICES,
  shownToUpstream,
} from '../../src/handshake/identity-warnings.ts'
import { isOfPublicAuthority } from '../../src/handshake/public-authorities.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { keyUsage, mintingAt, type LeafOptions } from '../support/certificates/mint.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)
const { mintCa, mintLeaf } = mintingAt(NOW)
const root = mintCa({ name: 'Root' })
const middle = mintCa({ name: 'Middle', issuer: root })
const other = mintCa({ name: 'Other Root' })

const serving = (options: Partial<LeafOptions> = {}) =>
  mintLeaf({ issuer: middle, purposes: ['serverAuth'], dns: ['mdm.example.com'], ...options })

type Chain = readonly { readonly der: Buffer }[]

function identityOf(chain: Chain, at = 'tfe.yaml:1:1') {
  const [first, ...rest] = chain.map(({ der }) => new X509Certificate(der))
  if (first === undefined) throw new Error('a chain begins with a leaf')
  return { at, certificates: [first, ...rest] as const }
}

const SHOWN = {
  admin: SHOWN_TO_ADMINISTRATORS,
  device: SHOWN_TO_DEVICES,
  upstream: shownToUpstream('core'),
}

const warningsOf = (chain: Chain, use: keyof typeof SHOWN = 'device', now = NOW) =>
  identityWarnings(identityOf(chain), SHOWN[use], now as Instant).map(({ message }) => message)

const SOUND = [serving(), middle, root]
const AN_HOUR = 3_600_000

test('a sound certificate is told nothing of, whichever peer it is shown to', () => {
  expect(warningsOf(SOUND)).toEqual([])
  expect(warningsOf(SOUND, 'admin')).toEqual([])
  expect(warningsOf([mintLeaf({ issuer: middle }), middle, root], 'upstream')).toEqual([])
  expect(warningsOf([serving({ purposes: [] }), middle])).toEqual([])
})

const ROWS: readonly (readonly [
  promise: string,
  chain: Chain,
  use: keyof typeof SHOWN,
  message: RegExp,
])[] = [
  [
    'an expired client certificate is named with its upstream',
    [mintLeaf({ issuer: middle, notAfter: NOW - AN_HOUR }), middle],
    'upstream',
    /^the client certificate for the upstream core expired at 2026-05-31T23:00:00.000Z: a server that verifies it refuses it; renew it$/,
  ],
  [
    'a server certificate that ends in two days is named with its end',
    [serving({ notAfter: NOW + 2 * DAY, notBefore: NOW - 300 * DAY }), middle],
    'device',
    /^the server certificate ends at 2026-06-03T00:00:00.000Z: renew it before, or every device refuses it/,
  ],
  [
    'a certificate of the admin API that is not valid yet is named with its beginning',
    [serving({ notBefore: NOW + DAY }), middle],
    'admin',
    /^the certificate of the admin API is valid only from 2026-06-02T00:00:00.000Z: until then/,
  ],
  [
    'an intermediate that has expired is named',
    [serving(), mintCa({ name: 'Late', issuer: root, notAfter: NOW - AN_HOUR })],
    'device',
    /^the CA "CN=Late" above the server certificate expired at /,
  ],
  [
    'an intermediate is told ninety days before its end',
    [
      serving(),
      mintCa({ name: 'Late', issuer: root, notBefore: NOW - 900 * DAY, notAfter: NOW + 89 * DAY }),
    ],
    'device',
    /^the CA "CN=Late" above the server certificate ends at /,
  ],
  [
    'a client certificate that is for servers alone may be refused',
    [serving(), middle],
    'upstream',
    /is for other purposes \(extended key usage 1\.3\.6\.1\.5\.5\.7\.3\.1\), wanted clientAuth/,
  ],
  [
    'a key that may not sign cannot be used with TLS 1.3',
    [serving({ extensions: [keyUsage('keyEncipherment')] }), middle],
    'device',
    /^the key usage of the server certificate lacks digitalSignature/,
  ],
  [
    'a short RSA key is named with its length',
    [serving({ keyType: 'rsa1024' }), middle],
    'device',
    /^the server certificate has an RSA key of 1024 bits, wanted 2048 at least/,
  ],
  [
    'a signature with SHA-1 is named',
    [serving({ digest: 'sha1' }), middle],
    'device',
    /^the server certificate is signed with ecdsa-with-SHA1, wanted SHA-256 or better/,
  ],
]

for (const [promise, chain, use, message] of ROWS) {
  test(promise, () => {
    expect(warningsOf(chain, use)).toEqual([expect.stringMatching(message)])
  })
}

test('the last second of a certificate is valid, and the first after it is not', () => {
  const chain = [serving({ notAfter: NOW, notBefore: NOW - DAY }), middle]
  expect(warningsOf(chain, 'device', NOW + 999).join('')).toMatch(/ends at/)
  expect(warningsOf(chain, 'device', NOW + 1000).join('')).toMatch(/expired at/)
})

test('a root that is sent or left out is no difference, and its authority is told once', () => {
  const whole = identityOf([serving(), middle, root], 'tfe.yaml:1:1')
  const short = identityOf([serving(), middle], 'tfe.yaml:2:1')
  const told = privateAuthorityWarnings([whole, short])
  expect(told).toEqual([
    {
      at: 'tfe.yaml:1:1',
      message: expect.stringMatching(/leads to "CN=Root", which is no public authority: devices/),
    },
  ])
  const foreign = identityOf([serving({ issuer: other })])
  expect(privateAuthorityWarnings([whole, short, foreign])).toHaveLength(2)
  expect(privateAuthorityWarnings([short])[0]?.message).toMatch(
    /not in the file: .*; if it is an intermediate, add it to the file$/,
  )
})

test('a public authority is recognised by its certificate, and a private one is none', () => {
  const [pem = ''] = rootCertificates
  const found = new X509Certificate(pem)
  expect(isOfPublicAuthority(found)).toBe(true)
  expect(isOfPublicAuthority(new X509Certificate(root.der))).toBe(false)
  expect(privateAuthorityWarnings([{ at: '', certificates: [found] }])).toEqual([])
})

test('a private CA with the name of a public one is none', () => {
  const [pem = ''] = rootCertificates
  const { subject } = new X509Certificate(pem)
  const [, name = ''] = /^CN=(.*)$/mu.exec(subject) ?? []
  expect(isOfPublicAuthority(new X509Certificate(mintCa({ name }).der))).toBe(false)
})
