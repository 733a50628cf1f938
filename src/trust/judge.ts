/**
 * Presented chain and store → sound paths, or the most telling reason why there is none.
 */
import { fail, ok, unreachable, type Result } from '../kernel/types.ts'
import { printName } from '../x509/print-name.ts'
import { isSelfIssued } from './anchor.ts'
import { Effort } from './effort.ts'
import { rankOf, type PathFailure, type Resource } from './failure.ts'
import type { Purpose } from './limits.ts'
import { candidatePaths, type Candidate, type PresentedChain } from './path.ts'
import type { TrustStore } from './store.ts'
import { validate, type Measure, type PathResult, type SoundPath } from './validate.ts'

/** One path that was tried, and what became of it; for explaining. */
export interface Attempt {
  readonly candidate: Candidate
  /** Nothing for a sound one. */
  readonly failure: PathFailure | undefined
}

/** Judges a peer: the same arguments give the same answer, at any time of any day. */
export function judge(presented: PresentedChain, store: TrustStore, purpose: Purpose): PathResult {
  return examine(presented, store, purpose).result
}

/** A judgement laid open. */
export interface Examination {
  readonly result: PathResult
  /** In the order in which they were tried. */
  readonly attempts: readonly Attempt[]
  /** The work it took. */
  readonly spent: Readonly<Record<Resource, number>>
}

/** As `judge`, with every attempt beside the answer. */
export function examine(
  presented: PresentedChain,
  store: TrustStore,
  purpose: Purpose,
): Examination {
  const effort = new Effort(store.limits)
  const sound: SoundPath[] = []
  const attempts: Attempt[] = []
  const tryEach = (candidates: Iterable<Candidate>): void => {
    for (const candidate of candidates) {
      const judged = judgeCandidate(candidate, { store, purpose, effort })
      if (judged.ok) sound.push(judged.value)
      attempts.push({ candidate, failure: judged.ok ? undefined : judged.failure })
      if (sound.length === store.limits.paths || effort.isExhausted) return
    }
  }
  const { offered, remembered } = candidatePaths(presented, store, effort)
  tryEach(offered)
  const exhaustion = effort.isExhausted ? effort.failure() : undefined
  // With the budget spent it holds nothing.
  if (sound.length < store.limits.paths) tryEach(remembered)
  const [first, ...others] = sound
  // Sound paths found before the budget ran out are as sound as any.
  const result =
    first === undefined
      ? fail(exhaustion ?? mostTelling(attempts, effort))
      : ok([first, ...others] as const)
  return { result, attempts, spent: effort.spent }
}

function judgeCandidate(candidate: Candidate, measure: Measure): Result<SoundPath, PathFailure> {
  switch (candidate.kind) {
    case 'anchored':
      return validate(candidate, measure)
    case 'too-long':
      return fail({ kind: 'path-too-long', limit: measure.store.limits.depth })
    case 'dead-end': {
      const [leaf, ...issuers] = candidate.certificates
      if (issuers.length === 0 && isSelfIssued(leaf)) {
        return fail({ kind: 'self-signed', subject: printName(leaf.subject) })
      }
      const last = issuers.at(-1) ?? leaf
      return fail({ kind: 'untrusted-issuer', issuer: printName(last.issuer) })
    }
    default:
      return unreachable(candidate)
  }
}

/** Running out over issuers that others had shown says nothing about this peer. */
function mostTelling(attempts: readonly Attempt[], effort: Effort): PathFailure {
  const failures = attempts.flatMap(({ failure }) =>
    failure === undefined || failure.kind === 'budget-exhausted' ? [] : failure,
  )
  const [any, ...rest] = failures
  // A search always ends somewhere: with the budget intact there is at least one dead end.
  if (any === undefined) return effort.failure()
  return rest.reduce((best, next) => (rankOf(next) > rankOf(best) ? next : best), any)
}
