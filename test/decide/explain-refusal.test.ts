import { expect, test } from 'vitest'
import { explain } from '../../src/decide/explain-refusal.ts'
import type { ApprovalDemand } from '../../src/decide/refusal.ts'
import type { Refusal } from '../../src/decide/refusal.ts'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { at } from './builders.ts'

const parsed = parseCertificate(mintCa({ name: 'Old CA' }).der)
if (!parsed.ok) throw new Error('a minted certificate is readable')
const issuer = parsed.value.subject
const key = 'ab12' as KeyFingerprint
const NOON = at(Date.UTC(2026, 5, 1, 12))
const LATER = at(Date.UTC(2026, 6, 1, 12))

/** Each refusal of this room, and what its sentence must name. */
const rows: readonly (readonly [why: Refusal, ...facts: string[]])[] = [
  [{ kind: 'route-denied' }, 'path'],
  [{ kind: 'no-certificate' }, 'no certificate'],
  [{ kind: 'resumed-without-certificate' }, 'resumed'],
  [{ kind: 'certificate-too-large', bytes: 70_000, limit: 65_536 }, '70000', '65536'],
  [{ kind: 'chain-too-large', bytes: 50_000, limit: 49_152 }, '50000', '49152'],
  [{ kind: 'no-room-for-chain', bytes: 9000, limit: 8_388_608 }, '9000', '8388608'],
  [{ kind: 'blocked', key }, 'ab12'],
  [{ kind: 'blocked', key, id: 'urn:sn:7' }, 'urn:sn:7'],
  [{ kind: 'too-many-ids', found: 65, limit: 64 }, '65', '64'],
  [{ kind: 'denied-key', key }, 'ab12'],
  [{ kind: 'denied-serial', issuerKey: key, serial: '0a1b' }, 'ab12', '0a1b'],
  [{ kind: 'denied-issuer', key, issuer }, 'ab12', 'CN=Old CA'],
  [{ kind: 'distrusted', setting: 'devices' }, 'devices', 'distrusted'],
  [{ kind: 'staged', setting: 'devices' }, 'devices', 'staged'],
  [{ kind: 'sunset', setting: 'devices', sunset: NOON }, 'devices', '2026-06-01T12:00:00.000Z'],
  [
    { kind: 'issued-after-retirement', setting: 'devices', notBefore: LATER, retiredAt: NOON },
    'devices',
    '2026-07-01T12:00:00.000Z',
    '2026-06-01T12:00:00.000Z',
  ],
  [
    { kind: 'issuer-not-yet-valid', issuer, notBefore: NOON },
    'CN=Old CA',
    '2026-06-01T12:00:00.000Z',
  ],
  [{ kind: 'issuer-expired', issuer, notAfter: NOON }, 'CN=Old CA', '2026-06-01T12:00:00.000Z'],
  [{ kind: 'not-yet-valid', notBefore: NOON }, '2026-06-01T12:00:00.000Z'],
  [
    { kind: 'expired', notAfter: NOON, graceEndsAt: LATER },
    '2026-06-01T12:00:00.000Z',
    '2026-07-01T12:00:00.000Z',
  ],
  [
    { kind: 'expired-without-grace', notAfter: NOON, rule: 'MobileIron below 10.1' },
    '2026-06-01T12:00:00.000Z',
    'MobileIron below 10.1',
  ],
  [
    { kind: 'match-rule-unmet', rule: 'policies', wanted: ['1.2.3', '1.2.4'], found: [] },
    'policy 1.2.3 or 1.2.4',
    'has none',
  ],
  [
    {
      kind: 'match-rule-unmet',
      rule: 'subjectAltNames',
      wanted: ['dns:1', 'dns:2', 'dns:3', 'dns:4', 'dns:5', 'dns:6'],
      found: ['dns:a', 'uri:b'],
    },
    'dns:5 or 1 more',
    'dns:a and uri:b',
  ],
  [
    { kind: 'expired-beyond-grace', notAfter: NOON, graceEndedAt: LATER },
    '2026-06-01T12:00:00.000Z',
    '2026-07-01T12:00:00.000Z',
  ],
]

const [subject, by] = ['CN=device-1', 'CN=Sub CA']
const [name, constraint] = ['a.example', '.b.example']

/** What `trust` finds, and what the sentence must name. */
const pathRows: readonly (readonly [why: Refusal, ...facts: string[]])[] = [
  [{ kind: 'untrusted-issuer', issuer: by }, by],
  [{ kind: 'self-signed', subject }, subject],
  [{ kind: 'path-too-long', limit: 8 }, '8'],
  [
    {
      kind: 'unfit-anchor',
      anchor: by,
      faults: [{ kind: 'anchor-not-a-ca' }, { kind: 'anchor-without-name' }],
    },
    by,
    'anchor-not-a-ca, anchor-without-name',
  ],
  [{ kind: 'budget-exhausted', resource: 'signatures', limit: 64 }, '64 signatures'],
  [{ kind: 'bad-signature', subject, issuer: by }, subject, by],
  [{ kind: 'weak-signature', subject, algorithm: 'RSA with SHA-1' }, subject, 'RSA with SHA-1'],
  [{ kind: 'weak-key', subject, key: 'RSA 1024' }, subject, 'RSA 1024'],
  [
    { kind: 'wrong-purpose', subject, wanted: 'client', found: ['1.2.3', '1.2.4'] },
    subject,
    '1.2.3, 1.2.4',
    'client',
  ],
  [{ kind: 'wrong-purpose', subject, wanted: 'client', found: [] }, subject, 'nothing'],
  [{ kind: 'wrong-key-usage', subject }, subject],
  [{ kind: 'unknown-critical-extension', subject, oid: '1.2.3' }, subject, '1.2.3'],
  [
    {
      kind: 'departs-from-profile',
      findings: [
        { kind: 'purpose-missing', subject },
        { kind: 'serial-too-long', subject },
        { kind: 'serial-too-long', subject: by },
      ],
    },
    ': purpose-missing, serial-too-long',
  ],
  [{ kind: 'not-a-ca', subject: by }, by],
  [{ kind: 'ca-may-not-sign', subject: by }, by],
  [{ kind: 'path-length-exceeded', subject: by, limit: 0 }, by, '0 intermediates'],
  [{ kind: 'no-common-policy', subject }, subject],
  [{ kind: 'policy-mapping-malformed', subject: by }, by],
  [{ kind: 'name-constraints-malformed', subject: by, constraint }, by, constraint],
  [{ kind: 'name-not-permitted', subject, name, by }, subject, name, by],
  [{ kind: 'name-excluded', subject, name, constraint, by }, subject, name, constraint, by],
  [{ kind: 'name-undecidable', subject, name, constraint, by }, subject, name, constraint, by],
  [{ kind: 'wrong-key-usage', subject: '' }, '(without a subject)'],
]

for (const [why, ...facts] of [...rows, ...pathRows]) {
  test(`${why.kind} is explained with its facts and a next step`, () => {
    const { code, sentence, nextStep } = explain(why)
    expect(code).toBe(why.kind)
    for (const fact of facts) expect(sentence).toContain(fact)
    for (const text of [sentence, nextStep]) {
      expect(text).toMatch(/^[a-zC(].*[^.]$/)
      expect(text.length).toBeGreaterThan(15)
    }
  })
}

test('an unreadable certificate is explained with what is wrong in it', () => {
  const broken = parseCertificate(Buffer.from('3003020101', 'hex'))
  if (broken.ok) throw new Error('three octets are no certificate')
  const { code, sentence } = explain(broken.failure)
  expect(code).toBe('certificate-malformed')
  expect(broken.failure.kind === 'certificate-malformed' && sentence).toContain(
    broken.failure.kind === 'certificate-malformed' ? broken.failure.detail : '',
  )
})

test('what is told of a list ends with it, or says how many more there are', () => {
  const wanted = ['a', 'b', 'c', 'd', 'e', 'f'].map((host) => `dns:${host}`)
  const sentence = (count: number): string =>
    explain({
      kind: 'match-rule-unmet',
      rule: 'subjectAltNames',
      wanted: wanted.slice(0, count),
      found: [],
    }).sentence
  expect(sentence(2)).not.toContain('more')
  expect(sentence(5)).not.toContain('more')
  expect(sentence(6)).toContain('or 1 more')
})

test('the networks that a row is open to are told, and that there are none', () => {
  const sentence = (...networks: readonly string[]): string =>
    explain({ kind: 'address-not-allowed', address: '192.0.2.1', networks }).sentence
  expect(sentence('10.0.0.0/8', '10.1.0.0/16')).toContain('10.0.0.0/8, 10.1.0.0/16')
  expect(sentence()).toContain('no network')
})

test('of an unapproved device it is told whether the row or the place asks for approval', () => {
  const sentence = (because: ApprovalDemand): string =>
    explain({ kind: 'unapproved', key: 'k' as KeyFingerprint, because }).sentence
  expect(sentence('outside')).toContain('from outside the route is for approved devices')
  expect(sentence('sensitive')).not.toContain('outside')
})
