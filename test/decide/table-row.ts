/**
 * The rows of the tables about `decide`: a row says what varies, the builders of `builders.ts` hold the rest.
 */
import { expect, test } from 'vitest'
import { decide, type Decision, type Peer } from '../../src/decide/decide.ts'
import type { Origin } from '../../src/decide/judge-approval.ts'
import type { MatchRules } from '../../src/decide/match.ts'
import type { RouteClass, Standing } from '../../src/decide/policy.ts'
import { fail, ok } from '../../src/kernel/types.ts'
import { aCertificate, aPath, aPolicy, at, DAY, EXPIRY, GRACE, ISSUED } from './builders.ts'
import type { PathParts, PolicyParts } from './builders.ts'

export interface Row extends PolicyParts {
  readonly promise: string
  /** Two days before expiry, unless the row says otherwise. */
  readonly now?: number
  readonly route?: RouteClass
  readonly peer?: Peer
  /** One sound path, or several in the order in which `trust` hands them up. */
  readonly path?: PathParts
  readonly paths?: readonly PathParts[]
  readonly standing?: Standing
  readonly match?: MatchRules
  readonly withoutGrace?: string
  readonly sensitive?: boolean
  readonly origin?: Origin
  readonly endpoint?: 'oauth'
  readonly expect: string
}

export const GRACE_END = EXPIRY + GRACE
export const CURRENT: Standing = { kind: 'current' }
export const DISTRUSTED: Standing = { kind: 'distrusted' }
export const RETIRED: Standing = {
  kind: 'previously-trusted',
  retiredAt: at(ISSUED),
  cutOff: 'not-before',
  sunset: at(EXPIRY - DAY),
}
export const RETIRED_FOR_EVER: Standing = { ...RETIRED, sunset: undefined }

export const unsound: Peer = {
  kind: 'presented',
  leaf: aCertificate('leaf'),
  paths: fail({ kind: 'untrusted-issuer', issuer: 'unknown' }),
}
export const unreadable: Peer = {
  kind: 'unreadable',
  fault: { kind: 'chain-too-large', bytes: 50_000, limit: 49_152 },
}

/** One test for each row. */
export function promise(rows: readonly Row[]): void {
  for (const row of rows) {
    test(row.promise, () => {
      const { now = EXPIRY - 2 * DAY, route = 'device' } = row
      const standings = row.standing === undefined ? {} : { standings: { devices: row.standing } }
      const policy = aPolicy({ ...row, ...standings })
      const { match, withoutGrace, sensitive, origin, endpoint } = row
      const ask = { peer: peerOf(row), route, match, withoutGrace, sensitive, origin, endpoint }
      expect(summary(decide(ask, policy, at(now)))).toBe(row.expect)
    })
  }
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
