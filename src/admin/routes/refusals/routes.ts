/**
 * Refusals: where a reference leads.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { REFUSAL_OUTCOMES } from '../../../fleet/kept-refusal.ts'
import { fail, ok, unreachable } from '../../../kernel/types.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { keyHash, pageOf, pageQuery, strictObject, stringEnum, text, time } from '../../schemas.ts'
import { instantOf } from '../../times.ts'
import { referenceText } from './reference-text.ts'
import { refusalShape, shownRefusal } from './shapes.ts'
import { ambiguousReference, unknownReference } from './unknown-reference.ts'

/** Adds the calls. */
export function addRefusalRoutes(app: FastifyInstance, { store, frontEnd }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/refusals',
    role: 'viewer',
    tag: 'refusals',
    summary: 'A page of the refusals that are kept and meet every condition; newest first.',
    query: strictObject({
      reference: Type.Optional(referenceText(1)),
      device: Type.Optional(text(200, 'Of the keys that this device holds now.')),
      key: Type.Optional(keyHash('Of the certificate that was shown.')),
      code: Type.Optional(text(100)),
      listener: Type.Optional(text(100)),
      address: Type.Optional(text(100, 'As it stands in the list.')),
      outcome: Type.Optional(stringEnum(REFUSAL_OUTCOMES)),
      since: Type.Optional(time('At or after this.')),
      until: Type.Optional(time('Before this.')),
      ...pageQuery,
    }),
    response: pageOf(refusalShape),
    handle: async ({ query }) => {
      const { since, until, limit = 100, ...same } = query
      const times = { since: instantOf(since), until: instantOf(until) }
      const listed = await store.refusals.list({ ...same, ...times, limit })
      if (!listed.ok) return listed
      const { items, next } = listed.value
      return ok({ body: { items: items.map(shownRefusal), next: next ?? null } })
    },
  })
  defineRoute(app, {
    route: 'GET /api/refusals/:reference',
    role: 'viewer',
    tag: 'refusals',
    summary: 'The refusal that a reference, or the beginning of only one, leads to.',
    params: strictObject({ reference: referenceText(4) }),
    response: refusalShape,
    fails: [404, 409],
    handle: async ({ params: { reference } }) => {
      const found = await store.refusals.find(reference)
      if (!found.ok) return found
      const answer = found.value
      switch (answer.kind) {
        case 'found':
          return ok({ body: shownRefusal(answer.refusal) })
        case 'ambiguous':
          return fail({ kind: 'problem', problem: ambiguousReference(reference, answer.refusals) })
        case 'unknown': {
          const { keep } = frontEnd.config().refusals
          const facts = { keep, notKept: answer.notKept }
          return fail({ kind: 'problem', problem: unknownReference(reference, facts) })
        }
        default:
          return unreachable(answer)
      }
    },
  })
}
