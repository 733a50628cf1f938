/**
 * Revocation beside everything else that a verdict depends on. Lists are what `trust/revocation.ts` would hand down;
 * that only a CA can make one is tested there.
 */
import { expect, test } from 'vitest'
import { decide, type Peer } from '../../src/decide/decide.ts'
import type { RevocationDemand, RevocationPolicy } from '../../src/decide/policy.ts'
import { ok, type Millis } from '../../src/kernel/types.ts'
import { listsByIssuer, type RevocationList } from '../../src/trust/revocation.ts'
import { aCertificate, aPath, aPolicy, at, DAY, EXPIRY, ISSUED } from './builders.ts'
import { CURRENT, DISTRUSTED, GRACE_END, promise, RETIRED } from './table-row.ts'

const NOW = EXPIRY - 2 * DAY
const ENDS = EXPIRY - DAY
const GRACE = 2 * DAY

interface ListParts {
  /** The CA that made it. */
  readonly by?: string
  readonly names?: readonly string[]
  readonly from?: number
  readonly until?: number
}

const aList = ({ by = 'anchor', names = [], from = ISSUED, until = ENDS }: ListParts) =>
  ({
    crl: {
      thisUpdate: at(from),
      nextUpdate: at(until),
      scope: { certificates: 'all', points: undefined },
    },
    issuer: aCertificate(by),
    index: {
      find: (serial: string) =>
        names.includes(serial) ? { at: at(ISSUED), reason: 'keyCompromise' } : undefined,
    },
  }) as unknown as RevocationList

const demanding = (
  lists: readonly ListParts[],
  demand: Partial<RevocationDemand> = {},
): RevocationPolicy => ({
  lists: listsByIssuer(lists.map(aList)),
  demands: new Map([
    ['devices', { failure: 'hard-fail', grace: 0 as Millis, incomplete: false, ...demand }],
  ]),
})

const NAMED: ListParts = { names: ['07'] }
const revoking = demanding([NAMED])
const soft = (...lists: readonly ListParts[]) => demanding(lists, { failure: 'soft-fail' })
const patient = (...lists: readonly ListParts[]) => demanding(lists, { grace: GRACE as Millis })
/** A CA between leaf and anchor, revoked by the anchor; its own list clears the leaf. */
const fallen = demanding([NAMED, { by: 'intermediate' }])
const below = { intermediate: {} }

promise([
  {
    promise: 'a device that no list names is admitted',
    revocation: demanding([{}]),
    expect: 'admit verified',
  },
  { promise: 'a revoked certificate is refused', revocation: revoking, expect: 'refuse revoked' },
  {
    promise: 'a revoked certificate is refused under soft-fail, too',
    revocation: soft(NAMED),
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate is refused where its setting demands nothing',
    revocation: { ...revoking, demands: new Map() },
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate is refused in recording, too',
    revocation: revoking,
    enforcement: 'recording',
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate is refused on an open route',
    revocation: revoking,
    route: 'open',
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate is refused on the legacy OAuth route',
    revocation: revoking,
    route: 'legacy-oauth',
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate is refused on a renewal route',
    revocation: revoking,
    route: 'renewal',
    expect: 'refuse revoked',
  },
  {
    promise: 'expired and revoked on a renewal route is revoked',
    revocation: revoking,
    now: EXPIRY + DAY,
    route: 'renewal',
    expect: 'refuse revoked',
  },
  {
    promise: 'expired beyond grace and revoked is revoked',
    revocation: revoking,
    now: GRACE_END + 1,
    route: 'renewal',
    expect: 'refuse revoked',
  },
  {
    promise: 'revoked on the second path is revoked',
    revocation: demanding([{ ...NAMED, by: 'intermediate' }]),
    paths: [{}, below],
    expect: 'refuse revoked',
  },
  {
    promise: 'a revoked certificate of a distrusted setting is revoked',
    revocation: revoking,
    standing: DISTRUSTED,
    expect: 'refuse revoked',
  },
  {
    promise: 'a denied key is called denied, revoked or not',
    revocation: revoking,
    keys: ['leaf-key'],
    expect: 'refuse denied-key',
  },
  {
    promise: 'another CA’s list does not count',
    revocation: {
      ...demanding([{}]),
      lists: listsByIssuer([aList({}), aList({ ...NAMED, by: 'other' })]),
    },
    expect: 'admit verified',
  },
  {
    promise: 'the patience with the list of one CA is none with the missing list of another',
    revocation: demanding([{ by: 'intermediate', until: NOW - DAY }], {
      grace: GRACE as Millis,
      incomplete: true,
    }),
    path: below,
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'a device of a revoked CA is refused',
    revocation: fallen,
    path: below,
    expect: 'refuse issuer-revoked',
  },
  {
    promise: 'a device of a revoked CA is refused in recording, too',
    revocation: fallen,
    path: below,
    enforcement: 'recording',
    expect: 'refuse issuer-revoked',
  },
  {
    promise: 'a device of a revoked CA may enrol anew',
    revocation: fallen,
    path: below,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'a path past the revoked CA admits',
    revocation: fallen,
    paths: [below, { anchor: { key: 'other-key' }, setting: 'free' }],
    standings: { devices: CURRENT, free: CURRENT },
    expect: 'admit verified',
  },
  {
    promise: 'a revoked CA is told before its setting’s sunset',
    revocation: fallen,
    path: below,
    standing: RETIRED,
    now: EXPIRY - DAY,
    expect: 'refuse issuer-revoked',
  },

  {
    promise: 'under hard-fail a CA without a list admits no device',
    revocation: demanding([]),
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'under soft-fail a CA without a list admits',
    revocation: soft(),
    expect: 'admit verified',
  },
  {
    promise: 'a grace does not stand in for a list that was never read',
    revocation: patient(),
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'recording writes down what cannot be told, and admits',
    revocation: demanding([]),
    enforcement: 'recording',
    expect: 'admit recording revocation-unknown',
  },
  {
    promise: 'an open route asks no device for a list',
    revocation: demanding([]),
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'where nothing is demanded no list is needed',
    revocation: {
      lists: new Map(),
      demands: new Map([['other', { failure: 'hard-fail', grace: 0 as Millis, incomplete: true }]]),
    },
    expect: 'admit verified',
  },
  {
    promise: 'under hard-fail a list that begins later admits no device',
    revocation: demanding([{ from: NOW + DAY, until: NOW + 9 * DAY }]),
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'a list counts through the last millisecond',
    revocation: demanding([{}]),
    now: ENDS,
    expect: 'admit verified',
  },
  {
    promise: 'under hard-fail a list is too old the next millisecond',
    revocation: demanding([{}]),
    now: ENDS + 1,
    expect: 'refuse revocation-stale',
  },
  {
    promise: 'recording writes down that a list is too old, and admits',
    revocation: demanding([{}]),
    now: ENDS + 1,
    enforcement: 'recording',
    expect: 'admit recording revocation-stale',
  },
  {
    promise: 'under soft-fail an old list admits',
    revocation: soft({}),
    now: ENDS + 1,
    expect: 'admit verified',
  },
  {
    promise: 'within its grace an old list counts',
    revocation: patient({ until: NOW - GRACE }),
    expect: 'admit verified',
  },
  {
    promise: 'after its grace an old list is too old',
    revocation: patient({ until: NOW - GRACE - 1 }),
    expect: 'refuse revocation-stale',
  },
  {
    promise: 'who expired does not renew while it is not known whether he was revoked',
    revocation: demanding([]),
    now: EXPIRY + DAY,
    route: 'renewal',
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'who expired beyond grace is told that, whatever lists say',
    revocation: demanding([]),
    now: GRACE_END + 1,
    route: 'renewal',
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'who expired renews when a list clears him',
    revocation: demanding([{ until: EXPIRY + 9 * DAY }]),
    now: EXPIRY + DAY,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'a CA above needs no list when none is published',
    revocation: demanding([{ by: 'intermediate' }]),
    path: below,
    expect: 'admit verified',
  },
  {
    promise: 'a CA above needs a list while one of the setting’s was never read',
    revocation: demanding([{ by: 'intermediate' }], { incomplete: true }),
    path: below,
    expect: 'refuse revocation-unknown',
  },
  {
    promise: 'a CA above is checked where a list is published, and that may be too old',
    revocation: demanding([{ by: 'intermediate' }, { until: NOW - 1 }]),
    path: below,
    expect: 'refuse revocation-stale',
  },
  {
    promise: 'a device needs a list of its own issuer, not of the CA above',
    revocation: demanding([{}]),
    path: below,
    expect: 'refuse revocation-unknown',
  },
])

const aPeer = (): Peer => {
  const path = aPath()
  return { kind: 'presented', leaf: path.certificates[0], paths: ok([path]) }
}

test('a revocation says who, when and why', () => {
  const policy = aPolicy({ revocation: revoking })
  expect(decide({ peer: aPeer(), route: 'device' }, policy, at(NOW))).toEqual({
    kind: 'refuse',
    why: {
      kind: 'revoked',
      serial: '07',
      issuer: aCertificate('anchor').subject,
      revokedAt: ISSUED,
      reason: 'keyCompromise',
    },
  })
})

test('an old list says since when, and until when it counted', () => {
  const policy = aPolicy({ revocation: patient({ until: NOW - GRACE - 1 }) })
  expect(decide({ peer: aPeer(), route: 'device' }, policy, at(NOW))).toEqual({
    kind: 'refuse',
    why: {
      kind: 'revocation-stale',
      issuer: aCertificate('anchor').subject,
      nextUpdate: NOW - GRACE - 1,
      countedUntil: NOW - 1,
    },
  })
})
