import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  MAX_CERTIFICATE_BYTES,
  parseCertificate,
  type Certificate,
} from '../../src/x509/certificate.ts'
import type { Laxity, Problem } from '../../src/x509/der-fault.ts'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type CertificateFields,
  type KeyType,
  type MintedExtension,
} from '../support/certificates/mint-certificate.ts'
import { basicConstraints, keyUsage, mintCa, mintLeaf, OIDS } from '../support/certificates/mint.ts'

const keys = mintKeys()
const issuer = { subject: der.commonName('Test CA'), key: keys.key }
const plain: CertificateFields = {
  subject: der.commonName('device-1'),
  keys,
  issuer,
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
}
const minted = (fields: Partial<CertificateFields> = {}): Buffer =>
  mintCertificate({ ...plain, ...fields }).der
const extended = (...extensions: readonly MintedExtension[]): Buffer => minted({ extensions })

function parsed(octets: Uint8Array): Certificate {
  const result = parseCertificate(octets)
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value
}

const utc = (text: string): Buffer => der.tlv(0x17, Buffer.from(text))
const generalized = (text: string): Buffer => der.tlv(0x18, Buffer.from(text))
const san = (...names: readonly Buffer[]): MintedExtension => ({
  oid: OIDS.subjectAltName,
  value: der.sequence(...names),
})
const raw = (oid: string, value: Buffer): MintedExtension => ({ oid, value })

interface Broken {
  readonly promise: string
  readonly octets: Buffer
  readonly problem: Problem
  readonly field: string
}

const spki = (algorithm: Buffer, key: Buffer): { keys: typeof keys } => ({
  keys: { key: keys.key, spki: der.sequence(algorithm, der.bitString(key)) },
})
const rsaOid = der.oid('1.2.840.113549.1.1.1')

const broken: readonly Broken[] = [
  {
    promise: 'nothing is no certificate',
    octets: Buffer.alloc(0),
    problem: 'missing-element',
    field: 'certificate',
  },
  {
    promise: 'octets after the certificate are refused',
    octets: Buffer.concat([minted(), Buffer.from([0])]),
    problem: 'trailing-octets',
    field: 'certificate',
  },
  {
    promise: 'a certificate cut short is refused',
    octets: minted().subarray(0, -1),
    problem: 'truncated',
    field: 'certificate',
  },
  {
    promise: 'a fourth version is unknown',
    octets: minted({ version: 3 }),
    problem: 'version-unknown',
    field: 'version',
  },
  {
    promise: 'a serial with a needless zero is refused',
    octets: minted({ serial: Buffer.from([0, 1]) }),
    problem: 'integer-not-minimal',
    field: 'serialNumber',
  },
  {
    promise: 'an empty serial is refused',
    octets: minted({ serial: Buffer.alloc(0) }),
    problem: 'integer-not-minimal',
    field: 'serialNumber',
  },
  {
    promise: 'algorithms that differ inside and outside are refused',
    octets: minted({ outerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) }),
    problem: 'algorithms-differ',
    field: 'signature',
  },
  {
    promise: 'parameters that differ inside and outside are refused',
    octets: minted({ outerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nothing()) }),
    problem: 'algorithms-differ',
    field: 'signature',
  },
  {
    promise: 'a name with an empty relative name is refused',
    octets: minted({ subject: der.sequence(der.set()) }),
    problem: 'missing-element',
    field: 'subject',
  },
  {
    promise: 'a name with three parts in an attribute is refused',
    octets: minted({
      subject: der.sequence(
        der.set(der.sequence(der.oid('2.5.4.3'), der.utf8('a'), der.utf8('b'))),
      ),
    }),
    problem: 'trailing-octets',
    field: 'subject',
  },
  {
    promise: 'a name of sixty-five parts is refused',
    octets: minted({
      subject: der.nameOf(...Array.from({ length: 65 }, () => ['2.5.4.3', 'x'] as const)),
    }),
    problem: 'too-many-elements',
    field: 'subject',
  },
  ...[
    '260101000000',
    '2601010000Z',
    '260101000000+0000',
    '26010100000Z',
    '2601010000000Z',
    '2x0101000000Z',
  ].map((text): Broken => ({
    promise: `the UTCTime ${text} is refused`,
    octets: minted({ notBefore: utc(text) }),
    problem: 'time-malformed',
    field: 'validity',
  })),
  ...['20260101000000', '20260101000000.5Z', '2026010100Z', '20260101000000+0000'].map(
    (text): Broken => ({
      promise: `the GeneralizedTime ${text} is refused`,
      octets: minted({ notAfter: generalized(text) }),
      problem: 'time-malformed',
      field: 'validity',
    }),
  ),
  ...['261301000000Z', '260001000000Z', '260230000000Z', '270229000000Z', '260100000000Z'].map(
    (text): Broken => ({
      promise: `the day of ${text} is on no calendar`,
      octets: minted({ notBefore: utc(text) }),
      problem: 'time-malformed',
      field: 'validity',
    }),
  ),
  ...['260101240000Z', '260101006000Z', '260101000060Z'].map((text): Broken => ({
    promise: `the hour of ${text} is on no clock`,
    octets: minted({ notBefore: utc(text) }),
    problem: 'time-malformed',
    field: 'validity',
  })),
  {
    promise: 'a time of another type is refused',
    octets: minted({ notBefore: der.utf8('260101000000Z') }),
    problem: 'unexpected-element',
    field: 'validity',
  },
  {
    promise: 'an RSA key with octets after it is refused',
    octets: minted(
      spki(
        der.sequence(rsaOid, der.nothing()),
        Buffer.concat([der.sequence(der.integer(5), der.integer(3)), Buffer.from([0])]),
      ),
    ),
    problem: 'trailing-octets',
    field: 'subjectPublicKeyInfo',
  },
  {
    promise: 'an RSA key that is no pair of numbers is refused',
    octets: minted(spki(der.sequence(rsaOid, der.nothing()), der.sequence(der.integer(5)))),
    problem: 'missing-element',
    field: 'subjectPublicKeyInfo',
  },
  {
    promise: 'extensions in version 1 are refused',
    octets: minted({ version: 0, extensions: [basicConstraints(false)] }),
    problem: 'extensions-in-old-version',
    field: 'extensions',
  },
  {
    promise: 'extensions in version 2 are refused',
    octets: minted({ version: 1, extensions: [basicConstraints(false)] }),
    problem: 'extensions-in-old-version',
    field: 'extensions',
  },
  {
    promise: 'a unique identifier in version 1 is refused',
    octets: minted({ version: 0, beforeExtensions: der.contextPrimitive(1, Buffer.from([0, 1])) }),
    problem: 'extensions-in-old-version',
    field: 'uniqueIdentifier',
  },
  {
    promise: 'an empty list of extensions is refused',
    octets: minted({ rawExtensions: der.context(3, der.sequence()) }),
    problem: 'missing-element',
    field: 'extensions',
  },
  {
    promise: 'the same extension twice is refused',
    octets: extended(raw('1.2.3', der.nothing()), raw('1.2.3', der.nothing())),
    problem: 'duplicate-extension',
    field: 'extension 1.2.3',
  },
  {
    promise: 'sixty-five extensions are refused',
    octets: extended(
      ...Array.from({ length: 65 }, (_, index) => raw(`1.2.${index}`, der.nothing())),
    ),
    problem: 'too-many-elements',
    field: 'extension 1.2.63',
  },
  ...(
    [
      [
        'basic constraints that are no sequence',
        OIDS.basicConstraints,
        der.boolean(true),
        'unexpected-element',
      ],
      [
        'a negative path length',
        OIDS.basicConstraints,
        der.sequence(der.boolean(true), der.integer(-1)),
        'unexpected-element',
      ],
      [
        'basic constraints with more fields',
        OIDS.basicConstraints,
        der.sequence(der.boolean(true), der.integer(0), der.integer(0)),
        'trailing-octets',
      ],
      [
        'an extension with octets after it',
        OIDS.basicConstraints,
        Buffer.concat([der.sequence(), der.nothing()]),
        'trailing-octets',
      ],
      ['an empty key usage octet string', OIDS.keyUsage, Buffer.alloc(0), 'missing-element'],
      [
        'an extended key usage without purposes',
        OIDS.extendedKeyUsage,
        der.sequence(),
        'missing-element',
      ],
      ['alternative names without a name', OIDS.subjectAltName, der.sequence(), 'missing-element'],
      [
        'alternative names that are text',
        OIDS.subjectAltName,
        Buffer.from('example.com'),
        'unexpected-element',
      ],
      [
        'a DNS name beyond ASCII',
        OIDS.subjectAltName,
        der.sequence(der.contextPrimitive(2, Buffer.from('é'))),
        'text-not-ascii',
      ],
      [
        'a name of an unknown kind',
        OIDS.subjectAltName,
        der.sequence(der.contextPrimitive(9, Buffer.from('x'))),
        'unexpected-element',
      ],
      [
        'name constraints that constrain nothing',
        OIDS.nameConstraints,
        der.sequence(),
        'missing-element',
      ],
      [
        'permitted subtrees without a subtree',
        OIDS.nameConstraints,
        der.sequence(der.context(0)),
        'missing-element',
      ],
      [
        'excluded subtrees without a subtree',
        OIDS.nameConstraints,
        der.sequence(der.context(1)),
        'missing-element',
      ],
      ['policies without a policy', OIDS.certificatePolicies, der.sequence(), 'missing-element'],
      ['policy mappings without a mapping', OIDS.policyMappings, der.sequence(), 'missing-element'],
      [
        'policy constraints that constrain nothing',
        OIDS.policyConstraints,
        der.sequence(),
        'missing-element',
      ],
      [
        'a negative skip of policies',
        OIDS.policyConstraints,
        der.sequence(der.contextPrimitive(0, Buffer.from([0xff]))),
        'unexpected-element',
      ],
      [
        'information access without an access',
        '1.3.6.1.5.5.7.1.1',
        der.sequence(),
        'missing-element',
      ],
      [
        'a key identifier that is no octet string',
        OIDS.subjectKeyIdentifier,
        der.utf8('x'),
        'unexpected-element',
      ],
    ] as const
  ).map(([what, oid, value, problem]): Broken => ({
    promise: `${what} is refused`,
    octets: extended(raw(oid, value)),
    problem,
    field: `extension ${oid}`,
  })),
]

for (const { promise, octets, problem, field } of broken) {
  test(promise, () => {
    const result = parseCertificate(octets)
    const failure = result.ok ? undefined : result.failure
    expect(failure).toMatchObject({ kind: 'certificate-malformed', problem, field })
  })
}

test('a fault says what, where and at which octet', () => {
  const result = parseCertificate(minted({ version: 3 }))
  expect(result).toEqual({
    ok: false,
    failure: {
      kind: 'certificate-malformed',
      problem: 'version-unknown',
      field: 'version',
      offset: 12,
      detail: 'its version names a version that does not exist (octet 12)',
    },
  })
})

test('one octet beyond the limit is refused before anything is read', () => {
  const limit = MAX_CERTIFICATE_BYTES
  expect(parseCertificate(Buffer.alloc(limit + 1))).toEqual({
    ok: false,
    failure: { kind: 'certificate-too-large', bytes: limit + 1, limit },
  })
  expect(parseCertificate(Buffer.alloc(limit))).toMatchObject({
    failure: { kind: 'certificate-malformed' },
  })
})

const lax: readonly (readonly [promise: string, octets: Buffer, found: readonly Laxity[]])[] = [
  ['a tidy certificate departs in nothing', minted(), []],
  [
    'a critical FALSE spelled out is noted',
    minted({
      rawExtensions: der.context(
        3,
        der.sequence(
          der.sequence(der.oid('1.2.3'), der.boolean(false), der.octetString(der.nothing())),
        ),
      ),
    }),
    ['default-value-encoded'],
  ],
  [
    'a cA FALSE spelled out is noted',
    extended(raw(OIDS.basicConstraints, der.sequence(der.boolean(false)))),
    ['default-value-encoded'],
  ],
  ['a version 1 spelled out is noted', explicitVersion1(), ['default-value-encoded']],
  [
    'key usage bits with zeros after them are noted',
    extended(raw(OIDS.keyUsage, der.bitString(Buffer.from([0x80]), 0))),
    ['named-bits-not-minimal'],
  ],
  [
    'a GeneralizedTime before 2050 is noted',
    minted({ notAfter: generalized('20491231235959Z') }),
    ['time-form-of-another-year'],
  ],
  [
    'a GeneralizedTime from 2050 on is right',
    minted({ notAfter: generalized('20500101000000Z') }),
    [],
  ],
  ['a UTCTime of 1950 is right', minted({ notBefore: utc('500101000000Z') }), []],
]

/** `[0] { INTEGER 0 }`, which DER leaves out. */
function explicitVersion1(): Buffer {
  const tbs = der.sequence(
    der.context(0, der.integer(0)),
    der.integer(1),
    der.sequence(der.oid('1.2.840.10045.4.3.2')),
    issuer.subject,
    der.sequence(utc('260101000000Z'), utc('270101000000Z')),
    plain.subject,
    keys.spki,
  )
  const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'))
  return der.sequence(tbs, algorithm, der.bitString(Buffer.from([0x30, 0])))
}

for (const [promise, octets, found] of lax) {
  test(promise, () => {
    expect([...parsed(octets).laxities]).toEqual(found)
  })
}

const times: readonly (readonly [promise: string, Buffer, iso: string])[] = [
  ['two digits from 50 are of the last century', utc('500101000000Z'), '1950-01-01T00:00:00.000Z'],
  ['two digits below 50 are of this century', utc('491231235959Z'), '2049-12-31T23:59:59.000Z'],
  ['a leap day is a day', utc('280229120000Z'), '2028-02-29T12:00:00.000Z'],
  ['the year 9999 can be named', generalized('99991231235959Z'), '9999-12-31T23:59:59.000Z'],
  ['the year 1 can be named', generalized('00010101000000Z'), '0001-01-01T00:00:00.000Z'],
]

for (const [promise, time, iso] of times) {
  test(promise, () => {
    expect(new Date(parsed(minted({ notBefore: time })).notBefore).toISOString()).toBe(iso)
  })
}

test('notAfter is the last millisecond of its second', () => {
  const { notAfter } = parsed(minted({ notAfter: utc('270101000000Z') }))
  expect(notAfter).toBe(Date.parse('2027-01-01T00:00:00.999Z'))
})

const serials: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('01', 'hex'), '01'],
  [Buffer.from('0080', 'hex'), '80'],
  [Buffer.from('00', 'hex'), '00'],
  [Buffer.from('7f00', 'hex'), '7f00'],
  [Buffer.from('ff', 'hex'), '-01'],
  [Buffer.from('ff7f', 'hex'), '-81'],
  [Buffer.from('80', 'hex'), '-80'],
]

for (const [octets, text] of serials) {
  test(`the serial ${octets.toString('hex')} is known as ${text}`, () => {
    expect(parsed(minted({ serial: octets })).serial).toBe(text)
  })
}

const strengths: readonly (readonly [KeyType, object])[] = [
  ['p256', { kind: 'ec', curve: 'P-256' }],
  ['p384', { kind: 'ec', curve: 'P-384' }],
  ['p521', { kind: 'ec', curve: 'P-521' }],
  ['rsa1024', { kind: 'rsa', bits: 1024, exponentBits: 17 }],
  ['rsa2048', { kind: 'rsa', bits: 2048, exponentBits: 17 }],
  ['ed25519', { kind: 'ed25519' }],
  ['ed448', { kind: 'ed448' }],
]

for (const [type, algorithm] of strengths) {
  test(`a key of type ${type} is known by its encoding`, () => {
    expect(parsed(minted({ keys: mintKeys(type) })).publicKey.algorithm).toEqual(algorithm)
  })
}

test('a curve given by its parameters is no known curve', () => {
  const explicit = der.sequence(der.oid('1.2.840.10045.2.1'), der.sequence(der.integer(1)))
  const { algorithm } = parsed(minted(spki(explicit, Buffer.from([4, 1, 1])))).publicKey
  expect(algorithm).toEqual({ kind: 'ec', curve: 'other' })
})

test('every extension is read', () => {
  const { extensions } = parsed(
    extended(
      basicConstraints(true, 3),
      keyUsage('keyCertSign', 'cRLSign'),
      raw(OIDS.certificatePolicies, der.sequence(der.sequence(der.oid('1.2.3'), der.sequence()))),
      raw(OIDS.policyMappings, der.sequence(der.sequence(der.oid('1.2.3'), der.oid('1.2.4')))),
      raw(OIDS.policyConstraints, der.sequence(der.contextPrimitive(0, Buffer.from([0])))),
      raw(OIDS.inhibitAnyPolicy, der.integer(2)),
      raw(
        OIDS.authorityKeyIdentifier,
        der.sequence(
          der.contextPrimitive(0, Buffer.from([1])),
          der.context(1, der.context(4, der.commonName('CA'))),
          der.contextPrimitive(2, Buffer.from([0, 0x99])),
        ),
      ),
      raw(
        OIDS.nameConstraints,
        der.sequence(
          der.context(0, der.sequence(der.contextPrimitive(2, Buffer.from('example.com')))),
          der.context(
            1,
            der.sequence(
              der.contextPrimitive(1, Buffer.from('a@b')),
              der.contextPrimitive(0, Buffer.from([1])),
            ),
          ),
        ),
      ),
      raw('1.2.3.4', Buffer.from('anything')),
    ),
  )
  expect(extensions).toMatchObject({
    basicConstraints: { ca: true, pathLength: 3 },
    keyUsage: 0x0600_0000,
    policies: ['1.2.3'],
    policyMappings: [{ issuerDomain: '1.2.3', subjectDomain: '1.2.4' }],
    policyConstraints: { requireExplicitPolicy: 0, inhibitPolicyMapping: undefined },
    inhibitAnyPolicy: 2,
    authorityKeyIdentifier: { keyIdentifier: '01', issuer: [{ kind: 'directory' }], serial: '99' },
    nameConstraints: {
      permitted: [{ base: { kind: 'dns', text: 'example.com' }, plain: true }],
      excluded: [{ base: { kind: 'email', text: 'a@b' }, plain: false }],
    },
  })
  expect(extensions.all.at(-1)).toEqual({ oid: '1.2.3.4', critical: false })
})

test('names of every kind are read', () => {
  const other = der.context(0, der.oid('1.3.6.1.4.1.311.20.2.3'), der.context(0, der.utf8('u@d')))
  const names = parsed(
    extended(
      san(
        der.contextPrimitive(1, Buffer.from('a@example.com')),
        der.contextPrimitive(2, Buffer.from('example.com')),
        der.context(4, der.commonName('x')),
        der.contextPrimitive(6, Buffer.from('urn:x:1')),
        der.contextPrimitive(7, Buffer.from([192, 0, 2, 1])),
        der.contextPrimitive(8, Buffer.from([0x2a, 3])),
        other,
      ),
    ),
  ).subjectAltNames
  expect(names).toMatchObject([
    { kind: 'email', text: 'a@example.com' },
    { kind: 'dns', text: 'example.com' },
    { kind: 'directory', name: { rdns: [[{ oid: '2.5.4.3', text: 'x' }]] } },
    { kind: 'uri', text: 'urn:x:1' },
    { kind: 'ip', text: '192.0.2.1' },
    { kind: 'other', tag: 0x88 },
    { kind: 'other', tag: 0xa0, der: other },
  ])
})

test('what OpenSSL reads in a certificate, we read', () => {
  const ca = mintCa({ name: 'A CA' })
  const leaf = mintLeaf({ issuer: ca, name: 'device-7', dns: ['a.example'], ips: ['2001:db8::7'] })
  for (const { der: octets } of [ca, leaf]) {
    const theirs = new X509Certificate(octets)
    const ours = parsed(octets)
    expect(ours.fingerprint).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase())
    expect(ours.serial).toBe(theirs.serialNumber.toLowerCase())
    expect(ours.notBefore).toBe(theirs.validFromDate.getTime())
    expect(ours.notAfter).toBe(theirs.validToDate.getTime() + 999)
    expect(ours.publicKey.spki).toEqual(theirs.publicKey.export({ type: 'spki', format: 'der' }))
    expect(ours.extensions.basicConstraints?.ca ?? false).toBe(theirs.ca)
  }
})

test('octets in another kind of array are read as well', () => {
  const octets = Uint8Array.from(minted())
  expect(parsed(octets.subarray()).serial).toBe(parsed(Buffer.from(octets)).serial)
})

test('no octet of a certificate can be cut off unnoticed', () => {
  const octets = mintLeaf({ issuer: mintCa(), dns: ['a.example'] }).der
  for (let length = 0; length < octets.length; length += 1) {
    expect(parseCertificate(octets.subarray(0, length)).ok, `${length} octets`).toBe(false)
  }
})

test('whatever octet is changed, reading answers', () => {
  const octets = mintLeaf({ issuer: mintCa(), uris: ['urn:x:1'], emails: ['a@b'] }).der
  for (let at = 0; at < octets.length; at += 1) {
    for (const change of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(octets)
      changed[at] = (changed[at] ?? 0) ^ change
      expect(['true', 'false']).toContain(String(parseCertificate(changed).ok))
    }
  }
})
