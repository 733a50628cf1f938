/**
 * Refusals by a rule of the fleet, as one problem document however many there are.
 */
import { countText } from '../kernel/count-text.ts'
import type { Explanation } from '../kernel/explanation.ts'
import { fail, type Fault } from '../kernel/types.ts'
import type { UnknownRowFailure } from '../store/failure.ts'
import type { RouteFailure } from './define-route.ts'
import { adminProblem, type ProblemFacts } from './problem.ts'

type ProblemResult = { readonly ok: false; readonly failure: RouteFailure }

/** Ends a call with a problem document. */
export const refuse = (facts: ProblemFacts): ProblemResult =>
  fail({ kind: 'problem', problem: adminProblem(facts) })

/** Everything that speaks against a change; the first is what the document says. */
export function conflict<Why extends { readonly kind: string }>(
  against: readonly Why[],
  explain: (why: Why) => Explanation,
  faults: readonly Fault[] = against.length < 2
    ? []
    : against.map((why) => ({ at: why.kind, message: explain(why).sentence })),
): ProblemResult {
  const [first] = against
  const { sentence, nextStep } =
    first === undefined ? { sentence: 'the change is refused', nextStep: 'none' } : explain(first)
  return refuse({
    status: 409,
    code: first?.kind ?? 'refused',
    detail: sentence,
    nextStep,
    ...(faults.length === 0 ? {} : { faults }),
  })
}

/** `1 thing is wrong with …`, `2 things are wrong with …`. */
export const wrongText = (faults: readonly Fault[], what: string): string =>
  `${countText(faults.length, 'thing is', 'things are')} wrong with ${what}`

/** What was sent is wrong in these places. */
export const invalidData = (faults: readonly Fault[], what: string): ProblemResult =>
  refuse({
    status: 422,
    code: 'data-faulty',
    detail: wrongText(faults, what),
    nextStep: 'correct each of the faults, and call again; nothing was changed',
    faults,
  })

/** A document of the store that this version did not write: to go by it would be a guess. */
export const unreadableDocument = (
  key: string,
  { found, wanted }: { readonly found: string; readonly wanted: string },
): { readonly ok: false; readonly failure: UnknownRowFailure } =>
  fail({ kind: 'unknown-row', table: 'documents', key, column: 'body', found, wanted })

/** The configuration file says so, and the file is right (decision 20). */
export const setByFile = (what: string): ProblemResult =>
  refuse({
    status: 409,
    code: 'set-by-configuration-file',
    detail: `${what} is set by the configuration file`,
    nextStep: 'change it there, or take it out of the file to change it here',
  })

/** Something that only the configuration knows, and does not. */
export const notFound = (what: string, name: string): ProblemResult =>
  refuse({
    status: 404,
    code: 'not-found',
    detail: `there is no ${what} ${JSON.stringify(name.slice(0, 80))}`,
    nextStep: 'see the list of those there are',
  })
