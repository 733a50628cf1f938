/**
 * What disabling an OAuth endpoint would change (S0-27, S0-30): the verdict is asked for once for each state, because the
 * store, which knows the present one, is not opened here.
 */
import { decide, type Peer } from '../../decide/decide.ts'
import type { OAuthEndpoints } from '../../decide/policy.ts'
import { note, type Section, type Step } from './report.ts'
import { decisionInput, decisionStep, type ExplainContext } from './verdicts.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/** One section where the row of a request is such an endpoint; where there is no request, which rows are. */
export function endpointSections(
  peer: Peer,
  row: RouteRow | undefined,
  context: ExplainContext,
): readonly Section[] {
  const title = 'What disabling the OAuth endpoint would change'
  if (row === undefined) {
    const rows = context.query.listener.config.routes.rows.filter(
      (one) => kindOf(one) !== undefined,
    )
    if (rows.length === 0) return []
    const names = rows.map((one) => `${one.id} (the ${kindOf(one) ?? ''} endpoint)`).join(', ')
    return [{ title, steps: [note(`something on ${names} only: \`--route\` tells`)] }]
  }
  const kind = kindOf(row)
  if (kind === undefined) return []
  const state = (word: 'enabled' | 'disabled'): Step => {
    const { policy } = context.compiled
    const oauth: OAuthEndpoints = {
      ...policy.fleet.oauth,
      [kind === 'new' ? 'modern' : 'legacy']: word,
    }
    const fleet = { ...policy.fleet, oauth }
    const decision = decide(
      decisionInput(peer, row, context),
      { ...policy, fleet },
      context.query.at,
    )
    const step = decisionStep(decision, context.query)
    return { ...step, text: `${word}: ${step.text}` }
  }
  const intro = note(
    `the row ${row.id} is the ${kind} OAuth endpoint`,
    'the verdict takes it for not disabled: the store, which knows better, is not opened here',
    '`tfe oauth status` shows what it is',
  )
  return [{ title, steps: [intro, state('enabled'), state('disabled')] }]
}

function kindOf({ endpoint, class: kind }: RouteRow): 'new' | 'legacy' | undefined {
  if (endpoint === 'oauth') return 'new'
  return kind === 'legacy-oauth' ? 'legacy' : undefined
}
