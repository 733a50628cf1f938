/**
 * Refusals by a rule of the fleet, as one problem document however many there are.
 */
import type { Explanation } from '../kernel/explanation.ts'
import { fail, type Fault } from '../kernel/types.ts'
import type { RouteFailure } from './define-route.ts'
import { adminProblem } from './problem.ts'

type ProblemResult = { readonly ok: false; readonly failure: RouteFailure }

/** Everything that speaks against a change; the first is what the document says. */
export function conflict(
  why: readonly (Explanation & { readonly code: string })[],
  faults: readonly Fault[] = why.length < 2
    ? []
    : why.map(({ code, sentence }) => ({ at: code, message: sentence })),
): ProblemResult {
  const [first] = why
  const problem = adminProblem({
    status: 409,
    code: first?.code ?? 'refused',
    detail: first?.sentence ?? 'the change is refused',
    nextStep: first?.nextStep ?? 'none',
    ...(faults.length === 0 ? {} : { faults }),
  })
  return fail({ kind: 'problem', problem })
}

/** What was sent is wrong in these places. */
export function invalidData(faults: readonly Fault[], what: string): ProblemResult {
  const problem = adminProblem({
    status: 422,
    code: 'data-faulty',
    detail: `${faults.length} ${faults.length === 1 ? 'thing is' : 'things are'} wrong with ${what}`,
    nextStep: 'correct each of the faults, and call again; nothing was changed',
    faults,
  })
  return fail({ kind: 'problem', problem })
}

/** The configuration file says so, and the file is right (decision 20). */
export const setByFile = (what: string): ProblemResult =>
  conflict([
    {
      code: 'set-by-configuration-file',
      sentence: `${what} is set by the configuration file`,
      nextStep: 'change it there, or take it out of the file to change it here',
    },
  ])

/** Something that only the configuration knows, and does not. */
export function notFound(what: string, name: string): ProblemResult {
  const problem = adminProblem({
    status: 404,
    code: 'not-found',
    detail: `there is no ${what} ${JSON.stringify(name.slice(0, 80))}`,
    nextStep: 'see the list of those there are',
  })
  return fail({ kind: 'problem', problem })
}
