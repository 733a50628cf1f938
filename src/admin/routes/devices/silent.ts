/**
 * Known hosts that may stay in "No authentication info" (S2-09), such as the server itself: an administrator marks them,
 * and what waits for devices that never showed a certificate waits for them no more.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { bodyOutput, noContent } from '../../route-output.ts'
import { strictObject, text, time } from '../../schemas.ts'

const idParams = strictObject({ id: text(200) })

/** Adds the calls. */
export function addSilentRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'PUT /api/devices/:id/silent',
    role: 'operator',
    tag: 'devices',
    summary:
      'Mark a device as a known host that may stay in "No authentication info". No verdict asks for the mark.',
    params: idParams,
    body: strictObject({ note: text(500, 'Why it will never show a certificate.') }),
    response: strictObject({
      device: Type.String(),
      note: Type.String(),
      by: Type.String(),
      at: time('When it was marked.'),
    }),
    fails: [404],
    handle: async ({ actor, params, body }) =>
      bodyOutput(await store.silentDevices.mark(actor, params.id, body.note), (it) => ({
        device: it.device,
        note: it.note,
        by: it.markedBy,
        at: isoText(it.markedAt),
      })),
  })
  defineRoute(app, {
    route: 'DELETE /api/devices/:id/silent',
    role: 'operator',
    tag: 'devices',
    summary: 'Take the mark away; a device without one stays as it is.',
    params: idParams,
    fails: [404],
    handle: async ({ actor, params }) =>
      noContent(await store.silentDevices.unmark(actor, params.id)),
  })
}
