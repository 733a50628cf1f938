/**
 * The page "Outgoing SSL Configuration" of each upstream (S3-18 to S3-22). The rules are those of `upstream-tls/settings-page.ts`;
 * the store keeps what is drafted and applied, and never an open question: whoever presses Apply without Yes is asked,
 * and asks again with both.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok } from '../../../kernel/types.ts'
import { COLUMNS } from '../../../upstream-tls/catalogue.ts'
import { documentOf, documentName } from '../../../upstream-tls/document.ts'
import { DEFAULT_STORES } from '../../../upstream-tls/verification.ts'
import { defineRoute } from '../../define-route.ts'
import { loadSettings, applyActions, questionOf, upstreamWithTls } from './page.ts'
import { invalidData, notFound } from '../../refused.ts'
import { nullable, strictObject, text, stringEnum } from '../../schemas.ts'
import { pageShape, shownPage } from './shapes.ts'
import type { AdminContext } from '../../context.ts'

const nameParams = strictObject({ name: text(200) })

/** Adds the calls. */
export function addUpstreamTlsRoutes(app: FastifyInstance, context: AdminContext): void {
  addReadRoutes(app, context)
  addActionRoute(app, context)
}

const names = Type.Array(Type.String())

function addReadRoutes(app: FastifyInstance, context: AdminContext): void {
  const { frontEnd } = context
  defineRoute(
    app,
    {
      method: 'GET',
      path: '/api/upstreams',
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
    },
    async () => {
      await Promise.resolve()
      const items = frontEnd.upstreams().map(({ name, servers, tls }) => ({
        name,
        servers: [...servers],
        preset: tls?.preset ?? null,
        locked: tls?.file.selection !== undefined,
      }))
      return ok({ body: { items } })
    },
  )
  defineRoute(
    app,
    {
      method: 'GET',
      path: '/api/upstreams/:name/tls',
      role: 'viewer',
      tag: 'outgoing',
      summary: 'Available, Selected and Default of one upstream, as drafted.',
      params: nameParams,
      response: pageShape,
      fails: [404],
    },
    async ({ params }) => {
      const upstream = upstreamWithTls(context, params.name)
      if (upstream === undefined) return notFound('upstream with TLS', params.name)
      const loaded = await loadSettings(context, upstream)
      if (!loaded.ok) return loaded
      const { version } = loaded.value
      return ok({ body: shownPage(upstream, loaded.value), version })
    },
  )
}

const action = Type.Object(
  {
    kind: stringEnum([
      'choose-default',
      'choose-custom',
      'proceed',
      'select',
      'deselect',
      'order',
      'reset',
      'set-strict',
      'set-allow-untrusted',
      'set-default-store',
      'set-custom-store',
      'add-certificates',
      'remove-certificate',
      'set-sni',
      'reset-settings',
      'apply',
      'confirm',
      'cancel',
    ] as const),
    column: Type.Optional(stringEnum(COLUMNS)),
    names: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 500 })),
    name: Type.Optional(text(64)),
    place: Type.Optional(Type.Integer({ minimum: 0, maximum: 500 })),
    enabled: Type.Optional(Type.Boolean()),
    store: Type.Optional(stringEnum(DEFAULT_STORES)),
    // As much as a body may hold.
    pem: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000_000 })),
    sha256: Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f:]{64,95}$' })),
    sni: Type.Optional(text(254)),
  },
  {
    additionalProperties: false,
    description:
      'select and deselect take column and names; order takes column, name and place; set-strict, set-allow-untrusted and set-custom-store take enabled; set-default-store takes store; add-certificates takes pem, remove-certificate takes sha256; set-sni takes sni (off, on or a name); the others nothing. reset is Reset to Default of the columns, reset-settings the same for the rest.',
  },
)

function addActionRoute(app: FastifyInstance, context: AdminContext): void {
  const { store, frontEnd } = context
  defineRoute(
    app,
    {
      method: 'POST',
      path: '/api/upstreams/:name/tls',
      role: 'administrator',
      tag: 'outgoing',
      summary: 'Press buttons of the page in turn. All of them, or none when one is turned down.',
      params: nameParams,
      body: strictObject({ press: Type.Array(action, { minItems: 1, maxItems: 50 }) }),
      response: strictObject({
        page: pageShape,
        asked: nullable(
          strictObject({
            question: stringEnum(['proceed', 'confirm'] as const),
            texts: Type.Array(Type.String()),
            dangerous: Type.Array(Type.String(), {
              description: 'Those of them that give a guarantee up.',
            }),
          }),
        ),
        took_effect: Type.Boolean({
          description: 'New connections use what was applied; those under way finish.',
        }),
      }),
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ actor, params, body, expected }) => {
      const upstream = upstreamWithTls(context, params.name)
      if (upstream === undefined) return notFound('upstream with TLS', params.name)
      const loaded = await loadSettings(context, upstream)
      if (!loaded.ok) return loaded
      const { version: found, rules } = loaded.value
      if (expected !== 'any' && expected !== found) {
        const key = documentName(upstream.name)
        return fail({ kind: 'stale', what: 'settings document', key, expected, found })
      }
      const applied = applyActions(loaded.value, body.press)
      if (!applied.ok) return applied
      const { page, effect, used } = applied.value
      const faults = used === undefined ? [] : frontEnd.upstreamFaults(upstream.name, used)
      if (faults.length > 0) return invalidData(faults, 'what is to be applied')
      const document = documentOf(page, rules)
      const isSame =
        JSON.stringify(document) === JSON.stringify(documentOf(loaded.value.page, rules))
      const name = documentName(upstream.name)
      const put = isSame
        ? ok({ version: found })
        : await store.documents.put(actor, { name, body: document }, expected)
      if (!put.ok) return put
      const { version } = put.value
      return ok({
        body: {
          page: shownPage(upstream, { ...loaded.value, page, version }),
          asked: questionOf(effect),
          took_effect: used !== undefined,
        },
        version,
      })
    },
  )
}
