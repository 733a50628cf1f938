/** What the record says of a decision, on a request or on a whole connection. */
import { vouchedFor, type Decision } from '../decide/decide.ts'
import { explain } from '../decide/explain-refusal.ts'
import type { Explanation } from '../kernel/explanation.ts'
import type { RequestEvent } from '../record/event.ts'
import { findingCodes } from '../trust/finding.ts'

type DecisionFields = Pick<RequestEvent, 'decision' | 'code' | 'would_refuse' | 'findings'>

/** Returns the fields of a decision; findings are those of the identity that is stated to the upstream. */
export function decisionFields(decision: Decision): DecisionFields {
  if (decision.kind === 'refuse') return refusalFields(decision.why.kind)
  const { basis } = decision
  const { findings = [] } = vouchedFor(decision)?.path ?? {}
  return {
    decision: 'admit',
    code: basis.kind,
    would_refuse: basis.kind === 'recording' ? basis.wouldRefuse.kind : undefined,
    findings: findings.length === 0 ? undefined : findingCodes(findings),
  }
}

/** Returns the fields of a refusal, by `decide` or before it was asked. */
export const refusalFields = (code: string): DecisionFields => ({
  decision: 'refuse',
  code,
  would_refuse: undefined,
  findings: undefined,
})

/** Explains a refusal, and in `recording` the one that would have been. */
export function explainDecision(decision: Decision): Explanation | undefined {
  if (decision.kind === 'refuse') return explain(decision.why)
  return decision.basis.kind === 'recording' ? explain(decision.basis.wouldRefuse) : undefined
}

/** A sentence may quote names that the peer chose. */
export const MAX_REASON = 1024
