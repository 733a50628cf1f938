/**
 * The enforcement latch: whether certificates are required, for the whole fleet. The rules are those of `fleet/`; the store
 * holds what may never be undone.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import {
  checkLatch,
  CONFIRMATION_PHRASE,
  enforcementWarnings,
  type EnforcementWarning,
} from '../../../fleet/enforcement.ts'
import { enforcementInForce } from '../../../fleet/enforcement-in-force.ts'
import { explainLatchRefusal, enforcementWarningText } from '../../../fleet/explain.ts'
import { isoText, ok, type Instant } from '../../../kernel/types.ts'
import type { EnablingKey } from '../../../store/secrets/enabling-key.ts'
import type { StoredEnforcement } from '../../../store/settings/enforcement.ts'
import { ENFORCEMENTS } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { versionedOutput } from '../../route-output.ts'
import { conflict } from '../../refused.ts'
import { nullable, strictObject, time, stringEnum } from '../../schemas.ts'
import { previewAnswer } from '../../preview/answer.ts'
import { previewShape } from '../../preview/shapes.ts'
import { callersShape, readCallers, shownUncertifiedId, uncertifiedIdShape } from './callers.ts'
import { enforcementPreview } from './enforcement-preview.ts'
import type { AdminContext } from '../../context.ts'

const KINDS = [
  'irreversible',
  'devices-refused',
  'agents-too-old',
  'devices-without-certificate',
  'unknown-requests-refused',
  'no-information',
  'success-rate-low',
  'instances-lack-key',
  'no-new-key',
] as const satisfies readonly EnforcementWarning['kind'][]

const warning = strictObject({ kind: stringEnum(KINDS), text: Type.String() })
const retentionFields = {
  save_authentication: Type.Boolean({
    description:
      'Save the results of authentication per hour once certificates are required for good; while they are recorded they are always saved.',
  }),
  save_decryption: Type.Boolean({
    description:
      'Save the results of requests for sensitive rows per day once certificates are required for good; while they are recorded they are always saved.',
  }),
}
const enforcement = strictObject({
  state: stringEnum(ENFORCEMENTS, 'What is in force.'),
  said_by: stringEnum(
    ['latch', 'file', 'store'] as const,
    'latch: for good. file: as long as the configuration file says so. store: as it began.',
  ),
  latched: Type.Boolean({ description: 'Whether certificates are required for good.' }),
  since: time('Since when the store says what it says.'),
  ...retentionFields,
  version: Type.Integer(),
})

/** Adds the calls. */
export function addEnforcementRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(app, {
    route: 'GET /api/enforcement',
    role: 'viewer',
    tag: 'enforcement',
    summary: 'Whether certificates are required, and what speaks against requiring them now.',
    response: strictObject({
      enforcement,
      warnings: Type.Array(warning),
      would_refuse: Type.Array(strictObject({ code: Type.String(), devices: Type.Integer() }), {
        description:
          'Known devices that would be refused where they are admitted now, by the code that they would get.',
      }),
      key: nullable(
        Type.Integer({
          description:
            'The key that secrets are sealed with once certificates are required: one that is made then, or one that this instance holds and that is not in use. Null where there is no key ring, no new key can be made, or they are required.',
        }),
      ),
      callers: callersShape,
      uncertified_ids: Type.Array(uncertifiedIdShape, {
        description: 'The first hundred; `GET /api/uncertified-ids` has all.',
      }),
      uncertified_id_count: Type.Integer({ description: 'How many there are in all.' }),
      phrase: Type.String({ description: 'What has to be typed to require certificates.' }),
    }),
    handle: async () => {
      const current = await store.enforcement.current()
      if (!current.ok) return current
      const enabling = await enforcementPreview(context)
      if (!enabling.ok) return enabling
      const { preview, key, shownCallers } = enabling.value
      const ids = await store.unknownCallers.ids(0 as Instant, { limit: 100 })
      if (!ids.ok) return ids
      const idCount = await store.unknownCallers.countIds(0 as Instant)
      if (!idCount.ok) return idCount
      const warnings = current.value.state === 'required' ? [] : enforcementWarnings(preview)
      return ok({
        body: {
          enforcement: shownEnforcement(current.value, context),
          warnings: warnings.map((it) => ({ kind: it.kind, text: enforcementWarningText(it) })),
          would_refuse: [...preview.wouldRefuse].map(([code, devices]) => ({
            code,
            devices,
          })),
          key: current.value.state === 'required' ? null : versionOf(key),
          callers: shownCallers,
          uncertified_ids: ids.value.items.map(shownUncertifiedId),
          uncertified_id_count: idCount.value,
          phrase: CONFIRMATION_PHRASE,
        },
        version: current.value.version,
      })
    },
  })
  defineRoute(app, {
    route: 'POST /api/enforcement/preview',
    role: 'viewer',
    tag: 'enforcement',
    summary:
      'Which devices would meet another verdict once certificates are required; nothing is changed.',
    response: strictObject({ ...previewShape.properties, callers: callersShape }),
    fails: [409],
    handle: async () => {
      const callers = await readCallers(context)
      if (!callers.ok) return callers
      const answer = await previewAnswer(context, { step: { kind: 'require-certificates' } })
      return answer.ok
        ? ok({ body: { ...answer.value.body, callers: callers.value.shown } })
        : answer
    },
  })
  defineRoute(app, {
    route: 'POST /api/enforcement/require',
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
    response: strictObject({
      ...enforcement.properties,
      key: nullable(
        Type.Integer({ description: 'The new key that secrets are sealed with from now on.' }),
      ),
    }),
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      const current = await store.enforcement.current()
      if (!current.ok) return current
      const enabling = await enforcementPreview(context)
      if (!enabling.ok) return enabling
      const { preview, key } = enabling.value
      const latch = checkLatch(current.value.state, body, enforcementWarnings(preview))
      if (!latch.ok) return conflict([latch.failure], explainLatchRefusal)
      // First the key: should the change fail after this, the ring has a key more that is not in use, and no harm is done.
      const made = key.kind === 'made' ? await store.secrets.makeKey(key.version) : ok(undefined)
      if (!made.ok) return made
      return versionedOutput(
        await store.enforcement.require(actor, retentionOf(body), expected),
        (it) => ({ ...shownEnforcement(it, context), key: versionOf(key) }),
      )
    },
  })
  defineRoute(app, {
    route: 'PUT /api/enforcement/keeping',
    role: 'administrator',
    tag: 'enforcement',
    summary: 'Choose what is kept of connection attempts.',
    body: strictObject(retentionFields),
    response: enforcement,
    versioned: true,
    handle: async ({ actor, body, expected }) =>
      versionedOutput(
        await store.enforcement.setRetention(actor, retentionOf(body), expected),
        (it) => shownEnforcement(it, context),
      ),
  })
}

const versionOf = (key: EnablingKey): number | null =>
  key.kind === 'held' || key.kind === 'made' ? key.version : null

const retentionOf = (body: { save_authentication: boolean; save_decryption: boolean }) => ({
  saveAuthentication: body.save_authentication,
  saveDecryption: body.save_decryption,
})

function shownEnforcement(
  it: StoredEnforcement,
  { frontEnd }: Pick<AdminContext, 'frontEnd'>,
): Static<typeof enforcement> {
  const { state, saidBy } = enforcementInForce(frontEnd.fileEnforcement(), it.state)
  return {
    state,
    // With a store it is never the profile.
    said_by: saidBy === 'profile' ? 'store' : saidBy,
    latched: saidBy === 'latch',
    since: isoText(it.since),
    save_authentication: it.saveAuthentication,
    save_decryption: it.saveDecryption,
    version: it.version,
  }
}
