import { expect, test } from 'vitest'
import { findingCodes, type Finding } from '../../src/trust/finding.ts'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type MintedExtension,
} from '../support/certificates/mint-certificate.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  mintCa,
  mintLeaf,
  OIDS,
  subjectKeyIdentifier,
} from '../support/certificates/mint.ts'
import { caBelow, device, ISSUING, judged, ROOT, type Peer } from './fleet.ts'

type Kind = Finding['kind']

/** The kinds found, each with the certificate it is in. */
function found(peer: Peer): readonly (readonly [Kind, string])[] {
  const result = judged(peer)
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value[0].findings.map(({ kind, subject }) => [kind, subject])
}

const CLIENT = '1.3.6.1.5.5.7.3.2'
const san = (critical: boolean): MintedExtension => ({
  oid: OIDS.subjectAltName,
  critical,
  value: der.sequence(der.contextPrimitive(2, Buffer.from('a.example'))),
})
const constraints = (
  names: readonly string[],
  critical: boolean,
  excluded = false,
): MintedExtension => ({
  oid: OIDS.nameConstraints,
  critical,
  value: der.sequence(
    der.context(
      excluded ? 1 : 0,
      ...names.map((name) => der.sequence(der.contextPrimitive(2, Buffer.from(name)))),
    ),
  ),
})
const explicitly = (critical: boolean): MintedExtension => ({
  oid: OIDS.policyConstraints,
  critical,
  value: der.sequence(der.contextPrimitive(0, Buffer.from([9]))),
})
const identifier = (...parts: readonly Buffer[]): MintedExtension => ({
  oid: OIDS.authorityKeyIdentifier,
  value: der.sequence(...parts),
})

interface Row extends Partial<Peer> {
  readonly promise: string
  readonly found: readonly (readonly [Kind, string])[]
}

/** A device below an issuing CA that is made differently. */
function below(options: Parameters<typeof caBelow>[2]): Pick<Peer, 'leaf' | 'presented'> {
  const issuing = caBelow(ROOT, 'Odd', options)
  return { leaf: mintLeaf({ issuer: issuing, name: 'device-1' }), presented: [issuing] }
}

/** A device straight below a root that is made differently. */
function under(options: Parameters<typeof mintCa>[0]): Pick<Peer, 'leaf' | 'presented' | 'chains'> {
  const root = mintCa({ name: 'Odd', ...options })
  return { leaf: mintLeaf({ issuer: root, name: 'device-1' }), presented: [], chains: [[root]] }
}

const LASTING = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 1e8) }
const LEAF = 'CN=device-1'
const CA = 'CN=Odd'

const rows: readonly Row[] = [
  { promise: 'a tidy path departs in nothing', found: [] },
  {
    promise: 'a device without purposes departs',
    leaf: device({ purposes: [] }),
    found: [['purpose-missing', LEAF]],
  },
  {
    promise: 'a device for any purpose departs',
    leaf: device({ extensions: [extendedKeyUsage(CLIENT, '2.5.29.37.0')] }),
    found: [['any-purpose', LEAF]],
  },
  {
    promise: 'a critical purpose departs',
    leaf: device({ extensions: [{ ...extendedKeyUsage(CLIENT), critical: true }] }),
    found: [['purpose-critical', LEAF]],
  },
  {
    promise: 'a device that says it is a CA and may not sign departs',
    leaf: device({ extensions: [basicConstraints(true)] }),
    found: [['ca-rights-disagree', LEAF]],
  },
  {
    promise: 'a device that may sign certificates and is no CA departs',
    leaf: device({ extensions: [keyUsage('digitalSignature', 'keyCertSign')] }),
    found: [['ca-rights-disagree', LEAF]],
  },
  {
    promise: 'a device without key usage departs in nothing',
    leaf: device({ without: [OIDS.keyUsage] }),
    found: [],
  },
  {
    promise: 'a CA as device needs no key usage',
    leaf: caBelow(ROOT, 'device-1', { without: [OIDS.keyUsage] }),
    presented: [],
    found: [],
  },
  {
    promise: 'a serial that begins with a zero digit is right',
    leaf: device({ serial: 10 }),
    found: [],
  },
  {
    promise: 'a negative serial of twenty octets is not too long besides',
    leaf: device({ serial: Buffer.alloc(20, 0x80) }),
    found: [['serial-not-positive', LEAF]],
  },
  {
    promise: 'a negative serial of twenty-one octets is too long besides',
    leaf: device({ serial: Buffer.alloc(21, 0x80) }),
    found: [
      ['serial-not-positive', LEAF],
      ['serial-too-long', LEAF],
    ],
  },
  {
    promise: 'uncritical alternative names beside a subject are right',
    leaf: device({ dns: ['a.example'] }),
    found: [],
  },
  {
    promise: 'a device without any name departs in nothing',
    leaf: device({ subject: der.sequence() }),
    found: [],
  },
  {
    promise: 'a device of an older version departs',
    leaf: mintCertificate({
      subject: der.commonName('device-1'),
      keys: mintKeys(),
      issuer: ISSUING,
      version: 0,
      ...LASTING,
    }),
    found: [
      ['version-too-old', LEAF],
      ['purpose-missing', LEAF],
      ['authority-key-identifier-missing', LEAF],
    ],
  },
  {
    promise: 'an anchor is looked at as everybody else is',
    ...under({ extensions: [san(true)] }),
    found: [['subject-alt-name-critical', CA]],
  },
  {
    promise: 'an excluded constraint with a leading period departs, too',
    ...below({ extensions: [constraints(['.x.com'], true, true)] }),
    found: [['name-constraint-leading-period', CA]],
  },
  {
    promise: 'a CA as device needs no purpose',
    leaf: caBelow(ROOT, 'device-1'),
    presented: [],
    found: [],
  },
  {
    promise: 'a serial of zero departs',
    leaf: device({ serial: 0 }),
    found: [['serial-not-positive', LEAF]],
  },
  {
    promise: 'a negative serial departs',
    leaf: device({ serial: -5 }),
    found: [['serial-not-positive', LEAF]],
  },
  {
    promise: 'a serial of twenty octets is right',
    leaf: device({ serial: Buffer.alloc(20, 0x7f) }),
    found: [],
  },
  {
    promise: 'a serial of twenty octets with its sign is right',
    leaf: device({ serial: Buffer.concat([Buffer.from([0]), Buffer.alloc(20, 0x80)]) }),
    found: [],
  },
  {
    promise: 'a serial of twenty-one octets departs',
    leaf: device({ serial: Buffer.alloc(21, 0x7f) }),
    found: [['serial-too-long', LEAF]],
  },
  {
    promise: 'critical alternative names beside a subject depart',
    leaf: device({ extensions: [san(true)] }),
    found: [['subject-alt-name-critical', LEAF]],
  },
  {
    promise: 'critical alternative names instead of a subject are right',
    leaf: device({ subject: der.sequence(), extensions: [san(true)] }),
    found: [],
  },
  {
    promise: 'uncritical ones instead of a subject depart',
    leaf: device({ subject: der.sequence(), extensions: [san(false)] }),
    found: [['subject-alt-name-not-critical', '']],
  },
  {
    promise: 'a device without the identifier of its issuer’s key departs',
    leaf: device({ without: [OIDS.authorityKeyIdentifier] }),
    found: [['authority-key-identifier-missing', LEAF]],
  },
  {
    promise: 'an identifier of another key departs',
    leaf: device({ extensions: [authorityKeyIdentifier(ROOT.spki)] }),
    found: [['authority-key-identifier-mismatch', LEAF]],
  },
  {
    promise: 'an identifier without a key departs',
    leaf: device({ extensions: [identifier()] }),
    found: [['authority-key-identifier-without-key', LEAF]],
  },
  {
    promise: 'an uncritical demand for policies departs',
    leaf: device({ extensions: [explicitly(false)] }),
    found: [['policy-constraints-not-critical', LEAF]],
  },
  {
    promise: 'a critical one is right',
    leaf: device({ extensions: [explicitly(true)] }),
    found: [],
  },

  {
    promise: 'a CA without the identifier of its key departs',
    ...below({ without: [OIDS.subjectKeyIdentifier] }),
    found: [['subject-key-identifier-missing', CA]],
  },
  {
    promise: 'a CA whose basic constraints are uncritical departs',
    ...below({ extensions: [{ ...basicConstraints(true), critical: false }] }),
    found: [['basic-constraints-not-critical', CA]],
  },
  {
    promise: 'a CA whose name constraints are uncritical departs',
    ...below({ extensions: [constraints(['x.com'], false)] }),
    found: [['name-constraints-not-critical', CA]],
  },
  {
    promise: 'a constraint with a leading period departs',
    ...below({ extensions: [constraints(['y.com', '.x.com'], true)] }),
    found: [['name-constraint-leading-period', CA]],
  },
  {
    promise: 'a CA with purposes is right',
    ...below({ extensions: [extendedKeyUsage(CLIENT)] }),
    found: [],
  },

  {
    promise: 'an anchor without the identifier of its key departs',
    ...under({ without: [OIDS.subjectKeyIdentifier] }),
    found: [['subject-key-identifier-missing', CA]],
  },
  {
    promise: 'an anchor whose basic constraints are uncritical departs',
    ...under({ extensions: [{ ...basicConstraints(true), critical: false }] }),
    found: [['basic-constraints-not-critical', CA]],
  },
  {
    promise: 'an anchor that signed itself and has purposes departs',
    ...under({ extensions: [extendedKeyUsage(CLIENT)] }),
    found: [['purpose-in-self-signed-anchor', CA]],
  },
  {
    promise: 'an anchor whose identifier has no key departs',
    ...under({ extensions: [identifier()] }),
    found: [['authority-key-identifier-without-key', CA]],
  },
  {
    promise: 'an intermediate with purposes is right as anchor, too',
    ...anchoredIntermediate(),
    found: [],
  },
]

function anchoredIntermediate(): Pick<Peer, 'leaf' | 'presented' | 'chains'> {
  const odd = caBelow(ROOT, 'Odd', { extensions: [extendedKeyUsage(CLIENT)] })
  return { leaf: mintLeaf({ issuer: odd }), presented: [], chains: [[odd]] }
}

for (const { promise, found: expected, ...peer } of rows) {
  test(promise, () => {
    const whole = { leaf: device(), ...peer }
    expect(found(whole)).toEqual(expected)
    const strict = judged({ ...whole, profile: 'strict' })
    const refused = strict.ok ? [] : [strict.failure.kind]
    expect(refused).toEqual(expected.length === 0 ? [] : ['departs-from-profile'])
  })
}

test('parameters of an algorithm are found in leaf and intermediate, apart from lax encodings', () => {
  const innerAlgorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nothing())
  const odd = caBelow(ROOT, 'Odd', { innerAlgorithm })
  const leaf = mintLeaf({ issuer: odd, name: 'device-1', innerAlgorithm })
  expect(found({ leaf, presented: [odd] })).toEqual([
    ['algorithm-parameters', LEAF],
    ['algorithm-parameters', 'CN=Odd'],
  ])
})

test('a lax encoding is found with what is lax about it', () => {
  const lax = { ...keyUsage('digitalSignature'), value: der.bitString(Buffer.from([0x80])) }
  const result = judged({ leaf: device({ extensions: [lax] }) })
  expect(result.ok && result.value[0].findings).toEqual([
    { kind: 'lax-encoding', subject: LEAF, laxity: 'named-bits-not-minimal' },
  ])
})

test('an anchor’s findings are found for every device', () => {
  const odd = mintCa({ name: 'Odd', without: [OIDS.subjectKeyIdentifier] })
  for (const name of ['a', 'b']) {
    const peer = { leaf: mintLeaf({ issuer: odd, name }), presented: [], chains: [[odd]] }
    expect(found(peer)).toEqual([['subject-key-identifier-missing', CA]])
  }
})

test('a key that its issuer does not identify is no mismatch', () => {
  const odd = caBelow(ROOT, 'Odd', { without: [OIDS.subjectKeyIdentifier] })
  const extensions = [authorityKeyIdentifier(ISSUING.spki), subjectKeyIdentifier(ISSUING.spki)]
  const leaf = mintLeaf({ issuer: odd, extensions })
  expect(found({ leaf, presented: [odd] })).toEqual([['subject-key-identifier-missing', CA]])
})

test('the codes of findings are each told once, in the order in which they were found', () => {
  const findings = (['purpose-missing', 'any-purpose', 'purpose-missing'] as const).map((kind) => ({
    kind,
    subject: LEAF,
  }))
  expect(findingCodes(findings)).toEqual(['purpose-missing', 'any-purpose'])
  expect(findingCodes([])).toEqual([])
})
