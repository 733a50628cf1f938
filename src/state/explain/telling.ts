/** Verdicts in words: the basis of an admission or the code of a refusal, a sentence, and what to do. */
import type { Decision } from '../../decide/decide.ts'
import { explain } from '../../decide/explain-refusal.ts'
import type { Refusal } from '../../decide/refusal.ts'
import type { Explanation } from '../../kernel/explanation.ts'
import { unreachable } from '../../kernel/types.ts'
import { timestampText } from '../../kernel/time-text.ts'
import { isPathFailureKind } from '../../trust/failure.ts'
import { no, yes, type Step, type TellingVerdict } from './account.ts'
import type { ExplainContext } from './context.ts'

/** Tells a verdict. */
export function tell(
  decision: Decision,
  { isKept }: Pick<ExplainContext, 'isKept'>,
): TellingVerdict {
  if (decision.kind === 'refuse') {
    const { sentence, nextStep } = explainIn(decision.why, isKept)
    const { kind: code } = decision.why
    return { verdict: 'refuse', code, sentence, nextStep, wouldRefuse: undefined }
  }
  const { basis } = decision
  const admitted = { verdict: 'admit', code: basis.kind, nextStep: 'none' } as const
  switch (basis.kind) {
    case 'verified':
      return {
        ...admitted,
        sentence: `the certificate leads to the enrollment setting ${basis.path.anchor.setting}, and nothing speaks against it`,
        wouldRefuse: undefined,
      }
    case 'in-grace':
      return {
        ...admitted,
        sentence: `the certificate has expired; it may renew until ${timestampText(basis.endsAt)}`,
        nextStep: 'let the device renew its certificate by then',
        wouldRefuse: undefined,
      }
    case 'open-route':
      return {
        ...admitted,
        sentence: 'no certificate is asked for here, and no device is named to the upstream',
        wouldRefuse: undefined,
      }
    case 'recording': {
      const { kind } = basis.wouldRefuse
      const { sentence, nextStep } = explainIn(basis.wouldRefuse, isKept)
      return {
        ...admitted,
        sentence: `once enforcement is required it would be refused: ${sentence}`,
        nextStep,
        wouldRefuse: kind,
      }
    }
    default:
      return unreachable(basis)
  }
}

/** Of a certificate that is kept, the facts of why no path was sound are not. */
function explainIn(why: Refusal, isKept: boolean): Explanation {
  if (!isKept || !isPathFailureKind(why.kind)) return explain(why)
  return {
    sentence: `no sound path leads from its certificate to a trust anchor, by what is kept of it (${why.kind}); what spoke against each path is not`,
    nextStep: 'explain the certificate itself: `tfe explain CERT.pem`',
  }
}

/** A verdict as a step. */
export function verdictStep(decision: Decision, context: Pick<ExplainContext, 'isKept'>): Step {
  const { verdict, code, sentence, nextStep, wouldRefuse } = tell(decision, context)
  if (verdict === 'refuse') return no(`REFUSED: ${code}`, sentence, `next step: ${nextStep}`)
  if (code === 'verified') return yes('ADMITTED: verified')
  if (wouldRefuse === undefined) return yes(`ADMITTED: ${code}`, sentence)
  return yes(
    'ADMITTED: recording',
    `once enforcement is required it would be refused: ${wouldRefuse}`,
    sentence.slice(sentence.indexOf(': ') + 2),
    `next step: ${nextStep}`,
  )
}
