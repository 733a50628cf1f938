import { expect, test } from 'vitest'
import { decide, type Decision, type Peer } from '../../src/decide/decide.ts'
import { refusalRank } from '../../src/decide/judge-path.ts'
import type { RouteClass } from '../../src/decide/policy.ts'
import type { Refusal } from '../../src/decide/refusal.ts'
import { ok } from '../../src/kernel/types.ts'
import { aCertificate, aName, aPath, aPolicy, at, DAY, EXPIRY, GRACE, ISSUED } from './builders.ts'
import type { PathParts, PolicyParts } from './builders.ts'

interface Row extends PolicyParts {
  readonly path?: PathParts
  readonly now?: number
  readonly route?: RouteClass
  readonly expect: object
}

const RETIRED = {
  kind: 'previously-trusted',
  retiredAt: at(ISSUED),
  cutOff: 'not-before',
  sunset: at(EXPIRY),
} as const

const rows: readonly Row[] = [
  { now: EXPIRY + 1, expect: { kind: 'expired', notAfter: EXPIRY, graceEndsAt: EXPIRY + GRACE } },
  {
    now: EXPIRY + 40 * DAY,
    expect: { kind: 'expired-beyond-grace', notAfter: EXPIRY, graceEndedAt: EXPIRY + GRACE },
  },
  { now: ISSUED - 1, expect: { kind: 'not-yet-valid', notBefore: ISSUED } },
  {
    path: { intermediate: { notAfter: ISSUED } },
    expect: { kind: 'issuer-expired', issuer: aName('intermediate'), notAfter: ISSUED },
  },
  {
    path: { anchor: { notBefore: EXPIRY + 1 } },
    expect: { kind: 'issuer-not-yet-valid', issuer: aName('anchor'), notBefore: EXPIRY + 1 },
  },
  {
    standings: { devices: RETIRED },
    path: { notBefore: ISSUED + 7 },
    expect: {
      kind: 'issued-after-retirement',
      setting: 'devices',
      notBefore: ISSUED + 7,
      retiredAt: ISSUED,
    },
  },
  {
    standings: { devices: RETIRED },
    now: EXPIRY,
    expect: { kind: 'sunset', setting: 'devices', sunset: EXPIRY },
  },
  { standings: {}, expect: { kind: 'distrusted', setting: 'devices' } },
  {
    keys: ['anchor-key'],
    expect: { kind: 'denied-issuer', key: 'anchor-key', issuer: aName('anchor') },
  },
  {
    path: { intermediate: { notAfter: ISSUED }, anchor: { notAfter: ISSUED } },
    expect: { kind: 'issuer-expired', issuer: aName('intermediate'), notAfter: ISSUED },
  },
  { keys: ['leaf-key'], expect: { kind: 'denied-key', key: 'leaf-key' } },
  {
    serials: ['anchor-key:07'],
    expect: { kind: 'denied-serial', issuerKey: 'anchor-key', serial: '07' },
  },
]

const verdictOn = ({ path, now = EXPIRY - DAY, route = 'device', ...policy }: Row): Decision => {
  const sound = aPath(path)
  const peer: Peer = { kind: 'presented', leaf: sound.certificates[0], paths: ok([sound]) }
  return decide({ peer, route }, aPolicy(policy), at(now))
}

for (const row of rows) {
  test(`a refusal says which, when and whose: ${JSON.stringify(row.expect)}`, () => {
    expect(verdictOn(row)).toEqual({ kind: 'refuse', why: row.expect })
  })
}

test('an admission in grace says when grace ends', () => {
  const decision = verdictOn({ now: EXPIRY + 1, route: 'renewal', expect: {} })
  expect(decision).toMatchObject({ basis: { kind: 'in-grace', endsAt: EXPIRY + GRACE } })
})

test('of two refusals that tell the same the first one speaks', () => {
  const paths = ['one', 'other'].map((setting) => aPath({ setting }))
  const [first, ...others] = paths
  if (first === undefined) throw new Error('two paths')
  const peer: Peer = {
    kind: 'presented',
    leaf: first.certificates[0],
    paths: ok([first, ...others]),
  }
  const policy = aPolicy({ standings: { one: { kind: 'staged' }, other: { kind: 'staged' } } })
  expect(decide({ peer, route: 'device' }, policy, at(EXPIRY - DAY))).toEqual({
    kind: 'refuse',
    why: { kind: 'staged', setting: 'one' },
  })
})

test('what came further tells more, and what a person decided tells most', () => {
  const order = [
    'staged',
    'sunset',
    'issued-after-retirement',
    'unknown-at-retirement',
    'issuer-not-yet-valid',
    'not-yet-valid',
    'issuer-expired',
    'expired-beyond-grace',
    'revocation-unknown',
    'revocation-stale',
    'expired',
    'expired-without-grace',
    'match-rule-unmet',
    'unapproved',
    'distrusted',
    'denied-issuer',
    'issuer-revoked',
    'revoked',
  ] as const
  const told = order.map((kind) => refusalRank({ kind } as Refusal))
  expect(told).toEqual(told.toSorted((one, other) => one - other))
  expect(new Set(told).size).toBe(order.length)
})

test('of two issuers that have expired the one nearer to the device is told', () => {
  const path = aPath()
  const issuers = ['lower', 'upper'].map((name) => aCertificate(name, { notAfter: ISSUED }))
  const certificates = [path.certificates[0], ...issuers] as const
  const long: typeof path = { ...path, certificates }
  const peer: Peer = { kind: 'presented', leaf: certificates[0], paths: ok([long]) }
  expect(decide({ peer, route: 'device' }, aPolicy(), at(EXPIRY - DAY))).toEqual({
    kind: 'refuse',
    why: { kind: 'issuer-expired', issuer: aName('lower'), notAfter: ISSUED },
  })
})
