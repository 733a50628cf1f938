import { expect, test } from 'vitest'
import { decide, vouchedFor, type Decision, type Peer } from '../../src/decide/decide.ts'
import type { RouteClass, Standing } from '../../src/decide/policy.ts'
import { fail, ok } from '../../src/kernel/types.ts'
import type { SoundPath } from '../../src/trust/validate.ts'
import { aCertificate, aPath, aPolicy, at, DAY, EXPIRY, GRACE, ISSUED } from './a-path.ts'
import type { PathParts, PolicyParts } from './a-path.ts'

interface Row extends PolicyParts {
  readonly promise: string
  readonly now?: number
  readonly route?: RouteClass
  readonly peer?: Peer
  /** One sound path, or several in the order in which `trust` hands them up. */
  readonly path?: PathParts
  readonly paths?: readonly PathParts[]
  readonly standing?: Standing
  readonly expect: string
}

const GRACE_END = EXPIRY + GRACE
const RETIRED: Standing = {
  kind: 'previously-trusted',
  retiredAt: at(ISSUED),
  sunset: at(EXPIRY - DAY),
}
const RETIRED_FOR_EVER: Standing = { ...RETIRED, sunset: undefined }
const unsound: Peer = {
  kind: 'presented',
  leaf: aCertificate('leaf'),
  paths: fail({ kind: 'untrusted-issuer', issuer: 'somebody' }),
}
const unreadable: Peer = {
  kind: 'unreadable',
  fault: { kind: 'too-many-certificates', limit: 10 },
}
const OTHER: Standing = { kind: 'current' }

const rows: readonly Row[] = [
  // Time
  {
    promise: 'a certificate counts through its last millisecond',
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'a millisecond after notAfter a device route refuses',
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'a millisecond after notAfter an always route refuses',
    now: EXPIRY + 1,
    route: 'always',
    expect: 'refuse expired',
  },
  {
    promise: 'a millisecond after notAfter a renewal route admits in grace',
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'grace counts through its last millisecond',
    now: GRACE_END,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'after grace a renewal route refuses',
    now: GRACE_END + 1,
    route: 'renewal',
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'a device route says expired while grace lasts',
    now: GRACE_END,
    expect: 'refuse expired',
  },
  {
    promise: 'a device route says that grace has ended when it has',
    now: GRACE_END + 1,
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'without grace a renewal route refuses at once',
    now: EXPIRY + 1,
    grace: 0,
    route: 'renewal',
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'a valid certificate on a renewal route is verified, not in grace',
    now: EXPIRY,
    route: 'renewal',
    expect: 'admit verified',
  },
  {
    promise: 'a certificate counts from its first millisecond',
    now: ISSUED,
    expect: 'admit verified',
  },
  {
    promise: 'a millisecond before notBefore refuses',
    now: ISSUED - 1,
    expect: 'refuse not-yet-valid',
  },
  {
    promise: 'grace never reaches back before notBefore',
    now: ISSUED - 1,
    route: 'renewal',
    expect: 'refuse not-yet-valid',
  },
  {
    promise: 'an intermediate counts through its last millisecond',
    path: { intermediate: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 5,
    expect: 'admit verified',
  },
  {
    promise: 'an expired intermediate refuses a valid leaf',
    path: { intermediate: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 4,
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an intermediate counts from its first millisecond',
    path: { intermediate: { notBefore: EXPIRY } },
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'an intermediate that is not yet valid refuses',
    path: { intermediate: { notBefore: EXPIRY } },
    now: EXPIRY - 1,
    expect: 'refuse issuer-not-yet-valid',
  },
  {
    promise: 'an anchor counts through its last millisecond',
    path: { anchor: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 5,
    expect: 'admit verified',
  },
  {
    promise: 'an expired anchor refuses',
    path: { anchor: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 4,
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an anchor counts from its first millisecond',
    path: { anchor: { notBefore: EXPIRY } },
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'an anchor that is not yet valid refuses',
    path: { anchor: { notBefore: EXPIRY } },
    now: EXPIRY - 1,
    expect: 'refuse issuer-not-yet-valid',
  },
  {
    promise: 'grace never forgives an expired intermediate',
    path: { intermediate: { notAfter: EXPIRY - 1 } },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'grace never forgives an expired anchor',
    path: { anchor: { notAfter: EXPIRY - 1 } },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issuer-expired',
  },

  // Standing
  {
    promise: 'a staged CA admits nobody yet',
    standing: { kind: 'staged' },
    expect: 'refuse staged',
  },
  {
    promise: 'a staged CA gives no grace',
    standing: { kind: 'staged' },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse staged',
  },
  {
    promise: 'a distrusted CA admits nobody',
    standing: { kind: 'distrusted' },
    expect: 'refuse distrusted',
  },
  {
    promise: 'a CA without a standing counts as distrusted',
    standings: {},
    expect: 'refuse distrusted',
  },
  {
    promise: 'a previously trusted CA admits what it issued up to its retirement',
    standing: RETIRED_FOR_EVER,
    expect: 'admit verified',
  },
  {
    promise: 'a previously trusted CA refuses what it issued a second later',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1000 },
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA refuses what it issued a millisecond later',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1 },
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA may admit in grace',
    standing: RETIRED_FOR_EVER,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'grace never forgives issue after retirement',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1 },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA admits until its sunset',
    standing: RETIRED,
    now: EXPIRY - DAY - 1,
    expect: 'admit verified',
  },
  {
    promise: 'a previously trusted CA refuses the instant its sunset comes',
    standing: RETIRED,
    now: EXPIRY - DAY,
    expect: 'refuse sunset',
  },
  {
    promise: 'grace ends with the sunset',
    standing: RETIRED,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse sunset',
  },
  {
    promise: 'a previously trusted CA without a sunset has none',
    standing: RETIRED_FOR_EVER,
    now: EXPIRY,
    expect: 'admit verified',
  },

  // Peers that show nothing, or nothing good
  {
    promise: 'no certificate is refused on a device route',
    peer: { kind: 'none' },
    expect: 'refuse no-certificate',
  },
  {
    promise: 'no certificate is refused on a renewal route',
    peer: { kind: 'none' },
    route: 'renewal',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'no certificate is refused on an always route',
    peer: { kind: 'none' },
    route: 'always',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'a resumed session without a certificate has its own code',
    peer: { kind: 'none-resumed' },
    expect: 'refuse resumed-without-certificate',
  },
  {
    promise: 'an unreadable certificate is refused with what is wrong with it',
    peer: unreadable,
    expect: 'refuse too-many-certificates',
  },
  {
    promise: 'an unsound path is refused with what trust found',
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'grace never forgives an unsound path',
    peer: unsound,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse untrusted-issuer',
  },

  // Open and denied routes
  {
    promise: 'no certificate passes an open route',
    peer: { kind: 'none' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'no certificate passes the legacy OAuth route',
    peer: { kind: 'none' },
    route: 'legacy-oauth',
    expect: 'admit open-route',
  },
  {
    promise: 'a resumed session without a certificate passes an open route',
    peer: { kind: 'none-resumed' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an unreadable certificate is as good as none on an open route',
    peer: unreadable,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an unsound path is as good as none on an open route',
    peer: unsound,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'a device of a distrusted CA may enrol anew',
    standing: { kind: 'distrusted' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'a denied route refuses the best of certificates',
    route: 'denied',
    expect: 'refuse route-denied',
  },
  {
    promise: 'a denied route refuses a peer without a certificate',
    peer: { kind: 'none' },
    route: 'denied',
    expect: 'refuse route-denied',
  },

  // The deny list
  { promise: 'a denied key is refused', keys: ['leaf-key'], expect: 'refuse denied-key' },
  {
    promise: 'a denied key is refused on a renewal route',
    keys: ['leaf-key'],
    route: 'renewal',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on an open route',
    keys: ['leaf-key'],
    route: 'open',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on the legacy OAuth route',
    keys: ['leaf-key'],
    route: 'legacy-oauth',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused though its path is unsound',
    keys: ['leaf-key'],
    peer: unsound,
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on an open route though its path is unsound',
    keys: ['leaf-key'],
    peer: unsound,
    route: 'open',
    expect: 'refuse denied-key',
  },
  {
    promise: 'somebody else’s denied key refuses nobody',
    keys: ['other-key'],
    expect: 'admit verified',
  },
  {
    promise: 'a denied serial is refused',
    serials: ['anchor-key:07'],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial is refused on an open route',
    serials: ['anchor-key:07'],
    route: 'open',
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial is looked up under the key that issued it',
    serials: ['intermediate-key:07'],
    path: { intermediate: {} },
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial of a higher CA is another certificate',
    serials: ['anchor-key:07'],
    path: { intermediate: {} },
    expect: 'admit verified',
  },
  {
    promise: 'another serial of the same CA is refused to nobody',
    serials: ['anchor-key:08'],
    expect: 'admit verified',
  },
  {
    promise: 'a serial says nothing while nobody vouches for its issuer',
    serials: ['anchor-key:07'],
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'a denied serial is found on the second path, too',
    serials: ['intermediate-key:07'],
    paths: [{}, { intermediate: {} }],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied CA key refuses what hangs below it',
    keys: ['anchor-key'],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a denied intermediate key refuses what hangs below it',
    keys: ['intermediate-key'],
    path: { intermediate: {} },
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a cross-signed CA whose key is denied does not pass by its other name',
    keys: ['stolen'],
    paths: [{ anchor: { key: 'stolen' } }, { intermediate: { key: 'stolen' } }],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a device of a denied CA may enrol anew',
    keys: ['anchor-key'],
    route: 'open',
    expect: 'admit open-route',
  },

  // Several paths
  {
    promise: 'the first timely path wins over an expired one before it',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    expect: 'admit verified',
  },
  {
    promise: 'the first timely path wins over an expired one after it',
    paths: [{}, { intermediate: { notAfter: ISSUED } }],
    expect: 'admit verified',
  },
  {
    promise: 'a current CA wins over a staged one',
    paths: [{ setting: 'new' }, {}],
    standings: { new: { kind: 'staged' }, devices: OTHER },
    expect: 'admit verified',
  },
  {
    promise: 'a current CA wins over a distrusted one',
    paths: [{ setting: 'old' }, {}],
    standings: { old: { kind: 'distrusted' }, devices: OTHER },
    expect: 'admit verified',
  },
  {
    promise: 'on a renewal route a path in grace wins over a refused one',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'on a renewal route a path in grace wins over a distrusted one',
    paths: [{ setting: 'old' }, {}],
    standings: { old: { kind: 'distrusted' }, devices: OTHER },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'of two refusals the path that came further speaks',
    paths: [{ setting: 'new' }, { intermediate: { notAfter: ISSUED } }],
    standings: { new: { kind: 'staged' }, devices: OTHER },
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'of two refusals the path that came further speaks, in either order',
    paths: [{ intermediate: { notAfter: ISSUED } }, { setting: 'new' }],
    standings: { new: { kind: 'staged' }, devices: OTHER },
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an expired leaf tells more than an expired issuer',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'distrust speaks before a path that came further',
    paths: [{ setting: 'old' }, {}],
    standings: { old: { kind: 'distrusted' }, devices: OTHER },
    now: EXPIRY + 1,
    expect: 'refuse distrusted',
  },

  // Recording
  {
    promise: 'recording leaves a verified device verified',
    enforcement: 'recording',
    expect: 'admit verified',
  },
  {
    promise: 'recording leaves grace what it is',
    enforcement: 'recording',
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'recording admits an expired certificate and writes it down',
    enforcement: 'recording',
    now: EXPIRY + 1,
    expect: 'admit recording expired',
  },
  {
    promise: 'recording admits a peer without a certificate',
    enforcement: 'recording',
    peer: { kind: 'none' },
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'recording admits an unsound path',
    enforcement: 'recording',
    peer: unsound,
    expect: 'admit recording untrusted-issuer',
  },
  {
    promise: 'recording admits an unreadable certificate',
    enforcement: 'recording',
    peer: unreadable,
    expect: 'admit recording too-many-certificates',
  },
  {
    promise: 'recording admits on a renewal route',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'renewal',
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'recording admits a staged CA',
    enforcement: 'recording',
    standing: { kind: 'staged' },
    expect: 'admit recording staged',
  },
  {
    promise: 'recording leaves an open route open',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an always route refuses in recording, too',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'always',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'a denied route refuses in recording, too',
    enforcement: 'recording',
    route: 'denied',
    expect: 'refuse route-denied',
  },
  {
    promise: 'a denied key is refused in recording, too',
    enforcement: 'recording',
    keys: ['leaf-key'],
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied serial is refused in recording, too',
    enforcement: 'recording',
    serials: ['anchor-key:07'],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied CA key is refused in recording, too',
    enforcement: 'recording',
    keys: ['anchor-key'],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a distrusted CA is refused in recording, too',
    enforcement: 'recording',
    standing: { kind: 'distrusted' },
    expect: 'refuse distrusted',
  },
  {
    promise: 'distrust on one of two paths is refused in recording, too',
    enforcement: 'recording',
    paths: [{}, { setting: 'old' }],
    standings: { old: { kind: 'distrusted' }, devices: OTHER },
    now: EXPIRY + 1,
    expect: 'refuse distrusted',
  },
]

for (const row of rows) {
  test(row.promise, () => {
    const { now = EXPIRY - 2 * DAY, route = 'device' } = row
    const standings = row.standing === undefined ? {} : { standings: { devices: row.standing } }
    const decision = decide(
      { peer: peerOf(row), route },
      aPolicy({ ...row, ...standings }),
      at(now),
    )
    expect(summary(decision)).toBe(row.expect)
  })
}

function peerOf({ peer, path, paths = [path ?? {}] }: Row): Peer {
  if (peer !== undefined) return peer
  const [first, ...others] = paths.map(aPath)
  if (first === undefined) throw new Error('a row names at least one path')
  return { kind: 'presented', leaf: first.certificates[0], paths: ok([first, ...others]) }
}

function summary(decision: Decision): string {
  if (decision.kind === 'refuse') return `refuse ${decision.why.kind}`
  const { basis } = decision
  return basis.kind === 'recording'
    ? `admit recording ${basis.wouldRefuse.kind}`
    : `admit ${basis.kind}`
}

const onlyPath = (path: SoundPath): Peer => ({
  kind: 'presented',
  leaf: path.certificates[0],
  paths: ok([path]),
})

const vouchedAt = (now: number, route: RouteClass, parts: PolicyParts = {}): unknown => {
  const decision = decide({ peer: onlyPath(aPath()), route }, aPolicy(parts), at(now))
  return decision.kind === 'admit' ? vouchedFor(decision)?.validity : 'refused'
}

test('a verified device is vouched for as valid', () => {
  expect(vouchedAt(EXPIRY, 'device')).toBe('valid')
})

test('a device in grace is vouched for as in grace, never as valid', () => {
  expect(vouchedAt(EXPIRY + 1, 'renewal')).toBe('in-grace')
})

test('nobody is vouched for on an open route, however good the certificate', () => {
  expect(vouchedAt(EXPIRY, 'open')).toBeUndefined()
})

test('nobody is vouched for whom only recording admitted', () => {
  expect(vouchedAt(EXPIRY + 1, 'device', { enforcement: 'recording' })).toBeUndefined()
})

test('the path that is vouched for is the one that was timely', () => {
  const stale = aPath({ intermediate: { notAfter: ISSUED } })
  const timely = aPath()
  const peer: Peer = { kind: 'presented', leaf: timely.certificates[0], paths: ok([stale, timely]) }
  const decision = decide({ peer, route: 'device' }, aPolicy(), at(EXPIRY))
  expect(decision.kind === 'admit' && vouchedFor(decision)?.path).toBe(timely)
})

test('among equally good paths the first is vouched for', () => {
  const [first, second] = [aPath(), aPath({ intermediate: {} })]
  const peer: Peer = { kind: 'presented', leaf: first.certificates[0], paths: ok([first, second]) }
  for (const now of [EXPIRY, EXPIRY + 1]) {
    const decision = decide({ peer, route: 'renewal' }, aPolicy(), at(now))
    expect(decision.kind === 'admit' && vouchedFor(decision)?.path).toBe(first)
  }
})
