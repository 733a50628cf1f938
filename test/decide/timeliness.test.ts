import { expect, test } from 'vitest'
import { decide, timelinessOfPeer, vouchedFor, type Peer } from '../../src/decide/decide.ts'
import type { RouteClass } from '../../src/decide/policy.ts'
import { validityBounds, timelinessOf, type Timeliness } from '../../src/decide/timeliness.ts'
import { ok } from '../../src/kernel/types.ts'
import {
  aCertificate,
  aPath,
  aPolicy,
  at,
  DAY,
  EXPIRY,
  GRACE,
  ISSUED,
  RENEWAL_WINDOW,
} from './builders.ts'
import type { PathParts, PolicyParts } from './builders.ts'
import { unreadable, unsound } from './table-row.ts'

interface Row extends PolicyParts {
  readonly promise: string
  readonly now: number
  readonly state: Timeliness
}

const rows: readonly Row[] = [
  { promise: 'before notBefore nothing is valid', now: ISSUED - 1, state: 'not-yet-valid' },
  { promise: 'validity begins with notBefore', now: ISSUED, state: 'valid' },
  {
    promise: 'a millisecond before the window it is too early to renew',
    now: EXPIRY - RENEWAL_WINDOW - 1,
    state: 'valid',
  },
  {
    promise: 'the window begins so many days before notAfter, to the millisecond',
    now: EXPIRY - RENEWAL_WINDOW,
    state: 'in-renewal-window',
  },
  {
    promise: 'the window lasts through the last millisecond of notAfter',
    now: EXPIRY,
    state: 'in-renewal-window',
  },
  { promise: 'grace begins a millisecond after notAfter', now: EXPIRY + 1, state: 'in-grace' },
  {
    promise: 'grace lasts through its last millisecond',
    now: EXPIRY + GRACE,
    state: 'in-grace',
  },
  {
    promise: 'after grace the certificate has expired for good',
    now: EXPIRY + GRACE + 1,
    state: 'expired',
  },
  {
    promise: 'without grace the certificate has expired for good at once',
    grace: 0,
    now: EXPIRY + 1,
    state: 'expired',
  },
  {
    promise: 'a window longer than the life of the certificate begins with it',
    renewalWindow: 400 * DAY,
    now: ISSUED,
    state: 'in-renewal-window',
  },
  {
    promise: 'a window longer than the life of the certificate does not reach before notBefore',
    renewalWindow: 400 * DAY,
    now: ISSUED - 1,
    state: 'not-yet-valid',
  },
  ...[
    { days: 1, name: 'the shortest window of all' },
    { days: 60, name: 'the longest of core-10' },
    { days: 270, name: 'the longest of epmm-11.5' },
  ].flatMap(({ days, name }): readonly Row[] => [
    {
      promise: `${name}, ${days} days, begins that long before notAfter`,
      renewalWindow: days * DAY,
      now: EXPIRY - days * DAY,
      state: 'in-renewal-window',
    },
    {
      promise: `${name}, ${days} days, begins no earlier`,
      renewalWindow: days * DAY,
      now: EXPIRY - days * DAY - 1,
      state: 'valid',
    },
  ]),
]

for (const { promise, now, state, ...parts } of rows) {
  test(promise, () => {
    const leaf = aCertificate('leaf', { notBefore: ISSUED, notAfter: EXPIRY })
    expect(timelinessOf(leaf, aPolicy(parts), at(now))).toBe(state)
    const peer: Peer = { kind: 'presented', leaf, paths: ok([aPath()]) }
    expect(timelinessOfPeer(peer, aPolicy(parts), at(now))).toBe(state)
  })
}

test('the turning points are where the states change', () => {
  const leaf = aCertificate('leaf', { notBefore: ISSUED, notAfter: EXPIRY })
  expect(validityBounds(leaf, aPolicy())).toEqual({
    windowBegins: EXPIRY - RENEWAL_WINDOW,
    notAfter: EXPIRY,
    graceEnds: EXPIRY + GRACE,
  })
})

test('nothing is said about the time of what cannot be believed', () => {
  for (const peer of [unsound, unreadable, { kind: 'none' }, { kind: 'none-resumed' }] as const) {
    expect(timelinessOfPeer(peer, aPolicy(), at(EXPIRY))).toBeUndefined()
  }
})

test('a certificate passes through its states in order, and never goes back', () => {
  const order: readonly Timeliness[] = [
    'not-yet-valid',
    'valid',
    'in-renewal-window',
    'in-grace',
    'expired',
  ]
  const leaf = aCertificate('leaf', { notBefore: ISSUED, notAfter: EXPIRY })
  for (const renewalWindow of [0, DAY, RENEWAL_WINDOW, 400 * DAY]) {
    for (const grace of [0, DAY, GRACE]) {
      const states: Timeliness[] = []
      for (let now = ISSUED - DAY; now < EXPIRY + 2 * GRACE; now += DAY / 2) {
        states.push(timelinessOf(leaf, aPolicy({ renewalWindow, grace }), at(now)))
      }
      const ranks = states.map((state) => order.indexOf(state))
      expect(ranks).toEqual(ranks.toSorted((one, other) => one - other))
      expect(states[0]).toBe('not-yet-valid')
      expect(states.at(-1)).toBe('expired')
    }
  }
})

interface Told {
  readonly promise: string
  readonly now: number
  readonly route?: RouteClass
  readonly path?: PathParts
  readonly told: string | undefined
}

const vouched: readonly Told[] = [
  {
    promise: 'before the window a device is vouched for as valid',
    now: EXPIRY - RENEWAL_WINDOW - 1,
    told: 'valid',
  },
  {
    promise: 'from the window on a device is vouched for as due',
    now: EXPIRY - RENEWAL_WINDOW,
    told: 'in-renewal-window',
  },
  {
    promise: 'a device is due through its last millisecond',
    now: EXPIRY,
    told: 'in-renewal-window',
  },
  {
    promise: 'expired devices are vouched for on no device route',
    now: EXPIRY + 1,
    told: undefined,
  },
  {
    promise: 'on a renewal route an expired device is in grace, not merely due',
    now: EXPIRY + 1,
    route: 'renewal',
    told: 'in-grace',
  },
  {
    promise: "an intermediate that is nearly over does not make the device's certificate due",
    now: EXPIRY - RENEWAL_WINDOW - 1,
    path: { intermediate: { notAfter: EXPIRY - RENEWAL_WINDOW } },
    told: 'valid',
  },
]

for (const { promise, now, route = 'device', path, told } of vouched) {
  test(promise, () => {
    const sound = aPath(path)
    const peer: Peer = { kind: 'presented', leaf: sound.certificates[0], paths: ok([sound]) }
    const decision = decide({ peer, route }, aPolicy(), at(now))
    const known = decision.kind === 'admit' ? vouchedFor(decision) : undefined
    expect(known?.timeliness).toBe(told)
  })
}
