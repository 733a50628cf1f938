/** What is foretold of a fleet must be what it meets: the judge of kept facts and the judge of requests agree. */
import { expect, test } from 'vitest'
import { judgeRetained, judgePath } from '../../src/decide/judge-path.ts'
import type { Standing } from '../../src/decide/policy.ts'
import {
  aPath,
  aPolicy,
  at,
  DAY,
  EXPIRY,
  GRACE,
  ISSUED,
  RENEWAL_WINDOW,
  type PathParts,
} from './builders.ts'

const STANDINGS: readonly (readonly [string, Standing | undefined])[] = [
  ['staged', { kind: 'staged' }],
  ['current', { kind: 'current' }],
  ['retired before the issue', retired(ISSUED - 1)],
  ['retired in the moment of the issue', retired(ISSUED)],
  ['in its sunset', retired(ISSUED, EXPIRY - DAY)],
  ['distrusted', { kind: 'distrusted' }],
  ['forgotten', undefined],
]
const PATHS: readonly (readonly [string, PathParts])[] = [
  ['straight from its CA', {}],
  ['from an intermediate that expires first', { intermediate: { notAfter: EXPIRY - 2 * DAY } }],
  ['from an anchor that is not valid yet', { anchor: { notBefore: EXPIRY } }],
  ['with a denied key above it', { intermediate: { key: 'stolen' } }],
]
const TIMES = [ISSUED - 1, ISSUED, EXPIRY - RENEWAL_WINDOW, EXPIRY - DAY, EXPIRY, EXPIRY + 1]
const LATER = [EXPIRY + GRACE, EXPIRY + GRACE + 1]

for (const [what, standing] of STANDINGS) {
  for (const [how, parts] of PATHS) {
    test(`a certificate ${how} under a CA that is ${what} meets what was foretold`, () => {
      const path = aPath(parts)
      const standings = standing === undefined ? {} : { devices: standing }
      const policy = aPolicy({ standings, keys: ['stolen'] })
      for (const time of [...TIMES, ...LATER]) {
        expect(judgeRetained(path, policy, at(time))).toEqual(judgePath(path, policy, at(time)))
      }
    })
  }
}

function retired(retiredAt: number, sunset?: number): Standing {
  return {
    kind: 'previously-trusted',
    cutOff: 'not-before',
    retiredAt: at(retiredAt),
    sunset: sunset === undefined ? undefined : at(sunset),
  }
}
