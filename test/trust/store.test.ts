import { expect, test } from 'vitest'
import { parseAnchor } from '../../src/trust/anchor.ts'
import { DEFAULT_LIMITS, type Limits, type Profile } from '../../src/trust/limits.ts'
import { trustStore } from '../../src/trust/store.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCertificate, mintKeys, type Minted } from '../support/certificates/mint-certificate.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  keyUsage,
  mintCa,
  mintLeaf,
  OIDS,
} from '../support/certificates/mint.ts'
import { caBelow, ISSUING, nameOf, read, ROOT } from './fleet.ts'

const OTHER = mintCa({ name: 'Other root' })

interface Sources {
  readonly chains?: Readonly<Record<string, readonly Minted[]>>
  readonly profile?: Profile
  readonly limits?: Partial<Limits>
}

function built({
  chains = { one: [ROOT, ISSUING] },
  profile = 'private',
  limits = {},
}: Sources = {}) {
  const settings = Object.entries(chains).map(([name, chain]) => ({ name, chain: chain.map(read) }))
  return trustStore({ settings, profile, limits })
}

const anchorsOf = (sources: Sources): readonly string[] =>
  built(sources).anchors.map(({ certificate, setting }) => `${setting}: ${nameOf(certificate)}`)

const same: readonly (readonly [promise: string, Sources, Sources])[] = [
  ['the same content has the same version', {}, {}],
  [
    'the order of certificates does not count',
    { chains: { one: [ROOT, ISSUING] } },
    { chains: { one: [ISSUING, ROOT] } },
  ],
  [
    'the order of settings does not count',
    { chains: { one: [ROOT], two: [OTHER] } },
    { chains: { two: [OTHER], one: [ROOT] } },
  ],
  [
    'a certificate twice does not count',
    { chains: { one: [ROOT] } },
    { chains: { one: [ROOT, ROOT] } },
  ],
  ['a limit spelled out as it is does not count', {}, { limits: { depth: DEFAULT_LIMITS.depth } }],
]

for (const [promise, left, right] of same) {
  test(promise, () => {
    expect(built(left).version).toBe(built(right).version)
  })
}

const different: readonly (readonly [promise: string, Sources])[] = [
  ['another anchor is another version', { chains: { one: [OTHER, ISSUING] } }],
  ['one anchor more is another version', { chains: { one: [ROOT, ISSUING], two: [OTHER] } }],
  ['an intermediate less is another version', { chains: { one: [ROOT] } }],
  ['another name of the setting is another version', { chains: { two: [ROOT, ISSUING] } }],
  ['another profile is another version', { profile: 'strict' }],
  ['another limit is another version', { limits: { anyPurpose: true } }],
  ['no anchor at all is another version', { chains: {} }],
]

for (const [promise, sources] of different) {
  test(promise, () => {
    expect(built(sources).version).not.toBe(built().version)
  })
}

test('another anchor alone is another version', () => {
  const [one, other] = [[ROOT], [OTHER]].map((chain) => built({ chains: { chain } }).version)
  expect(one).not.toBe(other)
})

test('the order of intermediates does not count', () => {
  const intermediates = Array.from({ length: 5 }, (_, index) => caBelow(ROOT, `CA ${index}`))
  const [one, other] = [intermediates, intermediates.toReversed()].map(
    (chain) => built({ chains: { chain: [ROOT, ...chain] } }).version,
  )
  expect(one).toBe(other)
})

test('these limits hold unless others are given', () => {
  expect(DEFAULT_LIMITS).toEqual({
    depth: 8,
    paths: 16,
    signatures: 64,
    steps: 2000,
    comparisons: 65_536,
    rsaBits: { minimum: 2048, maximum: 8192 },
    curves: ['P-256', 'P-384', 'P-521'],
    digests: ['sha256', 'sha384', 'sha512'],
    mlDsa: 'off',
    anyPurpose: false,
  })
})

test('a version is a SHA-256 in lower case', () => {
  expect(built().version).toMatch(/^[0-9a-f]{64}$/u)
})

const tops: readonly (readonly [promise: string, readonly Minted[], readonly string[]])[] = [
  [
    'a self-signed certificate is the anchor, the rest are intermediates',
    [ISSUING, ROOT],
    ['one: Root'],
  ],
  [
    'a chain without its root has the highest intermediate as anchor',
    [caBelow(ISSUING, 'Low'), ISSUING],
    ['one: Issuing'],
  ],
  ['two roots are two anchors', [ROOT, OTHER], ['one: Root', 'one: Other root']],
  ['an intermediate alone is the anchor', [ISSUING], ['one: Issuing']],
  ['an empty chain has none', [], []],
  [
    'two self-signed certificates of one CA are two anchors',
    [OTHER, mintCa({ name: 'Other root', keys: OTHER, pathLength: 3 })],
    ['one: Other root', 'one: Other root'],
  ],
  [
    'a CA of another name is no way up, though its key made the signature',
    [ROOT, mintCa({ name: 'Below', issuer: { ...ROOT, subject: der.commonName('Alias') } })],
    ['one: Root', 'one: Below'],
  ],
  [
    'a certificate of the root’s name and another key is no way up',
    [ISSUING, mintCa({ name: 'Root' })],
    ['one: Issuing', 'one: Root'],
  ],
]

for (const [promise, chain, anchors] of tops) {
  test(promise, () => {
    expect(anchorsOf({ chains: { one: chain } })).toEqual(anchors)
  })
}

test('an anchor signed by itself under another name is self-signed all the same', () => {
  const keys = mintKeys()
  const alias = { ...OTHER, subject: der.commonName('Alias'), key: keys.key }
  const odd = mintCa({ name: 'Odd', keys, issuer: alias })
  expect(built({ chains: { one: [odd] } }).anchors[0]?.selfSigned).toBe(true)
})

const CONTRADICTION = [{ kind: 'anchor-contradicts-itself' }]
const UNKNOWN = { critical: true, value: der.nothing() }
const HOST = der.contextPrimitive(2, Buffer.from('a.example'))
const ITSELF = der.context(4, der.commonName('Root'))
const ELSE = der.context(4, der.commonName('Else'))

/** Signed by itself, with the serial 5, of which it says that it is another one, perhaps. */
function numbered(serial: number): Minted {
  const extensions = [
    basicConstraints(true),
    keyUsage('keyCertSign'),
    issuedBy(der.contextPrimitive(2, Buffer.from([serial]))),
  ]
  return mintLeaf({ issuer: ROOT, selfSigned: true, serial: 5, extensions })
}

const unfit: readonly (readonly [promise: string, Minted, readonly object[]])[] = [
  ['a root is fit', ROOT, []],
  ['an intermediate is fit', ISSUING, []],
  ['a root without key usage is fit', mintCa({ without: [OIDS.keyUsage] }), []],
  [
    'a self-signed one that names its own key is fit',
    mintCa({ keys: OTHER, extensions: [authorityKeyIdentifier(OTHER.spki)] }),
    [],
  ],
  ['a self-signed one that names its own serial is fit', numbered(5), []],
  ['a self-signed one that names a serial near its own is unfit', numbered(6), CONTRADICTION],
  [
    'a self-signed one that names itself after another kind of name is fit',
    mintCa({ name: 'Root', extensions: [issuedBy(der.context(1, HOST, ITSELF))] }),
    [],
  ],
  [
    'of several names of an issuer the first one counts',
    mintCa({ name: 'Root', extensions: [issuedBy(der.context(1, ELSE, ITSELF))] }),
    CONTRADICTION,
  ],
  [
    'of several unknown critical extensions the first is named',
    mintCa({ extensions: ['1.2.3.4', '1.2.3.5'].map((oid) => ({ ...UNKNOWN, oid })) }),
    [{ kind: 'anchor-extension-unknown', oid: '1.2.3.4' }],
  ],
  [
    'a device is unfit in every way that it is',
    mintCa({ name: 'x', extensions: [basicConstraints(false), keyUsage('digitalSignature')] }),
    [{ kind: 'anchor-not-a-ca' }, { kind: 'anchor-may-not-sign' }],
  ],
  [
    'a CA without a name is unfit',
    mintCa({ subject: der.sequence() }),
    [{ kind: 'anchor-without-name' }],
  ],
  [
    'a weak key is unfit',
    mintCa({ keyType: 'rsa1024' }),
    [{ kind: 'anchor-key-weak', key: 'RSA 1024' }],
  ],
  [
    'a key of a kind that is not taken is unfit, and not called weak',
    mintCa({ keyType: 'ml-dsa-44' }),
    [{ kind: 'anchor-key-unsupported', key: 'ML-DSA-44', why: 'not-enabled' }],
  ],
  [
    'one of version 1 is unfit for its version, and not for what only later versions can say',
    mintCertificate({
      subject: der.commonName('Old root'),
      keys: OTHER,
      issuer: { subject: der.commonName('Old root'), key: OTHER.key },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
      version: 0,
    }),
    [{ kind: 'anchor-version-old', version: 1 }],
  ],
  [
    'one of version 2 is unfit for its version',
    mintCertificate({
      subject: der.commonName('Old root'),
      keys: OTHER,
      issuer: { subject: der.commonName('Old root'), key: OTHER.key },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
      version: 1,
    }),
    [{ kind: 'anchor-version-old', version: 2 }],
  ],
  [
    'one that names itself as issuer, signed in a way that we do not know, is not said to be signed by another',
    mintCa({ innerAlgorithm: der.sequence(der.oid('1.2.3.4')) }),
    [{ kind: 'anchor-signature-unsupported', algorithm: 'algorithm 1.2.3.4', why: 'unknown' }],
  ],
  [
    'one that names another as issuer, signed in a way that we do not know, is of unstated origin',
    mintCa({
      name: 'Below',
      issuer: OTHER,
      without: [OIDS.authorityKeyIdentifier],
      innerAlgorithm: der.sequence(der.oid('1.2.3.4')),
    }),
    [{ kind: 'anchor-origin-unstated' }],
  ],
  [
    'one that names itself as issuer, signed by another key in a way that we know, is of unstated origin',
    mintCa({
      name: 'Other root',
      issuer: OTHER,
      without: [OIDS.authorityKeyIdentifier],
    }),
    [{ kind: 'anchor-origin-unstated' }],
  ],
  [
    'one that names itself as issuer, with a weak signature of another key, is of unstated origin',
    mintCa({
      innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.1')),
    }),
    [{ kind: 'anchor-origin-unstated' }],
  ],
  [
    'an unknown critical extension is unfit',
    mintCa({ extensions: [{ oid: '1.2.3.4', critical: true, value: der.nothing() }] }),
    [{ kind: 'anchor-extension-unknown', oid: '1.2.3.4' }],
  ],
  [
    'a self-signed one that names another key is unfit',
    mintCa({ extensions: [authorityKeyIdentifier(OTHER.spki)] }),
    [{ kind: 'anchor-contradicts-itself' }],
  ],
  [
    'a self-signed one that names another serial is unfit',
    mintCa({ extensions: [issuedBy(der.contextPrimitive(2, Buffer.from([1])))] }),
    [{ kind: 'anchor-contradicts-itself' }],
  ],
  [
    'a self-signed one that names another issuer is unfit',
    mintCa({ extensions: [issuedBy(der.context(1, der.context(4, der.commonName('Else'))))] }),
    [{ kind: 'anchor-contradicts-itself' }],
  ],
  [
    'a self-signed one that names itself is fit',
    mintCa({
      name: 'Root',
      extensions: [issuedBy(der.context(1, der.context(4, der.commonName('Root'))))],
    }),
    [],
  ],
  [
    'one that another CA signed and that does not say who is unfit',
    caBelow(ROOT, 'Silent', { without: [OIDS.authorityKeyIdentifier] }),
    [{ kind: 'anchor-origin-unstated' }],
  ],
]

function issuedBy(part: Buffer) {
  return { oid: OIDS.authorityKeyIdentifier, value: der.sequence(part) }
}

for (const [promise, minted, faults] of unfit) {
  test(`as an anchor, ${promise}`, () => {
    const parsed = parseAnchor(read(minted), 'one')
    expect(parsed.ok).toBe(faults.length === 0)
    expect(parsed.ok ? [] : parsed.failure).toEqual(faults)
  })
}
