/** The rules of a row, held one by one against every sound path. */
import type { Peer } from '../../decide/decide.ts'
import { NOUNS } from '../../decide/explain-match.ts'
import { ruleOutcomes, type MatchRules, type RuleOutcome } from '../../decide/match.ts'
import { no, type Section, type Step, yes } from './account.ts'

/** One section per path; none where the row has no rules or nothing is sound. */
export function matchSections(peer: Peer, rules: MatchRules | undefined): readonly Section[] {
  if (rules === undefined || peer.kind !== 'presented' || !peer.paths.ok) return []
  const paths = peer.paths.value
  return paths.map((path, index) => ({
    title:
      paths.length === 1
        ? 'What the row asks of the certificate'
        : `What the row asks of the certificate, on path ${index + 1} of ${paths.length}`,
    steps: ruleOutcomes(path, rules).map(ruleStep),
  }))
}

function ruleStep({ rule, met, wanted, found }: RuleOutcome): Step {
  const shown = found()
  return (met ? yes : no)(
    `${NOUNS[rule]}: ${met ? 'one of these' : 'none of these'}`,
    `asked for  ${wanted.join(', ')}`,
    `found      ${shown.length === 0 ? 'none' : shown.join(', ')}`,
  )
}
