/** The live run is only as good as what it takes for a fault. */
import { expect, test } from 'vitest'
import type { Case } from './limbo.ts'
import { liveFaults, verdictIn, type LiveRow } from './live.ts'
import { exceptions } from './verdicts.ts'

const limbo: Case = {
  id: 'made::up',
  expected_result: 'FAILURE',
  trusted_certs: [''],
  untrusted_intermediates: [],
  peer_certificate: '',
  validation_time: null,
  max_chain_depth: null,
  crls: null,
  validation_kind: 'CLIENT',
  extended_key_usage: [],
  conflicts_with: [],
  peer_certificate_key: null,
  expected_peer_name: null,
}

const row = (parts: Partial<LiveRow>): LiveRow => ({
  limbo,
  profile: 'private',
  pure: { kind: 'refuse', why: 'bad-signature' },
  answer: { kind: 'answered', status: 403 },
  code: 'bad-signature',
  anchorsTaken: 1,
  ...parts,
})

/** What is said of one row; that the real exceptions are not in it is another matter. */
const faultsOn = (parts: Partial<LiveRow>): readonly string[] =>
  liveFaults([row(parts)]).filter((fault) => !fault.includes('not in the corpus'))

const admitted = { kind: 'admit', findings: [] } as const

const WELL: readonly (readonly [string, Partial<LiveRow>])[] = [
  ['a connection closed with the code of the core', { answer: { kind: 'closed' } }],
  ['the same refusal with the same code', {}],
  [
    'an admission that both grant',
    { pure: admitted, answer: { kind: 'answered', status: 200 }, code: 'verified' },
  ],
  [
    'too many certificates, which the edge counts before the core looks for paths',
    { pure: { kind: 'refuse', why: 'path-too-long' }, code: 'chain-too-large' },
  ],
  [
    'a leaf that alone weighs more than all may, which the edge weighs before it looks at the leaf',
    { pure: { kind: 'refuse', why: 'certificate-too-large' }, code: 'chain-too-large' },
  ],
  [
    'an unknown issuer, where the configuration had refused the unfit anchor',
    { pure: { kind: 'refuse', why: 'unfit-anchor' }, code: 'untrusted-issuer', anchorsTaken: 0 },
  ],
]

const CLOSED: Partial<LiveRow> = { answer: { kind: 'closed' } }

const ILL: readonly (readonly [string, Partial<LiveRow>])[] = [
  [
    'an admission where the core refuses',
    { answer: { kind: 'answered', status: 200 }, code: 'verified' },
  ],
  ['a refusal where the core admits', { pure: admitted }],
  ['a refusal for another reason', { code: 'untrusted-issuer' }],
  [
    'a leaf that the edge finds too large, where the core finds only too long a path',
    { pure: { kind: 'refuse', why: 'path-too-long' }, code: 'certificate-too-large' },
  ],
  ['a refusal without a line in the log', { code: undefined }],
  [
    'an unknown issuer, although the configuration took the unfit anchor',
    { pure: { kind: 'refuse', why: 'unfit-anchor' }, code: 'untrusted-issuer' },
  ],
  ['a device whose certificate never arrived', { code: 'no-certificate' }],
  ['an upstream that failed', { answer: { kind: 'answered', status: 502 }, code: 'verified' }],
  [
    'a client that could not load what it should present',
    { answer: { kind: 'not-loaded', why: 'x' } },
  ],
  ['a connection closed for another reason', { ...CLOSED, code: 'revoked' }],
  ['a connection closed where the core admits', { ...CLOSED, pure: admitted }],
  ['a handshake that failed', { answer: { kind: 'no-handshake', why: 'x' } }],
]

for (const [what, parts] of WELL) {
  test(`${what} is no fault`, () => {
    expect(faultsOn(parts)).toEqual([])
  })
}

for (const [what, parts] of ILL) {
  test(`${what} is a fault`, () => {
    expect(faultsOn(parts)).toHaveLength(1)
  })
}

test('a case that could not be asked is excused by name, and only while it cannot', () => {
  const [id = ''] = Object.keys(exceptions.notLive)
  const excused = { limbo: { ...limbo, id } }
  expect(faultsOn({ ...excused, code: 'no-certificate' })).toEqual([])
  expect(faultsOn(excused)).toHaveLength(1)
})

test('an excuse for a case that was not played is a fault', () => {
  expect(liveFaults([row({})])).toHaveLength(Object.keys(exceptions.notLive).length)
})

test('a client without its certificate has not been judged', () => {
  expect(verdictIn(row({ code: 'no-certificate' }))).toBeUndefined()
})
