/**
 * The request pipeline: every request takes these steps in this order, and every request is recorded.
 *
 *   accept → handshake → identify → decide → forward → record
 *
 * One snapshot and one reading of the clock for the whole request: it sees one configuration.
 */
import { decide, timelinessOfPeer, vouchedFor, type Ask } from '../decide/decide.ts'
import type { Exchange, Outcome } from '../forward/exchange/exchange.ts'
import { forward } from '../forward/exchange/forward.ts'
import { refuse } from '../forward/exchange/refuse.ts'
import type { DeviceExchange } from '../http1/device-exchange.ts'
import { firstFieldValue, type RequestMessage } from '../http1/message.ts'
import type { PeerCache } from '../identify/peer.ts'
import type { Clock } from '../kernel/ports.ts'
import type { Instant } from '../kernel/types.ts'
import { reportedId } from '../message/reported-id.ts'
import { absoluteForm } from '../message/target.ts'
import { routeOf, type NoRoute } from '../message/route.ts'
import type { Connection } from './connection.ts'
import { destinationFor, type Admitted } from './destination.ts'
import {
  requestEvent,
  type RequestOutcome,
  type ForwardedIdentity,
  type Verdict,
} from './request-event.ts'
import { readRequestHead, type RequestHead } from './request-head.ts'
import { requestAsk } from '../state/ask.ts'
import { throttleLegacyOAuth, type LegacyOAuthThrottle } from './oauth-throttle.ts'
import { explainRejection, type Rejection } from './rejection.ts'
import type { RequestEvent } from '../record/event.ts'
import type { Snapshot } from '../state/snapshot.ts'
import type { Listener } from '../config/listener/types.ts'
import type { RouteRow } from '../config/routes/types.ts'

/** What the pipeline needs from the process. */
export interface PipelineDeps {
  readonly clock: Clock
  readonly peerCache: PeerCache
  /** How often the legacy OAuth endpoint was asked, and by whom. */
  readonly oauthThrottle: LegacyOAuthThrottle
  snapshot(): Snapshot
  /** Whether answers should end their connections. */
  draining(): boolean
  /** A device was held to a session that says less of it than a new one would: its tickets must not serve again. */
  onStaleSession(): void
  record(connection: Connection, event: RequestEvent, judged: JudgedAt): void
}

/** When and where a request was judged: one with a long body is written down when it is over. */
export interface JudgedAt {
  readonly now: Instant
  /** Whether its row is marked sensitive. */
  readonly sensitive: boolean
}

/** Handles one request from its head to its record. */
export async function handleRequest(
  device: DeviceExchange,
  connection: Connection,
  deps: PipelineDeps,
): Promise<void> {
  const startedAt = performance.now()
  const { request } = device
  const number = (connection.requests += 1)
  const snapshot = deps.snapshot()
  const now = deps.clock.now()
  const reference = (): string => connection.reference(number)
  const limits = snapshot.listeners.get(connection.listener)?.compiled.config.limits
  const last = deps.draining() || number >= (limits?.requestsPerConnection ?? 0)
  const exchange: Exchange = { device, last, reference }
  const userAgent = firstFieldValue(request.fields, 'user-agent')
  const judged = judge(request, userAgent, { connection, snapshot, deps, now })
  const outcome = await respond(judged, exchange, { connection, deps })
  const facts = {
    method: request.method,
    path: pathOf(absoluteForm(request.target)?.origin ?? request.target),
    host: firstFieldValue(request.fields, 'host'),
    reference: reference(),
    userAgent,
    snapshot: snapshot.version,
    durationMs: performance.now() - startedAt,
    ending: connection.ending,
  }
  const { verdict } = judged
  const sensitive = verdict.kind === 'judged' && verdict.route.sensitive
  deps.record(connection, requestEvent(facts, verdict, outcome), { now, sensitive })
}

/** A verdict, and what carrying it out needs. */
type JudgedRequest =
  | { readonly kind: 'rejected'; readonly verdict: Verdict & { readonly kind: 'rejected' } }
  | { readonly kind: 'refused'; readonly verdict: Verdict; readonly close: boolean }
  | {
      readonly kind: 'admitted'
      readonly verdict: Verdict
      readonly admitted: Admitted
      readonly ask: Ask
      readonly snapshot: Snapshot
      readonly listener: Listener
    }

/** Rejects a request before its device is identified. */
function rejected(why: Rejection): JudgedRequest {
  return { kind: 'rejected', verdict: { kind: 'rejected', facts: explainRejection(why) } }
}

interface RequestContext {
  readonly connection: Connection
  readonly snapshot: Snapshot
  readonly deps: PipelineDeps
  readonly now: Instant
}

function judge(
  request: RequestMessage,
  userAgent: string | undefined,
  { connection, snapshot, deps, now }: RequestContext,
): JudgedRequest {
  const listener = snapshot.listeners.get(connection.listener)
  // A reload took the listener away; its open connections end with their next request.
  if (listener === undefined) return rejected({ kind: 'listener-gone' })
  const head = readRequestHead(request, connection, listener)
  if (!head.ok) return rejected(head.failure)
  const { table, config } = listener.compiled
  const met = routeOf(table, request.method, head.value.target)
  if (!met.ok) return rejected(noRouteRejection(met.failure))
  const route = met.value
  const peer = connection.peer(deps.peerCache, snapshot.judge)
  const { policy } = snapshot.compiled
  const { remote } = connection
  const caller = { peer, remote, listener: config, userAgent }
  const ask = requestAsk(route, caller, snapshot.compiled.config)
  const decision = decide(ask, policy, now)
  const timeliness = timelinessOfPeer(peer, policy, now)
  const reported = reportedBy(route, head.value, request)
  const verdict: Verdict = { kind: 'judged', decision, route, timeliness, reported }
  if (decision.kind === 'refuse') {
    const close = connection.needsFullHandshake(decision.why)
    if (close) deps.onStaleSession()
    return { kind: 'refused', verdict, close }
  }
  // It may have become fit since it connected: its CA was trusted, its device approved, its certificate valid.
  if (vouchedFor(decision) !== undefined) connection.vouch()
  const admitted = { decision, route, head: head.value }
  return { kind: 'admitted', verdict, admitted, ask, snapshot, listener: config }
}

const noRouteRejection = (why: NoRoute): Rejection =>
  why.kind === 'route-unknown'
    ? { kind: 'route-unknown' }
    : { kind: 'target', fault: { kind: 'look-alike' } }

/** Returns what the device calls itself, where the row says in which place. */
const reportedBy = (
  { reports }: RouteRow,
  { target: { query } }: RequestHead,
  { fields }: RequestMessage,
): string | undefined => reports && reportedId(reports, { query, rawHeaders: fields })

async function respond(
  judged: JudgedRequest,
  exchange: Exchange,
  { connection, deps }: Pick<RequestContext, 'connection' | 'deps'>,
): Promise<RequestOutcome> {
  switch (judged.kind) {
    case 'rejected':
      return sendRefusal(exchange, judged.verdict.facts.status, judged.verdict.facts.close)
    case 'refused':
      return sendRefusal(exchange, FORBIDDEN, judged.close)
    case 'admitted':
      break
  }
  const { admitted, ask, snapshot, listener } = judged
  const context = { snapshot, connection, listener }
  const { destination, identity } = destinationFor(admitted, exchange.device.request, context)
  const next = (): Promise<Outcome> => forward(admitted.decision, exchange, destination)
  connection.activeAsk = ask
  try {
    if (admitted.route.class !== 'legacy-oauth') return { ...(await next()), identity }
    const rules = snapshot.compiled.config.legacyOAuth
    const ended = await throttleLegacyOAuth(
      exchange,
      { oauthThrottle: deps.oauthThrottle, rules, connection },
      next,
    )
    return { ...ended, identity: ended.throttled.refusal === undefined ? identity : NO_IDENTITY }
  } finally {
    connection.activeAsk = undefined
  }
}

async function sendRefusal(
  exchange: Exchange,
  status: number,
  close: boolean,
): Promise<RequestOutcome> {
  return { ...(await refuse(exchange, { status, fields: [], close })), identity: NO_IDENTITY }
}

/** Queries are where applications put secrets; the record does without. */
function pathOf(target: string): string {
  const question = target.indexOf('?')
  return (question === -1 ? target : target.slice(0, question)).slice(0, MAX_PATH)
}

/** A refused request reaches no upstream. */
const NO_IDENTITY: ForwardedIdentity = { verify: 'NONE', withheld: 'nothing' }
/** What a device that is refused sees, whatever the reason. */
export const FORBIDDEN = 403
/** Enough to recognise any honest path; a longer one only fills the log. */
const MAX_PATH = 512
