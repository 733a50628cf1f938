/**
 * What the state of an OAuth endpoint changes (S0-27, S0-30): the verdict is asked for once for each state, because the
 * store, which knows the present one, is not asked for it here.
 */
import { decide, type Peer } from '../../decide/decide.ts'
import type { OAuthEndpoints } from '../../decide/policy.ts'
import { oauthEndpointOf, type OAuthEndpoint } from '../../fleet/oauth-rows.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { note, type Section, type Step } from './report.ts'
import { decisionInput, decisionStep, type ExplainContext } from './verdicts.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/**
 * Takes the new endpoint for enabled where there is a store that can have it so. Without one it stays what it is there:
 * not configured.
 */
export function assumeOAuthEnabled(compiled: CompiledConfig): CompiledConfig {
  if (compiled.config.store?.kind === 'dangerous-none') return compiled
  return withOAuth(compiled, { modern: 'enabled' })
}

/** One section where the row of a request is such an endpoint; where there is no request, which rows are. */
export function endpointSections(
  peer: Peer,
  row: RouteRow | undefined,
  context: ExplainContext,
): readonly Section[] {
  const title = 'What the state of the OAuth endpoint changes'
  if (row === undefined) {
    const rows = context.query.listener.config.routes.rows.filter(
      (one) => oauthEndpointOf(one) !== undefined,
    )
    if (rows.length === 0) return []
    const names = rows
      .map((one) => `${one.id} (the ${oauthEndpointOf(one) ?? ''} endpoint)`)
      .join(', ')
    return [{ title, steps: [note(`something on ${names} only: \`--route\` tells`)] }]
  }
  const kind = oauthEndpointOf(row)
  if (kind === undefined) return []
  const state = (word: string, oauth: Partial<OAuthEndpoints>): Step => {
    const { policy } = withOAuth(context.compiled, oauth)
    const decision = decide(decisionInput(peer, row, context), policy, context.query.at)
    const step = decisionStep(decision, context.query)
    return { ...step, text: `${word}: ${step.text}` }
  }
  const states =
    kind === 'new'
      ? NEW_STATES.map((word) => state(word, { modern: word }))
      : LEGACY_STATES.map((word) => state(word, { legacy: word }))
  return [{ title, steps: [intro(row, kind, context), ...states] }]
}

const NEW_STATES = ['not-configured', 'enabled', 'disabled'] as const
const LEGACY_STATES = ['enabled', 'disabled'] as const

function intro({ id }: RouteRow, kind: OAuthEndpoint, { compiled }: ExplainContext): Step {
  const which = `the row ${id} is the ${kind} OAuth endpoint`
  if (compiled.config.store?.kind !== 'dangerous-none') {
    return note(
      which,
      'the verdict takes it for enabled: the store, which knows better, is not asked for it here',
      '`tfe oauth status` shows what it is',
    )
  }
  const state = kind === 'new' ? 'not-configured' : 'enabled'
  return note(
    which,
    `it is ${state}: the configuration does without a store, in which that could change`,
  )
}

function withOAuth(compiled: CompiledConfig, oauth: Partial<OAuthEndpoints>): CompiledConfig {
  const { policy } = compiled
  const { fleet } = policy
  return {
    ...compiled,
    policy: { ...policy, fleet: { ...fleet, oauth: { ...fleet.oauth, ...oauth } } },
  }
}
