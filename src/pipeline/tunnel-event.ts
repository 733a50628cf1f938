/** One relayed connection → one event. */
import type { Ask, Decision } from '../decide/decide.ts'
import { explainRelay } from '../forward/tunnel/relay-failure.ts'
import { isoText, type Instant } from '../kernel/types.ts'
import type { ConnectionEvent } from '../record/event.ts'
import type { TunnelEvent } from '../record/tunnel-event.ts'
import { decisionFields, explainDecision, MAX_REASON, refusalFields } from './decision-fields.ts'
import type { RejectionFacts } from './rejection.ts'
import type { RelayOutcome } from '../forward/tunnel/relay.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What became of a connection before any octet passed. */
export type TunnelVerdict =
  | { readonly kind: 'closed'; readonly facts: RejectionFacts }
  | {
      readonly kind: 'judged'
      readonly ask: Ask
      readonly decision: Decision
      /** What the upstream is told ahead of what the device sends; undefined where it is told nothing. */
      readonly header: Buffer | undefined
      readonly timeliness: TunnelEvent['timeliness']
    }

/** What passed, and what the upstream was told. */
export interface TunnelOutcome extends RelayOutcome {
  readonly forwarded: TunnelEvent['proxy_header']
}

/** What is true of a connection however it ended. */
export interface TunnelFacts {
  readonly openedAt: number
  readonly upstream: string | undefined
  readonly durationMs: number
  readonly snapshot: number
  /** Why we closed it, if we did. */
  readonly ending: Pick<ConnectionEvent, 'code' | 'reason' | 'next_step'> | undefined
}

/** Makes the event of a connection that is over; without an outcome nothing was relayed. */
export function tunnelEvent(
  { openedAt, upstream, durationMs, snapshot, ending }: TunnelFacts,
  verdict: TunnelVerdict,
  outcome: TunnelOutcome | undefined,
): TunnelEvent {
  const failure = ending === undefined ? outcome?.failure : undefined
  const explanation = ending ?? explanationOf(verdict, failure, upstream ?? '')
  return {
    outcome: outcomeOf(failure, outcome, ending),
    ...verdictFields(verdict),
    ...(ending?.code === undefined ? {} : { code: ending.code }),
    upstream: outcome === undefined ? undefined : upstream,
    server: outcome?.server,
    proxy_header: outcome?.forwarded ?? 'nothing',
    failure: failure?.kind,
    reason: explanation?.reason?.slice(0, MAX_REASON),
    next_step: explanation?.next_step,
    bytes_in: outcome?.bytesIn ?? 0,
    bytes_out: outcome?.bytesOut ?? 0,
    opened_at: isoText(openedAt as Instant),
    duration_ms: Math.round(durationMs),
    connect_ms: outcome?.connectMs,
    snapshot,
  }
}

type Failure = TunnelOutcome['failure']

function outcomeOf(
  failure: Failure,
  outcome: TunnelOutcome | undefined,
  ending: TunnelFacts['ending'],
): TunnelEvent['outcome'] {
  if (outcome === undefined) return 'refused'
  if (ending !== undefined) return 'ended'
  if (failure === undefined) return 'relayed'
  return failure.kind === 'relay-device-gone' ? 'aborted' : 'failed'
}

type VerdictFields = Pick<
  TunnelEvent,
  'decision' | 'code' | 'would_refuse' | 'route_class' | 'timeliness' | 'findings'
>

/** Returns what the record and the sightings say of a verdict. */
export function verdictFields(verdict: TunnelVerdict): VerdictFields {
  if (verdict.kind === 'closed') {
    return { route_class: 'none', timeliness: undefined, ...refusalFields(verdict.facts.code) }
  }
  const { ask, decision, timeliness } = verdict
  return { route_class: ask.route, timeliness, ...decisionFields(decision) }
}

function explanationOf(
  verdict: TunnelVerdict,
  failure: Failure,
  upstream: string,
): { readonly reason: string; readonly next_step: string } | undefined {
  const explanation = ((): Explanation | undefined => {
    if (failure !== undefined) return explainRelay(failure, upstream)
    if (verdict.kind === 'closed') return verdict.facts
    return explainDecision(verdict.decision)
  })()
  return explanation && { reason: explanation.sentence, next_step: explanation.nextStep }
}
