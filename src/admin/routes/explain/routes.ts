/** Why a certificate or a device is admitted or refused now, by the word of a process that would meet it. */
import type { FastifyInstance } from 'fastify'
import { fail, ok, type Result } from '../../../kernel/types.ts'
import { lastShown } from '../../../state/explain/kept.ts'
import type { Subject } from '../../../state/explain/question.ts'
import { readSince } from '../../../state/explain/since.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { invalidData, notFound, refuse } from '../../refused.ts'
import { questionShape, readQuestion, type AskedSubject } from './question.ts'
import { accountShape, shownAccount } from './shapes.ts'

/** Adds the call. */
export function addExplainRoute(app: FastifyInstance, { store, frontEnd }: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/explain',
    role: 'viewer',
    tag: 'devices',
    summary:
      'Judge a certificate, or the certificate that a device showed last, as a request that comes now would be, and tell every check. Leaves no trace: nothing is learned from it, counted or approved.',
    body: questionShape,
    response: accountShape,
    fails: [404, 409],
    handle: async ({ body }) => {
      const question = readQuestion(body)
      if (!question.ok) return invalidData(question.failure, 'the question')
      const { circumstances } = question.value
      const subject = await subjectFor(question.value.subject, store)
      if (!subject.ok) return subject
      const explained = await frontEnd.explain({ ...circumstances, subject: subject.value })
      switch (explained.kind) {
        case 'no-listener':
          return notFound('listener', circumstances.listener ?? '')
        case 'not-serving':
          return NOT_SERVING
        case 'explained':
          break
      }
      const { account } = explained
      const since = await readSince(store, account.inForce)
      return ok({
        body: shownAccount({
          account,
          since: since.ok ? since.value : undefined,
          knownFrom: 'running',
          unknown: since.ok ? [] : [STORE_SILENT],
        }),
      })
    },
  })
}

async function subjectFor(
  asked: AskedSubject,
  store: Pick<AdminContext['store'], 'devices'>,
): Promise<Result<Subject, RouteFailure>> {
  if (asked.kind === 'presented') return ok(asked)
  const found = await store.devices.find(asked.id)
  if (!found.ok) return found
  if (found.value === undefined) {
    return fail({ kind: 'not-found', what: 'device', key: asked.id })
  }
  return ok(lastShown(found.value))
}

const STORE_SILENT =
  'since when and by whom what is in force was decided: the store does not answer, and the verdict is by what it said last'

const NOT_SERVING = refuse({
  status: 409,
  code: 'not-serving',
  detail: 'no process of this front end serves, or none answered',
  nextStep: 'ask again when `/readyz` says that it is ready',
})
