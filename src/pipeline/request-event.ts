/**
 * One request → one event. Whatever happened, the record has the same shape; an explanation is written for refusals and
 * failures only.
 */
import type { Decision } from '../decide/decide.ts'
import type { Timeliness } from '../decide/timeliness.ts'
import { explainUpstream } from '../forward/upstream-failure.ts'
import type { Outcome } from '../forward/exchange/exchange.ts'
import type { ConnectionEvent, RequestEvent } from '../record/event.ts'
import { explainThrottle } from '../throttle/throttle-refusal.ts'
import { decisionFields, explainDecision, MAX_REASON, refusalFields } from './decision-fields.ts'
import type { RejectionFacts } from './rejection.ts'
import type { ThrottleResult } from './oauth-throttle.ts'
import type { Explanation } from '../kernel/explanation.ts'
import type { RouteRow } from '../config/routes/types.ts'

/** How far a request came. */
export type Verdict =
  | { readonly kind: 'rejected'; readonly facts: RejectionFacts }
  | {
      readonly kind: 'judged'
      readonly decision: Decision
      readonly route: RouteRow
      readonly timeliness: Timeliness | undefined
      /** What the device calls itself. */
      readonly reported: string | undefined
    }

/** What is true of a request however it ended. */
export interface RequestFacts {
  readonly method: string
  readonly path: string
  readonly host: string | undefined
  readonly reference: string
  readonly userAgent: string | undefined
  readonly snapshot: number
  readonly durationMs: number
  /** Why we closed its connection, if we did. */
  readonly ending: Pick<ConnectionEvent, 'reason' | 'next_step'> | undefined
}

/** How a request ended, and what its upstream was told about the device. */
export interface RequestOutcome extends Outcome {
  readonly identity: ForwardedIdentity
  /** Of requests to the legacy OAuth endpoint that were admitted. */
  readonly throttled?: ThrottleResult
}

export interface ForwardedIdentity {
  readonly verify: string
  readonly withheld: string
}

/** Makes the event of a request that is over. */
export function requestEvent(
  facts: RequestFacts,
  verdict: Verdict,
  outcome: RequestOutcome,
): RequestEvent {
  const { identity, throttled, status, firstByteMs } = outcome
  const held = throttled?.refusal
  const explanation = held === undefined ? explanationOf(verdict, outcome) : explainThrottle(held)
  // In recording there is an explanation, and the device reads the answer of the upstream.
  // A device that we closed the connection of did not go by itself.
  const { failure } = outcome
  const isGone = failure?.kind === 'device-gone' && failure.how === 'closed'
  const cut = isGone ? facts.ending : undefined
  const isTold = held !== undefined || failure !== undefined || isTurnedAway(verdict)
  return {
    method: facts.method,
    path: facts.path,
    host: facts.host?.slice(0, MAX_HOST),
    ...verdictFields(verdict),
    // Admitted by `decide`, and yet held back by the throttle.
    ...(held && ({ decision: 'refuse', code: held.kind, upstream: undefined } as const)),
    account_hash: throttled?.account,
    verify: identity.verify,
    withheld: identity.withheld === 'nothing' ? undefined : identity.withheld,
    server: outcome.server,
    retried: outcome.retried ? true : undefined,
    status: status ?? 0,
    failure: failure?.kind,
    reason: (cut?.reason ?? explanation?.sentence)?.slice(0, MAX_REASON),
    next_step: cut === undefined ? explanation?.nextStep : cut.next_step,
    // Only what the device was told can be asked about.
    reference: isTold && status !== undefined ? facts.reference : undefined,
    bytes_in: outcome.bytesIn,
    bytes_out: outcome.bytesOut,
    duration_ms: tenths(facts.durationMs),
    upstream_ms: firstByteMs === undefined ? undefined : tenths(firstByteMs),
    user_agent: facts.userAgent?.slice(0, MAX_USER_AGENT),
    reported_id: verdict.kind === 'judged' ? verdict.reported : undefined,
    snapshot: facts.snapshot,
  }
}

const isTurnedAway = (verdict: Verdict): boolean =>
  verdict.kind === 'rejected' || verdict.decision.kind === 'refuse'

function verdictFields(verdict: Verdict) {
  if (verdict.kind === 'rejected') return { ...NO_ROUTE, ...refusalFields(verdict.facts.code) }
  const { decision, route, timeliness } = verdict
  return {
    route: route.id,
    route_class: route.class,
    timeliness,
    ...decisionFields(decision),
    upstream: decision.kind === 'refuse' ? undefined : route.upstream,
  }
}

function explanationOf(verdict: Verdict, { failure }: Outcome): Explanation | undefined {
  if (verdict.kind === 'rejected') return verdict.facts
  const { decision, route } = verdict
  if (decision.kind !== 'refuse' && failure !== undefined) {
    return explainUpstream(failure, route.upstream ?? '')
  }
  return explainDecision(decision)
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10

const NO_ROUTE = {
  route: undefined,
  route_class: 'none',
  timeliness: undefined,
  upstream: undefined,
} as const

/** A DNS name, a colon, five digits; what is longer was refused for it. */
const MAX_HOST = 259
/** A label for people; agents that send more are not telling us anything. */
const MAX_USER_AGENT = 200
