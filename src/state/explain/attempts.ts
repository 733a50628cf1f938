/** Every path that was tried, in the order in which the judge tried them, and the work that it took. */
import { countText } from '../../kernel/count-text.ts'
import { explain } from '../../decide/explain-refusal.ts'
import type { Attempt, Examination } from '../../trust/judge.ts'
import type { Limits } from '../../trust/limits.ts'
import { no, note, type Section, type Step, yes } from './account.ts'
import { name } from './certificates.ts'

/** One section: a step per attempt, and what is left of the budget. */
export function attemptSection({ attempts, spent }: Examination, limits: Limits): Section {
  const rest = attempts.length - MAX_SHOWN
  return {
    title: 'The paths that were tried',
    steps: [
      ...attempts.slice(0, MAX_SHOWN).map(attemptStep),
      ...(rest > 0 ? [note(`and ${rest} more`)] : []),
      note(
        `the work: ${spent.signatures} of ${countText(limits.signatures, 'signature')}, ${spent.steps} of ${countText(limits.steps, 'step')}, ${spent.comparisons} of ${countText(limits.comparisons, 'comparison')} with name constraints`,
      ),
    ],
  }
}

function attemptStep({ candidate, failure }: Attempt): Step {
  const path = pathText(candidate)
  if (failure === undefined) return yes(path, 'sound')
  const { code, sentence, nextStep } = explain(failure)
  return no(path, `${code}: ${sentence}`, `next step: ${nextStep}`)
}

function pathText(candidate: Attempt['candidate']): string {
  if (candidate.kind === 'too-long') return 'a path that goes on and on'
  const names = candidate.certificates.map(name)
  if (candidate.kind === 'dead-end') return [...names, 'no authority known here'].join(' < ')
  return [...names, name(candidate.anchor.certificate)].join(' < ')
}

/** A person reads as many; a hostile web of certificates makes thousands. */
const MAX_SHOWN = 20
