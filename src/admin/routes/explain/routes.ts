/** Why a certificate or a device is admitted or refused now, by the word of a process that would meet it. */
import type { FastifyInstance } from 'fastify'
import { fail, ok, unreachable, type Result } from '../../../kernel/types.ts'
import type { KeptRefusal } from '../../../fleet/kept-refusal.ts'
import { askedThen, lastShown } from '../../../state/explain/kept.ts'
import type { Circumstances, Question } from '../../../state/explain/question.ts'
import { readSince } from '../../../state/explain/since.ts'
import { thenAndNow } from '../../../state/explain/then-and-now.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { invalidData, notFound, refuse } from '../../refused.ts'
import { questionShape, readQuestion, type AskedSubject } from './question.ts'
import { ambiguousReference, unknownReference } from '../refusals/unknown-reference.ts'
import { accountShape, shownAccount } from './shapes.ts'

/** Adds the call. */
export function addExplainRoute(app: FastifyInstance, { store, frontEnd }: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/explain',
    role: 'viewer',
    tag: 'devices',
    summary:
      'Judge a certificate, the certificate that a device showed last, or what a reference was given for, as a request that comes now would be, and tell every check. Leaves no trace: nothing is learned from it, counted or approved.',
    body: questionShape,
    response: accountShape,
    fails: [404, 409],
    handle: async ({ body }) => {
      const question = readQuestion(body)
      if (!question.ok) return invalidData(question.failure, 'the question')
      const { circumstances } = question.value
      const found = await putFor(question.value.subject, circumstances, { store, frontEnd })
      if (!found.ok) return found
      const { asked, refusal } = found.value
      const explained = await frontEnd.explain(asked)
      switch (explained.kind) {
        case 'no-listener':
          return notFound('listener', asked.listener ?? '')
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
          compared: refusal && thenAndNow(refusal, account, since.ok ? since.value : undefined),
        }),
      })
    },
  })
}

interface Put {
  readonly asked: Question
  /** What was decided then, of a reference. */
  readonly refusal?: KeptRefusal
}

/** What is put to the front end. */
async function putFor(
  subject: AskedSubject,
  circumstances: Circumstances,
  { store, frontEnd }: Pick<AdminContext, 'frontEnd' | 'store'>,
): Promise<Result<Put, RouteFailure>> {
  switch (subject.kind) {
    case 'presented':
      return ok({ asked: { ...circumstances, subject } })
    case 'device': {
      const found = await store.devices.find(subject.id)
      if (!found.ok) return found
      if (found.value === undefined) {
        return fail({ kind: 'not-found', what: 'device', key: subject.id })
      }
      return ok({ asked: { ...circumstances, subject: lastShown(found.value) } })
    }
    case 'reference': {
      const found = await store.refusals.find(subject.reference)
      if (!found.ok) return found
      const answer = found.value
      if (answer.kind === 'ambiguous') {
        const problem = ambiguousReference(subject.reference, answer.refusals)
        return fail({ kind: 'problem', problem })
      }
      if (answer.kind === 'unknown') {
        const facts = { keep: frontEnd.config().refusals.keep, notKept: answer.notKept }
        return fail({ kind: 'problem', problem: unknownReference(subject.reference, facts) })
      }
      const { refusal } = answer
      return ok({ asked: { ...askedThen(refusal), at: circumstances.at }, refusal })
    }
    default:
      return unreachable(subject)
  }
}

const STORE_SILENT =
  'since when and by whom what is in force was decided: the store does not answer, and the verdict is by what it said last'

const NOT_SERVING = refuse({
  status: 409,
  code: 'not-serving',
  detail: 'no process of this front end serves, or none answered',
  nextStep: 'ask again when `/readyz` says that it is ready',
})
