/** What the state of an OAuth endpoint changes (S0-27, S0-30): the verdict for each state. */
import { decide, type Peer } from '../../decide/decide.ts'
import type { OAuthEndpoints } from '../../decide/policy.ts'
import { oauthEndpointOf, type OAuthEndpoint } from '../../fleet/oauth-rows.ts'
import { unreachable } from '../../kernel/types.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { note, type Section, type Step } from './account.ts'
import type { ExplainContext } from './context.ts'
import { verdictStep } from './telling.ts'
import { askOf } from './verdicts.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/** Takes the new endpoint for enabled where there is a store that can have it so, and that could not be read. */
export const assumeOAuthEnabled = (compiled: CompiledConfig): CompiledConfig =>
  withOAuth(compiled, { modern: 'enabled' })

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
    const decision = decide(askOf(peer, row, context), policy, context.query.at)
    const step = verdictStep(decision, context)
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

function intro(
  { id }: RouteRow,
  kind: OAuthEndpoint,
  { compiled: { policy }, knowledge }: ExplainContext,
): Step {
  const which = `the row ${id} is the ${kind} OAuth endpoint`
  const { modern, legacy } = policy.fleet.oauth
  const state = kind === 'new' ? modern : legacy
  switch (knowledge) {
    case 'running':
    case 'store':
      return note(which, `it is ${state}`)
    case 'file':
      return note(
        which,
        'the verdict takes it for enabled: the store, which knows better, could not be read',
        '`tfe oauth status` shows what it is',
      )
    case 'storeless':
      return note(
        which,
        `it is ${state}: the configuration does without a store, in which that could change`,
      )
    default:
      return unreachable(knowledge)
  }
}

function withOAuth(compiled: CompiledConfig, oauth: Partial<OAuthEndpoints>): CompiledConfig {
  const { policy } = compiled
  const { fleet } = policy
  return {
    ...compiled,
    policy: { ...policy, fleet: { ...fleet, oauth: { ...fleet.oauth, ...oauth } } },
  }
}
