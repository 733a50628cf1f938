/**
 * In what the configuration file says another thing than the store (decision 30).
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ok } from '../../kernel/types.ts'
import { differenceItem } from '../../state/difference-item.ts'
import { DIFFERENCE_KINDS } from '../../state/file-difference.ts'
import { defineRoute } from '../define-route.ts'
import { listOf, strictObject, stringEnum } from '../schemas.ts'
import type { AdminContext } from '../context.ts'

const difference = strictObject({
  kind: stringEnum(DIFFERENCE_KINDS),
  at: Type.String({ description: 'The place in the file.' }),
  subject: Type.String({ description: 'The enrollment setting, the upstream, or the key.' }),
  file: Type.String({ description: 'What the file says.' }),
  store: Type.String({ description: 'What the store says.' }),
  in_force: stringEnum(['file', 'store', 'latch'] as const, 'Who says what is in force.'),
  holds: Type.Boolean({
    description: 'Whether the word of the file is the stricter one, which holds unstored.',
  }),
  commands: Type.Array(Type.String(), {
    description: 'What makes the store say what the file says; empty where no command does.',
  }),
  text: Type.String(),
})

/** Adds the call. */
export function addDifferenceRoute(app: FastifyInstance, { frontEnd }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/configuration/differences',
    role: 'viewer',
    tag: 'status',
    summary:
      'In what the configuration file says another thing than the store, and the command for each.',
    response: listOf(difference),
    handle: async () => {
      const all = await Promise.resolve(frontEnd.differences())
      const items = all.map(differenceItem)
      return ok({ body: { items } })
    },
  })
}
