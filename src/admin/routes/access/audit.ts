/**
 * The audit trail.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { isoText, ok } from '../../../kernel/types.ts'
import { defineRoute } from '../../define-route.ts'
import { nullable, pageQuery, pageOf, strictObject, text, time } from '../../schemas.ts'
import { instantOf } from '../../times.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the call. */
export function addAuditRoute(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/audit',
    role: 'viewer',
    tag: 'audit',
    summary: 'Who changed what, from where, when, and what it was before and after; newest first.',
    query: strictObject({
      who: Type.Optional(text(200)),
      action: Type.Optional(text(100)),
      subject: Type.Optional(text(500)),
      since: Type.Optional(time('At or after this.')),
      until: Type.Optional(time('Before this.')),
      ...pageQuery,
    }),
    response: pageOf(
      strictObject({
        id: Type.Integer(),
        at: time('When.'),
        who: Type.String(),
        from: Type.String(),
        action: Type.String(),
        subject: Type.String(),
        device_subject: nullable(
          Type.String({
            description:
              'Where the subject is a device that is known now: the subject of its last certificate.',
          }),
        ),
        before: Type.Unknown(),
        after: Type.Unknown(),
        revision: Type.Integer(),
      }),
    ),
    handle: async ({ query }) => {
      const { since, until, limit = 100, ...same } = query
      const listed = await store.audit.list({
        ...same,
        limit,
        since: instantOf(since),
        until: instantOf(until),
      })
      if (!listed.ok) return listed
      const subjects = await store.devices.subjects(listed.value.items.map((it) => it.subject))
      if (!subjects.ok) return subjects
      const items = listed.value.items.map((it) => ({
        ...it,
        device_subject: subjects.value.get(it.subject) ?? null,
        at: isoText(it.at),
        before: it.before ?? null,
        after: it.after ?? null,
      }))
      return ok({ body: { items, next: listed.value.next ?? null } })
    },
  })
}
