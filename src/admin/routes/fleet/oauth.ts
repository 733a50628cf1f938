/**
 * The two OAuth endpoints. The rules are those of `fleet/oauth.ts`.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { callerWarnings, callerWarningText, type CallerNumbers } from '../../../fleet/callers.ts'
import { certificateRequirement, enforcementInForce } from '../../../fleet/enforcement-in-force.ts'
import { explainOAuthRefusal } from '../../../fleet/explain.ts'
import type { OAuthEndpoints } from '../../../decide/policy.ts'
import {
  applyOAuthChange,
  CONFIRMATIONS,
  unmetPreconditions,
  type OAuthChange,
  type OAuthFacts,
} from '../../../fleet/oauth.ts'
import { OAUTH_ENDPOINTS } from '../../../fleet/oauth-rows.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { StoredOauth } from '../../../store/settings/oauth.ts'
import { syncPortIn } from '../../../store/settings/ports.ts'
import { ENDPOINT_STATES } from '../../../store/schema/vocabulary.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { previewAnswer } from '../../preview/answer.ts'
import { previewShape } from '../../preview/shapes.ts'
import { conflict } from '../../refused.ts'
import { strictObject, stringEnum } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'
import type { FrontEndView } from '../../front-end.ts'
import { readCallers } from './callers.ts'
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
  warnings: Type.Array(Type.String(), {
    description:
      'Devices that would not get by the new endpoint, because they never showed a certificate; it may be enabled all the same.',
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

const change = stringEnum(['enable-new', 'disable-new', 'enable-legacy', 'disable-legacy'] as const)

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
    route: 'POST /api/oauth/preview',
    role: 'viewer',
    tag: 'oauth',
    summary:
      'Which devices would meet another verdict after a change, or what speaks against it but a confirmation; nothing is changed.',
    body: strictObject({ change }),
    response: previewShape,
    fails: [409],
    handle: async ({ body: { change: kind } }) => {
      const changed = await changedOauth(context, { kind, confirmations: CONFIRMATIONS })
      if (!changed.ok) return changed
      const { after: endpoints } = changed.value
      return await previewAnswer(context, { step: { kind: 'oauth', endpoints } })
    },
  })
  defineRoute(app, {
    route: 'POST /api/oauth',
    role: 'administrator',
    tag: 'oauth',
    summary: 'Enable or disable an endpoint. Disabling the legacy one takes two confirmations.',
    body: strictObject({
      change,
      confirmations: Type.Optional(Type.Integer({ minimum: 0, maximum: 2, default: 0 })),
    }),
    response: oauth,
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      const { change: kind, confirmations = 0 } = body
      const changed = await changedOauth(context, { kind, confirmations })
      if (!changed.ok) return changed
      const { current, facts, after } = changed.value
      const { modern, legacy } = after
      // Both endpoints are set: of two who change one each at once, the later must not undo the other unseen.
      const looked = expected === 'any' ? current.version : expected
      const set = await store.oauth.set(actor, { mutual: modern, legacy }, looked)
      if (!set.ok) return set
      return ok({ body: shownOauth(set.value, facts, frontEnd), version: set.value.version })
    },
  })
}

interface ChangedOauth {
  readonly current: StoredOauth
  readonly facts: ReadFacts
  readonly after: OAuthEndpoints
}

/** What the endpoints would be after a change, or what speaks against it. */
async function changedOauth(
  context: AdminContext,
  wanted: OAuthChange,
): Promise<Result<ChangedOauth, RouteFailure>> {
  const current = await context.store.oauth.current()
  if (!current.ok) return current
  const facts = await oauthFacts(context)
  if (!facts.ok) return facts
  const before = {
    modern: current.value.mutual,
    // The legacy endpoint is there until an administrator disables it.
    legacy: current.value.legacy === 'disabled' ? 'disabled' : 'enabled',
  } as const
  const after = applyOAuthChange(before, wanted, facts.value)
  if (!after.ok) return conflict(after.failure, explainOAuthRefusal)
  return ok({ current: current.value, facts: facts.value, after: after.value })
}

interface ReadFacts extends OAuthFacts {
  readonly callers: CallerNumbers
}

async function oauthFacts(context: AdminContext): Promise<Result<ReadFacts, StoreTrouble>> {
  const { store, frontEnd } = context
  const callers = await readCallers(context)
  if (!callers.ok) return callers
  const enforced = await store.enforcement.current()
  if (!enforced.ok) return enforced
  const pending = await store.devices.count({ migration: 'pending' }, [])
  if (!pending.ok) return pending
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  return ok({
    callers: callers.value,
    certificates: certificateRequirement(
      enforcementInForce(frontEnd.fileEnforcement(), enforced.value.state),
    ),
    pending: pending.value,
    syncPortOpen: syncPortState(syncPortIn(ports.value), frontEnd) === 'open',
  })
}

const shownOauth = (
  it: StoredOauth,
  facts: ReadFacts,
  frontEnd: Pick<FrontEndView, 'oauthRows'>,
): Static<typeof oauth> => ({
  new: it.mutual,
  // As it is judged: the legacy endpoint is there until an administrator disables it.
  legacy: it.legacy === 'disabled' ? 'disabled' : 'enabled',
  unmet: unmetPreconditions(facts).map((why) => ({
    code: why.kind,
    text: explainOAuthRefusal(why).sentence,
  })),
  warnings: callerWarnings(facts.callers).map(callerWarningText),
  rows: frontEnd.oauthRows().map(({ endpoint, listener, row }) => ({ endpoint, listener, row })),
  version: it.version,
})
