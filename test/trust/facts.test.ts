import { expect, test } from 'vitest'
import type { PathFailure } from '../../src/trust/failure.ts'
import { rankOf } from '../../src/trust/failure.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { basicConstraints, keyUsage, mintCa, mintLeaf, OIDS } from '../support/certificates/mint.ts'
import { caBelow, device, ISSUING, judged, ROOT, type Peer } from './fleet.ts'

const dns = (text: string): Buffer => der.contextPrimitive(2, Buffer.from(text))
const subtrees = (tag: number, base: Buffer): Buffer => der.context(tag, der.sequence(base))
const constrained = (value: Buffer) =>
  mintCa({
    name: 'Root',
    extensions: [{ oid: OIDS.nameConstraints, critical: true, value: der.sequence(value) }],
  })
const rsa1024 = mintKeys('rsa1024')
const stranger = mintCa({ name: 'Stranger' })

/** A device straight below an odd root. */
function under(root: ReturnType<typeof mintCa>, dnsName?: string): Peer {
  const leaf = mintLeaf({ issuer: root, ...(dnsName === undefined ? {} : { dns: [dnsName] }) })
  return { leaf, presented: [], chains: [[root]] }
}

const noCa = caBelow(ROOT, 'No CA', { extensions: [basicConstraints(false)] })
const mute = caBelow(ROOT, 'Mute', { extensions: [keyUsage('cRLSign')] })
const narrow = caBelow(ROOT, 'Narrow', { pathLength: 0 })
const deep = caBelow(narrow, 'Deep')
const wider = caBelow(ROOT, 'Wider', { pathLength: 1 })
const second = caBelow(wider, 'Second')
const third = caBelow(second, 'Third')
const mapping = der.sequence(der.sequence(der.oid('2.5.29.32.0'), der.oid('1.2.3')))
const mapper = caBelow(ROOT, 'Mapper', {
  extensions: [{ oid: OIDS.policyMappings, value: mapping }],
})
const demand = der.sequence(der.contextPrimitive(0, Buffer.from([0])))
const demanding = mintCa({
  name: 'Demanding',
  extensions: [{ oid: OIDS.policyConstraints, critical: true, value: demand }],
})
const plain = caBelow(demanding, 'Plain')

const rows: readonly (readonly [Peer, PathFailure])[] = [
  [{ leaf: mintLeaf({ issuer: stranger }) }, { kind: 'untrusted-issuer', issuer: 'CN=Stranger' }],
  [{ leaf: device({ selfSigned: true }) }, { kind: 'self-signed', subject: 'CN=device-1' }],
  [
    { leaf: device(), limits: { depth: 0 } },
    { kind: 'path-too-long', limit: 0 },
  ],
  [
    under(
      mintCa({
        name: 'Odd',
        keys: rsa1024,
        extensions: [basicConstraints(false), keyUsage('cRLSign')],
      }),
    ),
    {
      kind: 'unfit-anchor',
      anchor: 'CN=Odd',
      faults: [
        { kind: 'anchor-not-a-ca' },
        { kind: 'anchor-may-not-sign' },
        { kind: 'anchor-key-weak', key: 'RSA 1024' },
      ],
    },
  ],
  [
    { leaf: mintLeaf({ issuer: mintCa({ name: 'Issuing' }) }) },
    { kind: 'bad-signature', subject: 'CN=device-1', issuer: 'CN=Issuing' },
  ],
  [
    { leaf: device({ digest: 'sha1' }) },
    { kind: 'weak-signature', subject: 'CN=device-1', algorithm: 'ECDSA with SHA1' },
  ],
  [
    { leaf: device({ innerAlgorithm: der.sequence(der.oid('1.2.3.4')) }) },
    {
      kind: 'unsupported-signature',
      subject: 'CN=device-1',
      algorithm: 'algorithm 1.2.3.4',
      why: 'unknown',
    },
  ],
  [
    { leaf: device({ keyType: 'ml-dsa-44' }) },
    {
      kind: 'unsupported-key',
      subject: 'CN=device-1',
      key: 'ML-DSA-44',
      why: 'not-enabled',
    },
  ],
  [
    { leaf: device({ keys: rsa1024 }) },
    { kind: 'weak-key', subject: 'CN=device-1', key: 'RSA 1024' },
  ],
  [
    { leaf: mintLeaf({ issuer: noCa }), presented: [noCa] },
    { kind: 'not-a-ca', subject: 'CN=No CA' },
  ],
  [
    { leaf: mintLeaf({ issuer: mute }), presented: [mute] },
    { kind: 'ca-may-not-sign', subject: 'CN=Mute' },
  ],
  [
    { leaf: mintLeaf({ issuer: deep }), presented: [narrow, deep] },
    { kind: 'path-length-exceeded', subject: 'CN=Narrow', limit: 0 },
  ],
  [
    { leaf: mintLeaf({ issuer: third }), presented: [wider, second, third] },
    { kind: 'path-length-exceeded', subject: 'CN=Wider', limit: 1 },
  ],
  [
    { leaf: device({ extensions: [{ oid: '1.2.3.4', critical: true, value: der.nothing() }] }) },
    { kind: 'unknown-critical-extension', subject: 'CN=device-1', oid: '1.2.3.4' },
  ],
  [
    under(constrained(subtrees(0, dns('*.x')))),
    { kind: 'name-constraints-malformed', subject: 'CN=Root', constraint: 'dns *.x' },
  ],
  [
    under(constrained(subtrees(0, dns('a.com'))), 'b.com'),
    { kind: 'name-not-permitted', subject: 'CN=device-1', name: 'dns b.com', by: 'CN=Root' },
  ],
  [
    under(constrained(subtrees(1, dns('a.com'))), 'x.a.com'),
    {
      kind: 'name-excluded',
      subject: 'CN=device-1',
      name: 'dns x.a.com',
      constraint: 'dns a.com',
      by: 'CN=Root',
    },
  ],
  [
    under(constrained(subtrees(1, dns('a.com'))), 'x..com'),
    {
      kind: 'name-undecidable',
      subject: 'CN=device-1',
      name: 'dns x..com',
      constraint: 'dns a.com',
      by: 'CN=Root',
    },
  ],
  [
    under(constrained(subtrees(0, dns('a.com'))), 'x..com'),
    {
      kind: 'name-undecidable',
      subject: 'CN=device-1',
      name: 'dns x..com',
      constraint: 'dns a.com',
      by: 'CN=Root',
    },
  ],
  [
    under(constrained(subtrees(1, der.context(4, der.commonName('device-1'))))),
    {
      kind: 'name-excluded',
      subject: 'CN=device-1',
      name: 'directory name CN=device-1',
      constraint: 'directory name CN=device-1',
      by: 'CN=Root',
    },
  ],
  [
    { leaf: mintLeaf({ issuer: mapper }), presented: [mapper] },
    { kind: 'policy-mapping-malformed', subject: 'CN=Mapper' },
  ],
  [
    {
      leaf: device({
        extensions: [{ oid: OIDS.policyConstraints, critical: true, value: demand }],
      }),
    },
    { kind: 'no-common-policy', subject: 'CN=device-1' },
  ],
  [
    { leaf: mintLeaf({ issuer: plain }), presented: [plain], chains: [[demanding]] },
    { kind: 'no-common-policy', subject: 'CN=Plain' },
  ],
  [
    { leaf: device({ purposes: ['serverAuth'] }) },
    {
      kind: 'wrong-purpose',
      subject: 'CN=device-1',
      wanted: 'client',
      found: ['1.3.6.1.5.5.7.3.1'],
    },
  ],
  [
    { leaf: device({ extensions: [keyUsage('keyEncipherment')] }) },
    { kind: 'wrong-key-usage', subject: 'CN=device-1' },
  ],
  [
    { leaf: device({ purposes: [] }), profile: 'strict' },
    {
      kind: 'departs-from-profile',
      findings: [{ kind: 'purpose-missing', subject: 'CN=device-1' }],
    },
  ],
  [
    { leaf: device(), limits: { signatures: 0 } },
    { kind: 'budget-exhausted', resource: 'signatures', limit: 0 },
  ],
]

for (const [peer, failure] of rows) {
  test(`${failure.kind} carries its facts`, () => {
    expect(judged(peer)).toEqual({ ok: false, failure })
  })
}

test('the issuer that is missing is the last one found, not the first', () => {
  const below = caBelow(stranger, 'Below')
  const peer = { leaf: mintLeaf({ issuer: below }), presented: [below, ISSUING] }
  expect(judged(peer)).toEqual({
    ok: false,
    failure: { kind: 'untrusted-issuer', issuer: 'CN=Stranger' },
  })
})

test('no two failures rank the same', () => {
  const ranks = new Set(rows.map(([, failure]) => rankOf(failure)))
  expect(ranks.size).toBe(new Set(rows.map(([, failure]) => failure.kind)).size)
  expect(Math.min(...ranks)).toBe(0)
})

test('the facts show that this table has a row for every kind', () => {
  // One more than the highest rank: nothing lies between the rows.
  const ranks = rows.map(([, failure]) => rankOf(failure))
  expect(new Set(ranks).size).toBe(Math.max(...ranks) + 1)
})

const boundless = der.sequence(subtrees(0, dns('a..b')))
const later = der.sequence(der.contextPrimitive(0, Buffer.from([1])))
const nowhere = { oid: OIDS.nameConstraints, critical: true, value: boundless }

const first: readonly (readonly [promise: string, Peer, PathFailure])[] = [
  [
    'what an anchor demands wrongly is told whatever stands below it',
    below(mintCa({ name: 'Root', extensions: [nowhere] })),
    { kind: 'name-constraints-malformed', subject: 'CN=Root', constraint: 'dns a..b' },
  ],
  [
    'a name that is not permitted is told before a policy that is missed',
    below(
      mintCa({
        name: 'Root',
        extensions: [
          { oid: OIDS.policyConstraints, critical: true, value: later },
          { ...nowhere, value: der.sequence(subtrees(0, dns('a.example'))) },
        ],
      }),
      'b.example',
    ),
    { kind: 'name-not-permitted', subject: 'CN=device-1', name: 'dns b.example', by: 'CN=Root' },
  ],
  [
    'name constraints in a leaf are told as that',
    {
      leaf: device({
        extensions: [{ ...nowhere, value: der.sequence(subtrees(0, dns('a.example'))) }],
      }),
    },
    { kind: 'name-constraints-malformed', subject: 'CN=device-1', constraint: 'in a leaf' },
  ],
]

/** A device below a plain CA below an odd root. */
function below(root: ReturnType<typeof mintCa>, ...hosts: readonly string[]): Peer {
  const issuing = caBelow(root, 'Plain')
  const leaf = mintLeaf({ issuer: issuing, dns: hosts })
  return { leaf, presented: [issuing], chains: [[root]] }
}

for (const [promise, peer, failure] of first) {
  test(promise, () => {
    expect(judged(peer)).toEqual({ ok: false, failure })
  })
}

test('of two CAs that allow equally many below them the upper one is told', () => {
  const root = mintCa({ name: 'Root', pathLength: 1 })
  const upper = caBelow(root, 'Upper', { pathLength: 0 })
  const lower = caBelow(upper, 'Lower')
  const peer = { leaf: mintLeaf({ issuer: lower }), presented: [upper, lower], chains: [[root]] }
  expect(judged(peer)).toEqual({
    ok: false,
    failure: { kind: 'path-length-exceeded', subject: 'CN=Root', limit: 1 },
  })
})
