/**
 * Test and Scan: what calling an upstream shows before anything is applied. By connections of their own; those that
 * carry requests are not touched.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ok, unreachable, type Result } from '../../../kernel/types.ts'
import { explainSettingsFault } from '../../../upstream-tls/explain-settings.ts'
import { hasChanges, draftResult } from '../../../upstream-tls/draft-result.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { loadSettings, upstreamWithTls } from './load-settings.ts'
import { invalidData, conflict, notFound, refuse } from '../../refused.ts'
import { strictObject, text, stringEnum, nameParams } from '../../schemas.ts'
import type { UpstreamCall, UpstreamCallFailure } from '../../front-end.ts'
import type { EffectiveSettings } from '../../../upstream-tls/settings-types.ts'
import type { AdminContext } from '../../context.ts'

const SETTINGS_SOURCES = ['draft', 'applied'] as const
type SettingsSource = (typeof SETTINGS_SOURCES)[number]

const report = Type.Unsafe<unknown>({
  type: 'object',
  description: 'As `tfe upstream test --json` and `tfe upstream scan --json` print it.',
})

/** Adds the calls. */
export function addUpstreamTestRoutes(app: FastifyInstance, context: AdminContext): void {
  const { frontEnd } = context
  const kinds = [
    [
      'test',
      'Connect once to each server, and say what was agreed on, what was shown and what failed.',
      (target: UpstreamCall) => frontEnd.testUpstream(target),
    ],
    [
      'scan',
      'Find out what each server accepts, by handshakes alone.',
      (target: UpstreamCall) => frontEnd.scanUpstream(target),
    ],
  ] as const
  for (const [verb, summary, call] of kinds) {
    defineRoute(app, {
      route: `POST /api/upstreams/:name/${verb}`,
      role: 'operator',
      tag: 'outgoing',
      summary,
      params: nameParams,
      body: strictObject({
        server: Type.Optional(text(300, 'That server alone.')),
        settings: Type.Optional(
          stringEnum(
            SETTINGS_SOURCES,
            'With the draft, or with what is applied. Left out: the draft, where it says something else.',
          ),
        ),
      }),
      response: strictObject({
        settings: stringEnum(SETTINGS_SOURCES, 'What the servers were called with.'),
        reports: Type.Array(report),
      }),
      fails: [404, 409],
      handle: async ({ params, body, request }) => {
        const chosen = await settingsOf(context, params.name, body.settings)
        if (!chosen.ok) return chosen
        const { settings, used } = chosen.value
        // A server that swallows every handshake makes a scan wait for each of them.
        request.raw.socket.setTimeout(CALL_TIMEOUT_MS)
        const found = await call({ upstream: params.name, server: body.server, used })
        return found.ok
          ? ok({ body: { settings, reports: [...found.value] } })
          : callFailure(params.name, found.failure)
      },
    })
  }
}

interface ChosenSettings {
  readonly settings: SettingsSource
  /** Undefined: what is in force. */
  readonly used: EffectiveSettings | undefined
}

async function settingsOf(
  context: AdminContext,
  name: string,
  wanted: SettingsSource | undefined,
): Promise<Result<ChosenSettings, RouteFailure>> {
  // What is in force can be called while the store is unavailable.
  const hasSettings = upstreamWithTls(context, name) !== undefined
  if (wanted === 'applied' || (!hasSettings && wanted === undefined)) {
    return ok({ settings: 'applied', used: undefined })
  }
  const loaded = await loadSettings(context, name)
  if (!loaded.ok) return loaded
  const { settings, rules } = loaded.value
  if (wanted === undefined && !hasChanges(settings, rules)) {
    return ok({ settings: 'applied', used: undefined })
  }
  const used = draftResult(settings, rules)
  if (used.ok) return ok({ settings: 'draft', used: used.value })
  return conflict(used.failure, explainSettingsFault)
}

function callFailure(
  upstream: string,
  why: UpstreamCallFailure,
): { readonly ok: false; readonly failure: RouteFailure } {
  switch (why.kind) {
    case 'unknown':
      return notFound('upstream with that server', upstream)
    case 'without-tls':
      return notFound('upstream with TLS', upstream)
    case 'unusable':
      return invalidData(why.faults, 'these settings')
    case 'under-way':
      return refuse({
        status: 409,
        code: 'call-under-way',
        detail: `a test or a scan of ${upstream} is under way`,
        nextStep: 'wait for its answer: two at once would tell of each other',
      })
    default:
      return unreachable(why)
  }
}

/** Above what any of them takes: a test the longest `connect`, two minutes; a scan its own bound. */
const CALL_TIMEOUT_MS = 180_000
