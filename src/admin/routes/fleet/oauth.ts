/**
 * The two OAuth endpoints. The rules are those of `fleet/oauth.ts`.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { certificateRequirement, enforcementInForce } from '../../../fleet/enforcement-in-force.ts'
import { explainOAuthRefusal } from '../../../fleet/explain.ts'
import { applyOAuthChange, unmetPreconditions, type OAuthFacts } from '../../../fleet/oauth.ts'
import { OAUTH_ENDPOINTS } from '../../../fleet/oauth-rows.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { StoredOauth } from '../../../store/settings/oauth.ts'
import { syncPortIn } from '../../../store/settings/ports.ts'
import { ENDPOINT_STATES } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { conflict } from '../../refused.ts'
import { strictObject, stringEnum } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'
import type { FrontEndView } from '../../front-end.ts'
import { syncPortState } from './sync-port-state.ts'

const oauth = strictObject({
  new: stringEnum(
    ENDPOINT_STATES,
    'The endpoint that always asks for a certificate; it serves only while it is enabled.',
  ),
  legacy: stringEnum(ENDPOINT_STATES, 'The endpoint that never does.'),
  unmet: Type.Array(strictObject({ code: Type.String(), text: Type.String() }), {
    description: 'What keeps the new endpoint from being enabled; empty when nothing does.',
  }),
  rows: Type.Array(
    strictObject({
      endpoint: stringEnum(OAUTH_ENDPOINTS),
      listener: Type.String(),
      row: Type.String(),
    }),
    {
      description:
        'The rows of the configuration that are one of the endpoints. An endpoint without a row is served nowhere, whatever its state.',
    },
  ),
  version: Type.Integer(),
})

/** Adds the calls. */
export function addOAuthRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, frontEnd } = context
  defineRoute(app, {
    route: 'GET /api/oauth',
    role: 'viewer',
    tag: 'oauth',
    summary: 'The two OAuth endpoints, and what keeps the new one greyed out.',
    response: oauth,
    handle: async () => {
      const current = await store.oauth.current()
      if (!current.ok) return current
      const facts = await oauthFacts(context)
      if (!facts.ok) return facts
      return ok({
        body: shownOauth(current.value, facts.value, frontEnd),
        version: current.value.version,
      })
    },
  })
  defineRoute(app, {
    route: 'POST /api/oauth',
    role: 'administrator',
    tag: 'oauth',
    summary: 'Enable or disable an endpoint. Disabling the legacy one takes two confirmations.',
    body: strictObject({
      change: stringEnum(['enable-new', 'disable-new', 'enable-legacy', 'disable-legacy'] as const),
      confirmations: Type.Optional(Type.Integer({ minimum: 0, maximum: 2, default: 0 })),
    }),
    response: oauth,
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      const current = await store.oauth.current()
      if (!current.ok) return current
      const facts = await oauthFacts(context)
      if (!facts.ok) return facts
      const { change: kind, confirmations = 0 } = body
      const after = applyOAuthChange(
        {
          modern: current.value.mutual,
          // The legacy endpoint is there until an administrator disables it.
          legacy: current.value.legacy === 'disabled' ? 'disabled' : 'enabled',
        },
        kind === 'disable-legacy' ? { kind, confirmations } : { kind },
        facts.value,
      )
      if (!after.ok) return conflict(after.failure, explainOAuthRefusal)
      const { modern, legacy } = after.value
      // Both endpoints are set: of two who change one each at once, the later must not undo the other unseen.
      const looked = expected === 'any' ? current.value.version : expected
      const set = await store.oauth.set(actor, { mutual: modern, legacy }, looked)
      if (!set.ok) return set
      return ok({ body: shownOauth(set.value, facts.value, frontEnd), version: set.value.version })
    },
  })
}

async function oauthFacts({
  store,
  frontEnd,
}: AdminContext): Promise<Result<OAuthFacts, StoreTrouble>> {
  const enforced = await store.enforcement.current()
  if (!enforced.ok) return enforced
  const pending = await store.devices.count({ migration: 'pending' }, [])
  if (!pending.ok) return pending
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  return ok({
    certificates: certificateRequirement(
      enforcementInForce(frontEnd.fileEnforcement(), enforced.value.state),
    ),
    pending: pending.value,
    syncPortOpen: syncPortState(syncPortIn(ports.value), frontEnd) === 'open',
  })
}

const shownOauth = (
  it: StoredOauth,
  facts: OAuthFacts,
  frontEnd: Pick<FrontEndView, 'oauthRows'>,
): Static<typeof oauth> => ({
  new: it.mutual,
  // As it is judged: the legacy endpoint is there until an administrator disables it.
  legacy: it.legacy === 'disabled' ? 'disabled' : 'enabled',
  unmet: unmetPreconditions(facts).map((why) => ({
    code: why.kind,
    text: explainOAuthRefusal(why).sentence,
  })),
  rows: frontEnd.oauthRows().map(({ endpoint, listener, row }) => ({ endpoint, listener, row })),
  version: it.version,
})
