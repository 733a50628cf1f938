/**
 * The page "Sentry to Backend Ciphers and Protocols" of each upstream (S3-18 to S3-22), Test and Scan. The rules are
 * those of `outgoing/page.ts`; the store keeps what is drafted and applied, and never an open question: whoever
 * presses Apply without Yes is asked, and asks again with both.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { fail, ok } from '../../kernel/types.ts'
import { COLUMNS } from '../../outgoing/catalogue.ts'
import { documentOf, pageName } from '../../outgoing/document.ts'
import { columnsOf } from '../../outgoing/page.ts'
import { define } from '../call.ts'
import {
  openedPage,
  pressAll,
  questionOf,
  withTls,
  type Opened,
  type WithTls,
} from '../outgoing-page.ts'
import { setByFile, unknownHere } from '../refused.ts'
import { orNull, record, text, word } from '../schemas.ts'
import type { Office } from '../server.ts'

const named = record({ name: text(200) })

/** Adds the calls. */
export function outgoingCalls(app: FastifyInstance, office: Office): void {
  looking(app, office)
  pressing(app, office)
  calling(app, office)
}

const names = Type.Array(Type.String())
const column = record({ available: names, selected: names, default: names })
const pageShape = record({
  upstream: Type.String(),
  preset: Type.String(),
  locked: Type.Boolean({ description: 'Set by the configuration file.' }),
  applied: word(['default', 'custom'] as const),
  draft: word(['default', 'custom'] as const),
  protocols: column,
  suites: column,
  groups: column,
  report: Type.Array(Type.String(), {
    description: 'What an upgrade of the program or its runtime did to the page.',
  }),
  version: Type.Integer(),
})

function looking(app: FastifyInstance, office: Office): void {
  const { serving } = office
  define(
    app,
    {
      method: 'GET',
      path: '/api/upstreams',
      role: 'viewer',
      tag: 'outgoing',
      summary: 'The upstreams, and who chose what they are called with.',
      answer: record({
        items: Type.Array(
          record({
            name: Type.String(),
            servers: names,
            preset: orNull(Type.String({ description: 'Null without TLS.' })),
            locked: Type.Boolean(),
          }),
        ),
      }),
    },
    async () => {
      await Promise.resolve()
      const items = serving.upstreams().map(({ name, servers, tls }) => ({
        name,
        servers: [...servers],
        preset: tls?.preset ?? null,
        locked: tls?.statedByFile ?? false,
      }))
      return ok({ body: { items } })
    },
  )
  define(
    app,
    {
      method: 'GET',
      path: '/api/upstreams/:name/tls',
      role: 'viewer',
      tag: 'outgoing',
      summary: 'Available, Selected and Default of one upstream, as drafted.',
      params: named,
      answer: pageShape,
      fails: [404],
    },
    async ({ params }) => {
      const upstream = withTls(office, params.name)
      if (upstream === undefined) return unknownHere('upstream with TLS', params.name)
      const opened = await openedPage(office, upstream)
      if (!opened.ok) return opened
      const { version } = opened.value
      return ok({ body: shownPage(upstream, opened.value), version })
    },
  )
}

const action = Type.Object(
  {
    kind: word([
      'choose-default',
      'choose-custom',
      'proceed',
      'select',
      'deselect',
      'order',
      'reset',
      'apply',
      'confirm',
      'cancel',
    ] as const),
    column: Type.Optional(word(COLUMNS)),
    names: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 500 })),
    name: Type.Optional(text(64)),
    place: Type.Optional(Type.Integer({ minimum: 0, maximum: 500 })),
  },
  {
    additionalProperties: false,
    description:
      'select and deselect take column and names; order takes column, name and place; the others nothing.',
  },
)

function pressing(app: FastifyInstance, office: Office): void {
  const { store } = office
  define(
    app,
    {
      method: 'POST',
      path: '/api/upstreams/:name/tls',
      role: 'administrator',
      tag: 'outgoing',
      summary: 'Press buttons of the page in turn. All of them, or none when one is turned down.',
      params: named,
      body: record({ press: Type.Array(action, { minItems: 1, maxItems: 50 }) }),
      answer: record({
        page: pageShape,
        asked: orNull(
          record({
            question: word(['proceed', 'confirm'] as const),
            texts: Type.Array(Type.String()),
          }),
        ),
        took_effect: Type.Boolean({
          description: 'New connections use what was applied; those under way finish.',
        }),
      }),
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ by, params, body, expected }) => {
      const upstream = withTls(office, params.name)
      if (upstream === undefined) return unknownHere('upstream with TLS', params.name)
      if (upstream.tls.statedByFile) return setByFile(`what ${params.name} is called with`)
      const opened = await openedPage(office, upstream)
      if (!opened.ok) return opened
      const { version: found, rules } = opened.value
      if (expected !== 'any' && expected !== found) {
        const key = pageName(upstream.name)
        return fail({ kind: 'stale', what: 'settings document', key, expected, found })
      }
      const pressed = pressAll(opened.value, body.press)
      if (!pressed.ok) return pressed
      const { page, effect, tookEffect } = pressed.value
      const document = documentOf(page, rules)
      const isSame =
        JSON.stringify(document) === JSON.stringify(documentOf(opened.value.page, rules))
      const name = pageName(upstream.name)
      const put = isSame
        ? ok({ version: found })
        : await store.documents.put(by, { name, body: document }, expected)
      if (!put.ok) return put
      const { version } = put.value
      return ok({
        body: {
          page: shownPage(upstream, { ...opened.value, page, version }),
          asked: questionOf(effect),
          took_effect: tookEffect,
        },
        version,
      })
    },
  )
}

function shownPage(
  { name, tls }: WithTls,
  { page, rules, report, version }: Opened,
): Static<typeof pageShape> {
  const shown = (column: (typeof COLUMNS)[number]) => {
    const { available, selected, default: usual } = columnsOf(page.draft, column, rules)
    return { available: [...available], selected: [...selected], default: [...usual] }
  }
  return {
    upstream: name,
    preset: tls.preset,
    locked: tls.statedByFile,
    applied: page.applied.kind,
    draft: page.draft.mode,
    protocols: shown('protocols'),
    suites: shown('suites'),
    groups: shown('groups'),
    report: [...report],
    version,
  }
}

const report = Type.Unsafe<unknown>({
  type: 'object',
  description: 'As `tfe upstream test --json` and `tfe upstream scan --json` print it.',
})

function calling(app: FastifyInstance, { serving }: Office): void {
  const kinds = [
    [
      'test',
      'Connect once to each server, and say what was agreed on and what failed.',
      (upstream: string, server?: string) => serving.testUpstream(upstream, server),
    ],
    [
      'scan',
      'Find out what each server accepts, by handshakes alone.',
      (upstream: string, server?: string) => serving.scanUpstream(upstream, server),
    ],
  ] as const
  for (const [verb, summary, ask] of kinds) {
    define(
      app,
      {
        method: 'POST',
        path: `/api/upstreams/:name/${verb}`,
        role: 'operator',
        tag: 'outgoing',
        summary,
        params: named,
        body: record({ server: Type.Optional(text(300, 'That server alone.')) }),
        answer: record({ reports: Type.Array(report) }),
        fails: [404, 422],
      },
      async ({ params, body, request }) => {
        // A server that swallows every handshake makes a scan wait for each of them.
        request.raw.socket.setTimeout(CALLING_MS)
        const found = await ask(params.name, body.server)
        return found === undefined
          ? unknownHere('upstream with that server', params.name)
          : ok({ body: { reports: [...found] } })
      },
    )
  }
}

const CALLING_MS = 180_000
