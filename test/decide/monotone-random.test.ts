import { expect, test } from 'vitest'
import { decide, type Ask, type Decision, type Peer } from '../../src/decide/decide.ts'
import type { Policy, RouteClass, Standing } from '../../src/decide/policy.ts'
import { ok } from '../../src/kernel/types.ts'
import type { SoundPath } from '../../src/trust/validate.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { aPath, aPolicy, at, DAY, EXPIRY, ISSUED, type PathParts } from './builders.ts'

const SEED = 20_261_122
const CASES = 4000

/** Vouched as valid, as due for renewal, in grace; passed unnamed; refused. Time only ever leads down. */
function height(decision: Decision): number {
  if (decision.kind === 'refuse') return 0
  const { basis } = decision
  if (basis.kind === 'open-route' || basis.kind === 'recording') return 1
  if (basis.kind === 'in-grace') return 2
  return basis.timeliness === 'in-renewal-window' ? 3 : 4
}

interface Life {
  readonly ask: Ask
  readonly policy: Policy
  /** Every instant at which something about it could change, in order, from the day when all of it has begun. */
  readonly instants: readonly number[]
}

const spans = [0, 1, 999, DAY, 30 * DAY, 4000 * DAY] as const
const routes = ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const
const settings = ['first', 'second', 'third'] as const

/** One device on some paths under some policy; time is what comes to it. */
function lifeOf(random: SeededRandom, most: number): Life {
  const near = (middle: number): number =>
    middle + random.below(41) * DAY - 20 * DAY + random.pick([-1000, -1, 0, 1, 999, 1000])
  const lifetime = () => ({ notBefore: near(ISSUED), notAfter: near(EXPIRY) })
  const leaf = lifetime()
  const parts = (setting: string): PathParts => ({
    ...leaf,
    setting,
    ...(random.oneIn(2) ? { intermediate: lifetime() } : {}),
    anchor: lifetime(),
  })
  const count = 1 + random.below(most)
  const [first, ...others] = settings.slice(0, count).map((setting) => aPath(parts(setting)))
  if (first === undefined) throw new Error('a device has a path')
  const standings = Object.fromEntries(settings.map((name) => [name, standingOf(random, near)]))
  const policy = aPolicy({
    enforcement: random.pick(['required', 'recording']),
    grace: random.pick(spans),
    renewalWindow: random.pick(spans),
    standings,
  })
  const route: RouteClass = random.pick(routes)
  const paths = [first, ...others] as const
  const peer: Peer = { kind: 'presented', leaf: first.certificates[0], paths: ok(paths) }
  const withoutGrace = random.oneIn(4) ? 'old-agent' : undefined
  return { ask: { peer, route, withoutGrace }, policy, instants: instantsOf(paths, policy) }
}

function standingOf(random: SeededRandom, near: (middle: number) => number): Standing {
  return random.pick<Standing>([
    { kind: 'current' },
    { kind: 'current' },
    { kind: 'staged' },
    { kind: 'distrusted' },
    {
      kind: 'previously-trusted',
      retiredAt: at(near(ISSUED)),
      cutOff: 'not-before',
      sunset: undefined,
    },
    {
      kind: 'previously-trusted',
      retiredAt: at(near(ISSUED)),
      cutOff: 'not-before',
      sunset: at(near(EXPIRY)),
    },
  ])
}

function instantsOf(paths: readonly SoundPath[], policy: Policy): readonly number[] {
  const certificates = paths.flatMap(({ certificates: own, anchor }) => [
    ...own,
    anchor.certificate,
  ])
  const begun = Math.max(...certificates.map(({ notBefore }) => notBefore))
  const { grace, renewalWindow } = policy
  const turns = [
    ...certificates.flatMap(({ notAfter }) => [
      notAfter,
      notAfter + grace,
      notAfter - renewalWindow,
    ]),
    ...[...policy.standings.values()].flatMap((standing) =>
      'sunset' in standing && standing.sunset !== undefined ? standing.sunset : [],
    ),
  ]
  const around = turns.flatMap((turn) => [turn - 1, turn, turn + 1])
  return [begun, ...around.filter((instant) => instant > begun)].toSorted((one, two) => one - two)
}

const PROMISES = [
  ['on one path', 1],
  ['on several paths', 3],
] as const

for (const [where, most] of PROMISES) {
  test(`once everything about it has begun, a device never gains by waiting, ${where}`, () => {
    const gains: object[] = []
    const met = new Set<string>()
    for (let number = 0; number < CASES; number += 1) {
      const { ask, policy, instants } = lifeOf(new SeededRandom(SEED, number), most)
      const heights = instants.map((now) => height(decide(ask, policy, at(now))))
      heights.forEach((after, index) => {
        const before = heights[index - 1] ?? after
        if (after > before) gains.push({ seed: SEED, number, from: before, to: after })
        if (after < before) met.add(`${before} to ${after}`)
      })
    }
    expect(gains).toEqual([])
    // The cases are not idle: every step down that there can be is among them.
    expect([...met].toSorted()).toEqual(
      ['2 to 0', '2 to 1', '3 to 0', '3 to 1', '3 to 2', '4 to 0', '4 to 1', '4 to 3'].toSorted(),
    )
  })
}

test('the order of a device’s paths changes neither whether it passes nor what is said of it', () => {
  const differences: object[] = []
  for (let number = 0; number < CASES; number += 1) {
    const random = new SeededRandom(SEED, number)
    const { ask, policy, instants } = lifeOf(random, 3)
    const { peer } = ask
    if (peer.kind !== 'presented' || !peer.paths.ok) throw new Error('sound by decree')
    const [first, ...others] = random.shuffled(peer.paths.value)
    if (first === undefined) throw new Error('a device has a path')
    const other: Ask = { ...ask, peer: { ...peer, paths: ok([first, ...others] as const) } }
    for (const now of instants) {
      const one = said(decide(ask, policy, at(now)))
      const two = said(decide(other, policy, at(now)))
      if (one !== two) differences.push({ seed: SEED, number, now, one, two })
    }
  }
  expect(differences).toEqual([])
})

/** The verdict without the path that it was reached on. */
function said(decision: Decision): string {
  if (decision.kind === 'refuse') return decision.why.kind
  const { basis } = decision
  if (basis.kind === 'recording') return `recording ${basis.wouldRefuse.kind}`
  return basis.kind === 'verified' ? basis.timeliness : basis.kind
}
