/**
 * Reading the configuration file again, from afar: what SIGHUP does on the machine itself.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ok, type Fault } from '../../kernel/types.ts'
import { explainStore } from '../../store/explain.ts'
import { defineRoute } from '../define-route.ts'
import { refuse } from '../refused.ts'
import { strictObject, stringEnum } from '../schemas.ts'
import type { AdminContext } from '../context.ts'

const faults = (description: string) =>
  Type.Array(strictObject({ at: Type.String(), message: Type.String() }), { description })

/** Adds the call. */
export function addReloadRoute(app: FastifyInstance, { frontEnd, store, log }: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/reload',
    role: 'administrator',
    tag: 'status',
    summary:
      'Read the configuration file again, as SIGHUP does: all of it or, if anything is wrong, nothing.',
    response: strictObject({
      outcome: stringEnum(
        ['applied', 'unchanged', 'refused'] as const,
        'After `refused` the previous configuration stays in force.',
      ),
      faults: faults('Everything that is wrong with it, where it is refused.'),
      warnings: faults('What is dangerous or soon will be, where it is not.'),
    }),
    fails: [409],
    handle: async ({ actor }) => {
      const report = await frontEnd.reload()
      if (report === undefined) return NOT_SERVING
      const { outcome, faults, warnings } = report
      log.info({ who: actor.who, from: actor.from, outcome }, 'a reload was asked for')
      const noted = await store.audit.note(actor, {
        action: 'configuration.reload',
        subject: 'configuration',
        after: { outcome, faults: faults.length },
      })
      const shown = (all: readonly Fault[]) => all.map(({ at, message }) => ({ at, message }))
      // What is in force already cannot be taken back for want of a note.
      const unnoted = noted.ok
        ? []
        : [{ at: 'audit', message: `not noted: ${explainStore(noted.failure).sentence}` }]
      return ok({
        body: { outcome, faults: shown(faults), warnings: [...shown(warnings), ...unnoted] },
      })
    },
  })
}

const NOT_SERVING = refuse({
  status: 409,
  code: 'not-serving',
  detail: 'the front end is starting, or ending',
  nextStep: 'call again once /readyz says that it serves',
})
