import { expect, test } from 'vitest'
import { decide, type Peer } from '../../src/decide/decide.ts'
import type { Policy, RevocationDemand, Standing } from '../../src/decide/policy.ts'
import { nextChange } from '../../src/decide/next-change.ts'
import { fail, ok, type Millis } from '../../src/kernel/types.ts'
import type { RevocationList } from '../../src/trust/revocation.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import {
  aCertificate,
  aPath,
  aPolicy,
  at,
  DAY,
  EXPIRY,
  GRACE,
  ISSUED,
  type PathParts,
} from './builders.ts'

const peerOn = (...parts: readonly PathParts[]): Peer => {
  const [first, ...others] = parts.map(aPath)
  if (first === undefined) throw new Error('a peer has a path')
  return { kind: 'presented', leaf: first.certificates[0], paths: ok([first, ...others]) }
}
const SUNSET = EXPIRY - DAY
const retired: Standing = {
  kind: 'previously-trusted',
  retiredAt: at(ISSUED),
  cutOff: 'not-before',
  sunset: at(SUNSET),
}

const STALE = EXPIRY - 10 * DAY
const listed = (failure: RevocationDemand['failure']): Policy => {
  const list = { crl: { nextUpdate: at(STALE) } } as unknown as RevocationList
  const demand: RevocationDemand = { failure, grace: DAY as Millis, incomplete: false }
  const lists = new Map([['anchor', [list]]])
  return aPolicy({ revocation: { lists, demands: new Map([['devices', demand]]) } })
}

/** A moment, the peer, and the first instant at which the verdict may be worse. */
const CHANGES: readonly [string, Peer, Policy, number, number | undefined][] = [
  ['a certificate turns behind its last millisecond', peerOn({}), aPolicy(), ISSUED, EXPIRY + 1],
  [
    'grace turns behind its last millisecond',
    peerOn({}),
    aPolicy(),
    EXPIRY + 1,
    EXPIRY + GRACE + 1,
  ],
  [
    'a sunset turns with its first millisecond',
    peerOn({}),
    aPolicy({ standings: { devices: retired } }),
    ISSUED,
    SUNSET,
  ],
  [
    'a turn that has come does not come again',
    peerOn({}),
    aPolicy({ standings: { devices: retired } }),
    SUNSET,
    EXPIRY + 1,
  ],
  [
    'an intermediate turns like any certificate',
    peerOn({ intermediate: { notAfter: EXPIRY - 5 } }),
    aPolicy(),
    ISSUED,
    EXPIRY - 4,
  ],
  [
    'a trust anchor turns like any certificate',
    peerOn({ anchor: { notAfter: EXPIRY - 5 } }),
    aPolicy(),
    ISSUED,
    EXPIRY - 4,
  ],
  [
    'nothing turns when all is over',
    peerOn({ anchor: { notAfter: EXPIRY } }),
    aPolicy(),
    EXPIRY + GRACE + 1,
    undefined,
  ],
  [
    'a setting that is not known turns nothing',
    peerOn({}),
    aPolicy({ standings: {} }),
    ISSUED,
    EXPIRY + 1,
  ],
  [
    'a retired CA without a sunset turns nothing',
    peerOn({}),
    aPolicy({ standings: { devices: { ...retired, sunset: undefined } } }),
    ISSUED,
    EXPIRY + 1,
  ],
  [
    'a list turns behind the last millisecond of its nextUpdate',
    peerOn({}),
    listed('hard-fail'),
    ISSUED,
    STALE + 1,
  ],
  [
    'patience with a list turns behind its last millisecond',
    peerOn({}),
    listed('hard-fail'),
    STALE + 1,
    STALE + DAY + 1,
  ],
  ['a list that may be stale turns nothing', peerOn({}), listed('soft-fail'), ISSUED, EXPIRY + 1],
  ['no client without a certificate turns', { kind: 'none' }, aPolicy(), ISSUED, undefined],
  [
    'an unsound path has nothing to lose',
    {
      kind: 'presented',
      leaf: aCertificate('leaf'),
      paths: fail({ kind: 'untrusted-issuer', issuer: 'unknown' }),
    },
    aPolicy(),
    ISSUED,
    undefined,
  ],
]

for (const [promise, peer, policy, after, expected] of CHANGES) {
  test(promise, () => {
    expect(nextChange(peer, policy, at(after))).toBe(expected)
  })
}

const routes = ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const

test('between two turns no verdict gets worse, on any route', () => {
  const surprises: object[] = []
  let turns = 0
  for (let number = 0; number < 1500; number += 1) {
    const random = new SeededRandom(20_261_123, number)
    const near = (middle: number): number => middle + random.below(41) * DAY - 20 * DAY
    const life = () => ({ notBefore: near(ISSUED), notAfter: near(EXPIRY) })
    const leaf = life()
    const parts = ['first', 'second'].slice(0, 1 + random.below(2)).map((setting) => ({
      ...leaf,
      setting,
      anchor: life(),
      ...(random.oneIn(2) ? { intermediate: life() } : {}),
    }))
    const sunset = random.oneIn(2) ? at(near(EXPIRY)) : undefined
    const policy = aPolicy({
      enforcement: random.pick(['required', 'recording']),
      grace: random.pick([0, 1, DAY, 30 * DAY]),
      standings: {
        first: { ...retired, retiredAt: at(EXPIRY), sunset },
        second: { kind: 'current' },
      },
    })
    const peer = peerOn(...parts)
    const admits = (now: number): readonly boolean[] =>
      routes.map((route) => decide({ peer, route }, policy, at(now)).kind === 'admit')
    let now: number = near(ISSUED) + 30 * DAY
    for (let turn = nextChange(peer, policy, at(now)); turn !== undefined;) {
      turns += 1
      const [before, after] = [admits(now), admits(turn - 1)]
      if (before.some((admitted, index) => admitted && after[index] === false)) {
        surprises.push({ number, now, turn })
      }
      now = turn
      turn = nextChange(peer, policy, at(now))
    }
    const [before, after] = [admits(now), admits(now + 10_000 * DAY)]
    // Behind the last turn nothing is left that could be lost.
    if (before.some((admitted, index) => admitted && after[index] === false)) {
      surprises.push({ number, now, turn: 'none' })
    }
  }
  expect(surprises).toEqual([])
  expect(turns).toBeGreaterThan(3000)
})
