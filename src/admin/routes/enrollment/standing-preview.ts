/**
 * What a change of an enrollment setting's standing would do to the fleet, before it is made.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { CUT_OFFS } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { previewAnswer } from '../../preview/answer.ts'
import { previewShape } from '../../preview/shapes.ts'
import { nullable, strictObject, time, stringEnum, nameParams } from '../../schemas.ts'
import { instantOf } from '../../times.ts'
import type { AdminContext } from '../../context.ts'

const change = strictObject({
  change: stringEnum(['promote', 'amend', 'remove', 'distrust'] as const),
  cut_off: Type.Optional(stringEnum(CUT_OFFS, 'Of the CA that retires, or is amended.')),
  sunset: Type.Optional(nullable(time('Of the CA that retires, or is amended.'))),
  at: Type.Optional(time('Judge as of this moment; now when left out. A sunset shows only then.')),
})

/** Adds the call. */
export function addStandingPreviewRoute(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/enrollment-settings/:name/preview',
    role: 'viewer',
    tag: 'enrollment',
    summary: 'Which devices would meet another verdict after a change; nothing is changed.',
    params: nameParams,
    body: change,
    response: previewShape,
    fails: [404, 409],
    handle: async ({ params, body }) => {
      const step = {
        kind: 'standing',
        setting: params.name,
        change: body.change,
        retirement: {
          ...(body.cut_off === undefined ? {} : { cutOff: body.cut_off }),
          ...(body.sunset === undefined ? {} : { sunset: instantOf(body.sunset) }),
        },
      } as const
      return await previewAnswer(context, { step, at: instantOf(body.at) })
    },
  })
}
