/**
 * The TLS settings of each upstream (S3-18 to S3-22) as resources: what is in force, a draft that is put as a whole, and
 * its application once its warnings are acknowledged.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, type Result } from '../../../kernel/types.ts'
import { applyDraft, WARNING_CODES } from '../../../upstream-tls/apply-draft.ts'
import { documentOf, documentName } from '../../../upstream-tls/document.ts'
import { explainSettingsFault, explainWarning } from '../../../upstream-tls/explain-settings.ts'
import { readDraft } from '../../../upstream-tls/read-draft.ts'
import type { TlsSettings } from '../../../upstream-tls/settings-types.ts'
import {
  defineRoute,
  type RouteFailure,
  type RouteInput,
  type RouteOutput,
} from '../../define-route.ts'
import { loadSettings, type LoadedSettings } from './load-settings.ts'
import { conflict, invalidData } from '../../refused.ts'
import { versionedOutput } from '../../route-output.ts'
import { nullable, strictObject, stringEnum, nameParams } from '../../schemas.ts'
import { draftInputOf, draftShape, fieldOf, settingsShape, shownSettings } from './shapes.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the calls. */
export function addUpstreamTlsRoutes(app: FastifyInstance, context: AdminContext): void {
  addReadRoutes(app, context)
  addDraftRoute(app, context)
  addApplyRoute(app, context)
}

const names = Type.Array(Type.String())

function addReadRoutes(app: FastifyInstance, context: AdminContext): void {
  const { frontEnd } = context
  defineRoute(app, {
    route: 'GET /api/upstreams',
    role: 'viewer',
    tag: 'outgoing',
    summary: 'The upstreams, and who chose what they are called with.',
    response: strictObject({
      items: Type.Array(
        strictObject({
          name: Type.String(),
          servers: names,
          preset: nullable(Type.String({ description: 'Null without TLS.' })),
          locked: Type.Boolean({
            description: 'Protocols, suites and groups are set by the configuration file.',
          }),
        }),
      ),
    }),
    handle: async () => {
      await Promise.resolve()
      const items = frontEnd.upstreams().map(({ name, servers, tls }) => ({
        name,
        servers: [...servers],
        preset: tls?.preset ?? null,
        locked: tls?.file.selection !== undefined,
      }))
      return ok({ body: { items } })
    },
  })
  defineRoute(app, {
    route: 'GET /api/upstreams/:name/tls',
    role: 'viewer',
    tag: 'outgoing',
    summary: 'What one upstream is called with, the draft, the default, and what can be selected.',
    params: nameParams,
    response: settingsShape,
    fails: [404],
    handle: async ({ params }) =>
      versionedOutput(await loadSettings(context, params.name), shownSettings),
  })
}

function addDraftRoute(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'PUT /api/upstreams/:name/tls/draft',
    role: 'administrator',
    tag: 'outgoing',
    summary: 'Put the whole draft; what it leaves out follows the default. Nothing takes effect.',
    params: nameParams,
    body: draftShape,
    response: settingsShape,
    versioned: true,
    fails: [404],
    handle: (input) =>
      changeSettings(context, input, ({ settings, rules }) => {
        const draft = readDraft(settings.draft, draftInputOf(input.body), rules)
        if (draft.ok) return ok({ ...settings, draft: draft.value })
        const faults = draft.failure.map(({ at, fault }) => {
          const { sentence, nextStep } = explainSettingsFault(fault)
          return { at: fieldOf(at), message: `${sentence}: ${nextStep}` }
        })
        return invalidData(faults, 'the draft')
      }),
  })
}

function addApplyRoute(app: FastifyInstance, context: AdminContext): void {
  const { frontEnd } = context
  defineRoute(app, {
    route: 'POST /api/upstreams/:name/tls/apply',
    role: 'administrator',
    tag: 'outgoing',
    summary:
      'Apply the draft, once all of its warnings are acknowledged: new connections use it, those under way finish.',
    params: nameParams,
    body: strictObject({
      acknowledged: Type.Array(stringEnum(WARNING_CODES), {
        maxItems: WARNING_CODES.length,
        description: 'The codes of the warnings that were read.',
      }),
    }),
    response: settingsShape,
    versioned: true,
    fails: [404, 409],
    handle: (input) =>
      changeSettings(context, input, ({ settings, rules }) => {
        const applied = applyDraft(settings, input.body.acknowledged, rules)
        if (!applied.ok) {
          const [first] = applied.failure
          return conflict(
            applied.failure,
            explainSettingsFault,
            first?.kind === 'not-acknowledged'
              ? first.warnings.map((one) => ({ at: one.kind, message: explainWarning(one) }))
              : undefined,
          )
        }
        const faults = frontEnd.upstreamFaults(input.params.name, applied.value.used)
        return faults.length > 0
          ? invalidData(faults, 'what is to be applied')
          : ok(applied.value.settings)
      }),
  })
}

/**
 * Stores what `change` makes of the settings, on the version that was read: a change between both is `stale`, also where
 * the call takes whatever is there.
 */
async function changeSettings(
  context: AdminContext,
  { actor, params, expected }: RouteInput<{ readonly name: string }, unknown, unknown>,
  change: (loaded: LoadedSettings) => Result<TlsSettings, RouteFailure>,
): Promise<Result<RouteOutput<ReturnType<typeof shownSettings>>, RouteFailure>> {
  const loaded = await loadSettings(context, params.name)
  if (!loaded.ok) return loaded
  const { version: found, rules, settings: before } = loaded.value
  const name = documentName(params.name)
  if (expected !== 'any' && expected !== found) {
    return fail({ kind: 'stale', what: 'settings document', key: name, expected, found })
  }
  const settings = change(loaded.value)
  if (!settings.ok) return settings
  const body = documentOf(settings.value, rules)
  const isSame = JSON.stringify(body) === JSON.stringify(documentOf(before, rules))
  const put = isSame
    ? ok({ version: found })
    : await context.store.documents.put(actor, { name, body }, found)
  if (!put.ok) return put
  const { version } = put.value
  const shown = shownSettings({ ...loaded.value, settings: settings.value, version })
  return ok({ body: shown, version })
}
