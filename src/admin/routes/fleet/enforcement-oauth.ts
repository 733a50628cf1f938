/**
 * What is thrown for the whole fleet: the enforcement latch and the OAuth endpoints. The rules are those
 * of `fleet/`; the store holds what may never be undone.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import {
  checkLatch,
  CONFIRMATION_PHRASE,
  enforcementWarnings,
  type EnforcementWarning,
} from '../../../fleet/enforcement.ts'
import { applyOAuthChange, unmetPreconditions, type OAuthFacts } from '../../../fleet/oauth.ts'
import {
  explainLatchRefusal,
  explainOAuthRefusal,
  enforcementWarningText,
} from '../../../fleet/explain.ts'
import { isoText, ok, type Result } from '../../../kernel/types.ts'
import type { StoredEnforcement } from '../../../store/settings/enforcement.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { StoredOauth } from '../../../store/settings/oauth.ts'
import { ENDPOINT_STATES, ENFORCEMENTS } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { conflict } from '../../refused.ts'
import { strictObject, time, stringEnum } from '../../schemas.ts'
import { enforcementPreview } from './enforcement-preview.ts'
import { syncPortIn } from '../../../store/settings/ports.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the calls. */
export function addEnforcementAndOauthRoutes(app: FastifyInstance, context: AdminContext): void {
  addEnforcementRoutes(app, context)
  addOauthRoutes(app, context)
}

const KINDS = [
  'irreversible',
  'devices-refused',
  'agents-too-old',
  'no-information',
  'success-rate-low',
] as const satisfies readonly EnforcementWarning['kind'][]

const warning = strictObject({ kind: stringEnum(KINDS), text: Type.String() })
const retentionFields = {
  save_authentication: Type.Boolean({ description: 'Keep the results of authentication.' }),
  save_decryption: Type.Boolean({ description: 'Keep the results of decryption.' }),
}
const enforcement = strictObject({
  state: stringEnum(ENFORCEMENTS),
  since: time('Since when.'),
  ...retentionFields,
  version: Type.Integer(),
})

function addEnforcementRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(
    app,
    {
      method: 'GET',
      path: '/api/enforcement',
      role: 'viewer',
      tag: 'enforcement',
      summary: 'Whether certificates are required, and what speaks against requiring them now.',
      response: strictObject({
        enforcement,
        warnings: Type.Array(warning),
        would_refuse: Type.Array(strictObject({ code: Type.String(), devices: Type.Integer() }), {
          description: 'Known devices that would be refused, by the code they would get.',
        }),
        phrase: Type.String({ description: 'What has to be typed to require certificates.' }),
      }),
    },
    async () => {
      const current = await store.enforcement.current()
      if (!current.ok) return current
      const preview = await enforcementPreview(context)
      if (!preview.ok) return preview
      const warnings = current.value.state === 'required' ? [] : enforcementWarnings(preview.value)
      return ok({
        body: {
          enforcement: shownEnforcement(current.value),
          warnings: warnings.map((it) => ({ kind: it.kind, text: enforcementWarningText(it) })),
          would_refuse: [...preview.value.wouldRefuse].map(([code, devices]) => ({
            code,
            devices,
          })),
          phrase: CONFIRMATION_PHRASE,
        },
        version: current.value.version,
      })
    },
  )
  defineRoute(
    app,
    {
      method: 'POST',
      path: '/api/enforcement/require',
      role: 'administrator',
      tag: 'enforcement',
      summary: 'Require certificates. This cannot be undone.',
      body: strictObject({
        phrase: Type.String({ maxLength: 100 }),
        read: Type.Array(stringEnum(KINDS), {
          maxItems: 20,
          description: 'The warnings that were shown.',
        }),
        ...retentionFields,
      }),
      response: enforcement,
      versioned: true,
      fails: [409, 422],
    },
    async ({ actor, body, expected }) => {
      const current = await store.enforcement.current()
      if (!current.ok) return current
      const preview = await enforcementPreview(context)
      if (!preview.ok) return preview
      const latch = checkLatch(current.value.state, body, enforcementWarnings(preview.value))
      if (!latch.ok)
        return conflict([{ code: latch.failure.kind, ...explainLatchRefusal(latch.failure) }])
      const thrown = await store.enforcement.require(actor, retentionOf(body), expected)
      if (!thrown.ok) return thrown
      return ok({ body: shownEnforcement(thrown.value), version: thrown.value.version })
    },
  )
  defineRoute(
    app,
    {
      method: 'PUT',
      path: '/api/enforcement/keeping',
      role: 'administrator',
      tag: 'enforcement',
      summary: 'Choose what is kept of connection attempts.',
      body: strictObject(retentionFields),
      response: enforcement,
      versioned: true,
      fails: [422],
    },
    async ({ actor, body, expected }) => {
      const changed = await store.enforcement.setRetention(actor, retentionOf(body), expected)
      if (!changed.ok) return changed
      return ok({ body: shownEnforcement(changed.value), version: changed.value.version })
    },
  )
}

const oauth = strictObject({
  new: stringEnum(ENDPOINT_STATES, 'The endpoint that always asks for a certificate.'),
  legacy: stringEnum(ENDPOINT_STATES, 'The endpoint that never does.'),
  unmet: Type.Array(strictObject({ code: Type.String(), text: Type.String() }), {
    description: 'What keeps the new endpoint from being enabled; empty when nothing does.',
  }),
  version: Type.Integer(),
})

function addOauthRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(
    app,
    {
      method: 'GET',
      path: '/api/oauth',
      role: 'viewer',
      tag: 'oauth',
      summary: 'The two OAuth endpoints, and what keeps the new one greyed out.',
      response: oauth,
    },
    async () => {
      const current = await store.oauth.current()
      if (!current.ok) return current
      const facts = await oauthFacts(context)
      if (!facts.ok) return facts
      return ok({ body: shownOauth(current.value, facts.value), version: current.value.version })
    },
  )
  defineRoute(
    app,
    {
      method: 'POST',
      path: '/api/oauth',
      role: 'administrator',
      tag: 'oauth',
      summary: 'Enable or disable an endpoint. Disabling the legacy one takes two confirmations.',
      body: strictObject({
        change: stringEnum([
          'enable-new',
          'disable-new',
          'enable-legacy',
          'disable-legacy',
        ] as const),
        confirmations: Type.Optional(Type.Integer({ minimum: 0, maximum: 2, default: 0 })),
      }),
      response: oauth,
      versioned: true,
      fails: [409, 422],
    },
    async ({ actor, body, expected }) => {
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
      if (!after.ok) {
        return conflict(
          after.failure.map((why) => ({ code: why.kind, ...explainOAuthRefusal(why) })),
        )
      }
      const { modern, legacy } = after.value
      // Both endpoints are set: of two who change one each at once, the later must not undo the other unseen.
      const looked = expected === 'any' ? current.value.version : expected
      const set = await store.oauth.set(actor, { mutual: modern, legacy }, looked)
      if (!set.ok) return set
      return ok({ body: shownOauth(set.value, facts.value), version: set.value.version })
    },
  )
}

async function oauthFacts({ store }: AdminContext): Promise<Result<OAuthFacts, StoreTrouble>> {
  const enforced = await store.enforcement.current()
  if (!enforced.ok) return enforced
  const pending = await store.devices.count({ migration: 'pending' }, [])
  if (!pending.ok) return pending
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  return ok({
    required: enforced.value.state === 'required',
    pending: pending.value,
    syncPortOpen: syncPortIn(ports.value)?.state !== 'closed',
  })
}

const retentionOf = (body: { save_authentication: boolean; save_decryption: boolean }) => ({
  saveAuthentication: body.save_authentication,
  saveDecryption: body.save_decryption,
})

const shownEnforcement = (it: StoredEnforcement): Static<typeof enforcement> => ({
  state: it.state,
  since: isoText(it.since),
  save_authentication: it.saveAuthentication,
  save_decryption: it.saveDecryption,
  version: it.version,
})

const shownOauth = (it: StoredOauth, facts: OAuthFacts): Static<typeof oauth> => ({
  new: it.mutual,
  legacy: it.legacy,
  unmet: unmetPreconditions(facts).map((why) => ({
    code: why.kind,
    text: explainOAuthRefusal(why).sentence,
  })),
  version: it.version,
})
