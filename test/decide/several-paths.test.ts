import type { Standing } from '../../src/decide/policy.ts'
import { at, DAY, EXPIRY, GRACE, ISSUED, type PathParts } from './builders.ts'
import { promise, CURRENT, DISTRUSTED } from './table-row.ts'

promise([
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
    standings: { new: { kind: 'staged' }, devices: CURRENT },
    expect: 'admit verified',
  },
  {
    promise: 'a current CA wins over a distrusted one',
    paths: [{ setting: 'old' }, {}],
    standings: { old: DISTRUSTED, devices: CURRENT },
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
    standings: { old: DISTRUSTED, devices: CURRENT },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'of two refusals the path that came further speaks',
    paths: [{ setting: 'new' }, { intermediate: { notAfter: ISSUED } }],
    standings: { new: { kind: 'staged' }, devices: CURRENT },
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'of two refusals the path that came further speaks, in either order',
    paths: [{ intermediate: { notAfter: ISSUED } }, { setting: 'new' }],
    standings: { new: { kind: 'staged' }, devices: CURRENT },
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
    standings: { old: DISTRUSTED, devices: CURRENT },
    now: EXPIRY + 1,
    expect: 'refuse distrusted',
  },
])

/** Paths by how far they come; time and leaf are the same for all. */
const PATHS_BY_MERIT: readonly (readonly [kind: string, path: PathParts])[] = [
  ['staged', { setting: 'new' }],
  ['sunset', { setting: 'gone' }],
  ['issued-after-retirement', { setting: 'old' }],
  ['issuer-not-yet-valid', { intermediate: { notBefore: EXPIRY + 90 * DAY } }],
  ['issuer-expired', { intermediate: { notAfter: ISSUED } }],
  ['expired', {}],
]
const STANDINGS: Readonly<Record<string, Standing>> = {
  devices: CURRENT,
  new: { kind: 'staged' },
  gone: {
    kind: 'previously-trusted',
    retiredAt: at(ISSUED),
    cutOff: 'not-before',
    sunset: at(ISSUED),
  },
  old: {
    kind: 'previously-trusted',
    retiredAt: at(ISSUED - 1),
    cutOff: 'not-before',
    sunset: undefined,
  },
}

promise(
  PATHS_BY_MERIT.slice(1).flatMap(([kind, path], pathKind) => {
    const [shorter, other] = PATHS_BY_MERIT[pathKind] ?? ['', {}]
    const row = { standings: STANDINGS, now: EXPIRY + 1, expect: `refuse ${kind}` }
    return [
      { ...row, promise: `${kind} tells more than ${shorter}`, paths: [other, path] },
      {
        ...row,
        promise: `${kind} tells more than ${shorter}, in either order`,
        paths: [path, other],
      },
    ]
  }),
)

promise([
  {
    promise: 'the end of grace tells more than an expired issuer',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    now: EXPIRY + GRACE + 1,
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'a leaf that is not yet valid tells more than an issuer that is not',
    paths: [{ intermediate: { notBefore: ISSUED } }, {}],
    now: ISSUED - 1,
    expect: 'refuse not-yet-valid',
  },
  {
    promise: 'a denied CA key speaks before a path that came further',
    keys: ['intermediate-key'],
    paths: [{}, { intermediate: {} }],
    now: EXPIRY + 1,
    expect: 'refuse denied-issuer',
  },
])
