import { expect, test } from 'vitest'
import { decide, type Decision, type Peer } from '../../src/decide/decide.ts'
import type { RouteClass, Standing } from '../../src/decide/policy.ts'
import { ok } from '../../src/kernel/types.ts'
import { aPath, aPolicy, at, DAY, EXPIRY, ISSUED } from './builders.ts'

const STANDINGS: readonly Standing[] = [
  { kind: 'current' },
  { kind: 'staged' },
  { kind: 'distrusted' },
  {
    kind: 'previously-trusted',
    retiredAt: at(ISSUED),
    cutOff: 'not-before',
    sunset: at(EXPIRY + 3 * DAY),
  },
]
const ROUTES: readonly RouteClass[] = [
  'open',
  'device',
  'always',
  'renewal',
  'legacy-oauth',
  'denied',
]
const PATHS = [
  aPath(),
  aPath({ intermediate: { notAfter: EXPIRY - 3 * DAY } }),
  aPath({ anchor: { notAfter: EXPIRY + 3 * DAY } }),
]

/** Vouched as valid, vouched in grace, anonymous, refused: time only ever leads down. */
function height(decision: Decision): number {
  if (decision.kind === 'refuse') return 0
  const heights = { verified: 3, 'in-grace': 2, 'open-route': 1, recording: 1 }
  return heights[decision.basis.kind]
}

for (const enforcement of ['required', 'recording'] as const) {
  test(`once issued, a certificate never gains by growing older (${enforcement})`, () => {
    let judged = 0
    const gains: object[] = []
    for (const devices of STANDINGS) {
      for (const route of ROUTES) {
        for (const [index, first] of PATHS.entries()) {
          const policy = aPolicy({ enforcement, standings: { devices } })
          const paths = ok([first, ...PATHS.slice(index + 1)] as const)
          const peer: Peer = { kind: 'presented', leaf: first.certificates[0], paths }
          let before = Infinity
          for (let now = ISSUED; now < EXPIRY + 40 * DAY; now += DAY) {
            const after = height(decide({ peer, route }, policy, at(now)))
            if (after > before) gains.push({ devices, route, now })
            before = after
            judged++
          }
        }
      }
    }
    expect(gains).toEqual([])
    expect(judged).toBeGreaterThan(25_000)
  })
}
