/**
 * Test and Scan: what calling an upstream shows before anything is applied. By connections of their own; those that
 * carry requests are not touched.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, unreachable, type Result } from '../../../kernel/types.ts'
import { explainPage } from '../../../upstream-tls/explain-page.ts'
import { differs, drafted } from '../../../upstream-tls/draft-result.ts'
import { define, type CallFailure } from '../../define-route.ts'
import { openedPage, withTls } from './page.ts'
import { adminProblem } from '../../problem.ts'
import { faulty, refused, unknownHere } from '../../refused.ts'
import { record, text, word } from '../../schemas.ts'
import type { UpstreamCall, UpstreamCallFailure } from '../../front-end.ts'
import type { Used } from '../../../upstream-tls/page-types.ts'
import type { Office } from '../../context.ts'

const WHOSE = ['draft', 'applied'] as const
type Whose = (typeof WHOSE)[number]

const report = Type.Unsafe<unknown>({
  type: 'object',
  description: 'As `tfe upstream test --json` and `tfe upstream scan --json` print it.',
})

/** Adds the calls. */
export function upstreamCalls(app: FastifyInstance, office: Office): void {
  const { serving } = office
  const kinds = [
    [
      'test',
      'Connect once to each server, and say what was agreed on, what was shown and what failed.',
      (ask: UpstreamCall) => serving.testUpstream(ask),
    ],
    [
      'scan',
      'Find out what each server accepts, by handshakes alone.',
      (ask: UpstreamCall) => serving.scanUpstream(ask),
    ],
  ] as const
  for (const [verb, summary, call] of kinds) {
    define(
      app,
      {
        method: 'POST',
        path: `/api/upstreams/:name/${verb}`,
        role: 'operator',
        tag: 'outgoing',
        summary,
        params: record({ name: text(200) }),
        body: record({
          server: Type.Optional(text(300, 'That server alone.')),
          settings: Type.Optional(
            word(
              WHOSE,
              'With what is drafted on the page, or with what is applied. Left out: the draft, where it says something else.',
            ),
          ),
        }),
        answer: record({
          settings: word(WHOSE, 'What the servers were called with.'),
          reports: Type.Array(report),
        }),
        fails: [404, 409, 422],
      },
      async ({ params, body, request }) => {
        const called = await settingsOf(office, params.name, body.settings)
        if (!called.ok) return called
        const { settings, used } = called.value
        // A server that swallows every handshake makes a scan wait for each of them.
        request.raw.socket.setTimeout(CALLING_MS)
        const found = await call({ upstream: params.name, server: body.server, used })
        return found.ok
          ? ok({ body: { settings, reports: [...found.value] } })
          : notCalled(params.name, found.failure)
      },
    )
  }
}

interface Called {
  readonly settings: Whose
  /** Undefined: what is in force. */
  readonly used: Used | undefined
}

async function settingsOf(
  office: Office,
  name: string,
  wanted: Whose | undefined,
): Promise<Result<Called, CallFailure>> {
  const upstream = withTls(office, name)
  // What is in force can be called while the store is away.
  if (wanted === 'applied' || (upstream === undefined && wanted === undefined)) {
    return ok({ settings: 'applied', used: undefined })
  }
  if (upstream === undefined) return unknownHere('upstream with TLS', name)
  const opened = await openedPage(office, upstream)
  if (!opened.ok) return opened
  const { page, rules } = opened.value
  if (wanted === undefined && !differs(page, rules)) {
    return ok({ settings: 'applied', used: undefined })
  }
  const used = drafted(page, rules)
  if (used.ok) return ok({ settings: 'draft', used: used.value })
  return refused(used.failure.map((fault) => ({ code: fault.kind, ...explainPage(fault) })))
}

function notCalled(
  upstream: string,
  why: UpstreamCallFailure,
): { readonly ok: false; readonly failure: CallFailure } {
  switch (why.kind) {
    case 'unknown':
      return unknownHere('upstream with that server', upstream)
    case 'without-tls':
      return unknownHere('upstream with TLS', upstream)
    case 'unusable':
      return faulty(why.faults, 'these settings')
    case 'under-way':
      return fail({
        kind: 'problem',
        problem: adminProblem({
          status: 409,
          code: 'call-under-way',
          detail: `a test or a scan of ${upstream} is under way`,
          nextStep: 'wait for its answer: two at once would tell of each other',
        }),
      })
    default:
      return unreachable(why)
  }
}

/** Above what any of them takes: a test the longest `connect`, two minutes; a scan its own bound. */
const CALLING_MS = 180_000
