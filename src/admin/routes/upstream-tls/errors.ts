/**
 * What went wrong with upstreams (S3-07, S3-08): each server's faults with their text, their remedy and what the
 * server showed, so that an administrator needs no log for it.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { isoText, ok, type Instant } from '../../../kernel/types.ts'
import type { ErrorFilter } from '../../../record/upstream-error-list.ts'
import type { UpstreamErrorEntry } from '../../../record/upstream-errors.ts'
import { defineRoute } from '../../define-route.ts'
import { notFound } from '../../refused.ts'
import { nullable, strictObject, text, time, stringEnum } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the calls. */
export function addUpstreamErrorRoutes(app: FastifyInstance, context: AdminContext): void {
  addListRoute(app, context)
  addClearRoute(app, context)
}

const filterFields = {
  upstream: Type.Optional(text(200, 'Those of this upstream.')),
  server: Type.Optional(text(300, 'Those of this server, as `HOST:PORT`.')),
  code: Type.Optional(text(100, 'Those with this code.')),
}

const shape = strictObject({
  upstream: Type.String(),
  server: Type.String(),
  during: stringEnum(['check', 'request'] as const, 'What the server was called for.'),
  code: Type.String({ description: 'As `failure` in the log; of a closed list.' }),
  detail: nullable(
    Type.String({
      description: 'Why a chain is untrusted, the alert, or the error of the system.',
    }),
  ),
  allowed: Type.Boolean({
    description:
      'The connection is used all the same, because strict TLS is off or because of Allow and Log untrusted servers.',
  }),
  count: Type.Integer({ description: 'Connections and requests that met it.' }),
  first: time('When it was first met.'),
  last: time('When it was last met.'),
  text: Type.String({ description: 'What was found, the last time.' }),
  next_step: Type.String({ description: 'What to do about it.' }),
  chain: Type.Array(
    strictObject({
      subject: Type.String(),
      issuer: Type.String(),
      not_after: Type.String(),
      sha256: Type.String({ description: 'Lower-case hexadecimal.' }),
    }),
    { description: 'What the server showed, leaf first; the names in it are its own words.' },
  ),
})

function addListRoute(app: FastifyInstance, { frontEnd }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/upstream-errors',
    role: 'viewer',
    tag: 'outgoing',
    summary:
      'What went wrong with the upstreams since this front end started: one entry per server and fault, latest first.',
    query: strictObject(filterFields),
    response: strictObject({
      items: Type.Array(shape),
      since: time('When the list began: it is kept in memory.'),
      lost: Type.Integer({
        description: 'Errors in no entry, because there was no room; the log has them.',
      }),
    }),
    fails: [404],
    handle: async ({ query }) => {
      await Promise.resolve()
      const { items, since, lost } = frontEnd.upstreamErrors.list(query)
      // A name that was mistyped must not look like an upstream that is well.
      if (items.length === 0 && isUnknown(query.upstream, frontEnd)) {
        return notFound('upstream', query.upstream ?? '')
      }
      return ok({ body: { items: items.map(shownError), since: isoText(since), lost } })
    },
  })
}

function addClearRoute(app: FastifyInstance, { frontEnd, store }: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/upstream-errors/clear',
    role: 'operator',
    tag: 'outgoing',
    summary: 'Take errors off the list that were looked at; those that happen again come back.',
    body: strictObject({
      ...filterFields,
      until: time('The `last` of the latest entry that was looked at: what came later stays.'),
    }),
    response: strictObject({ cleared: Type.Integer({ description: 'Entries.' }) }),
    fails: [404],
    handle: async ({ actor, body }) => {
      const { until: untilText, ...filter } = body
      const until = Date.parse(untilText) as Instant
      const { upstreamErrors } = frontEnd
      const items = upstreamErrors.list(filter).items.filter(({ last }) => last <= until)
      if (items.length === 0 && isUnknown(filter.upstream, frontEnd)) {
        return notFound('upstream', filter.upstream ?? '')
      }
      if (items.length === 0) return ok({ body: { cleared: 0 } })
      // First: what the audit trail could not take is not taken off the list.
      const noted = await store.audit.note(actor, {
        action: 'upstream-errors.clear',
        subject: subjectOf(filter),
        before: { entries: items.length, errors: sum(items), until: untilText },
      })
      if (!noted.ok) return noted
      return ok({ body: { cleared: upstreamErrors.clear(filter, until) } })
    },
  })
}

const isUnknown = (name: string | undefined, frontEnd: AdminContext['frontEnd']): boolean =>
  name !== undefined &&
  frontEnd.upstreamErrors.list({ upstream: name }).items.length === 0 &&
  !frontEnd.upstreams().some((one) => one.name === name)

const subjectOf = ({ upstream, server, code }: ErrorFilter): string =>
  [upstream, server, code].filter((one) => one !== undefined).join(' ') || 'all upstreams'

const sum = (items: readonly UpstreamErrorEntry[]): number =>
  items.reduce((all, { count }) => all + count, 0)

const shownError = (it: UpstreamErrorEntry): Static<typeof shape> => ({
  upstream: it.upstream,
  server: it.server,
  during: it.during,
  code: it.code,
  detail: it.detail ?? null,
  allowed: it.allowed,
  count: it.count,
  first: isoText(it.first),
  last: isoText(it.last),
  text: it.sentence,
  next_step: it.nextStep,
  chain: [...it.chain],
})
