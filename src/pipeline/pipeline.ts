/**
 * The corridor: every request walks it in this order, and every request leaves by the same door.
 *
 *   accept → handshake → identify → decide → forward → record
 *
 * One snapshot and one reading of the clock for the whole walk: a request sees one world.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ListenerLimits, RouteRow } from '../config/config.ts'
import { decide, timelinessOfPeer, type Ask } from '../decide/decide.ts'
import type { Exchange, Outcome } from '../forward/exchange/exchange.ts'
import { forward } from '../forward/exchange/forward.ts'
import { refuse } from '../forward/exchange/refuse.ts'
import type { Recognition } from '../identify/peer.ts'
import type { Clock } from '../kernel/ports.ts'
import type { Instant } from '../kernel/types.ts'
import { agentRuleText, ruleFor } from '../message/agent.ts'
import { reportedId } from '../message/reported-id.ts'
import { findRoute } from '../message/route.ts'
import type { Connection } from './connection.ts'
import { destinationFor, type Admitted } from './destination.ts'
import { entry, type Ended, type Told, type Verdict } from './request-event.ts'
import { readHead, type Head } from './request-head.ts'
import { originOf } from './origin.ts'
import { underWatch, type LegacyWatch } from './oauth-throttle.ts'
import { AFTER_CLOSE, beforeItsTurn, isLast, turnedAway, type AtTheDoor } from './request-order.ts'
import { NO_ANSWER } from './rejection.ts'
import type { RequestEvent } from '../record/event.ts'
import type { Snapshot } from '../state/snapshot.ts'

/** What the corridor borrows from the house. */
export interface CorridorDeps {
  readonly clock: Clock
  readonly recognition: Recognition
  /** How often the legacy OAuth endpoint was asked, and by whom. */
  readonly legacy: LegacyWatch
  snapshot(): Snapshot
  /** Whether answers should end their connections. */
  draining(): boolean
  /** A device was held to a session that says less of it than a new one would. */
  lockedOut(): void
  /** `judgedAt`: a request with a long body is written down when it is over. */
  record(connection: Connection, event: RequestEvent, judgedAt: Instant): void
}

/** A request as the listener hands it over. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly expectsContinue: boolean
}

/** Walks one request from its head to its record. */
export async function handle(
  arrival: Arrival,
  connection: Connection,
  deps: CorridorDeps,
): Promise<void> {
  const startedAt = performance.now()
  const { request } = arrival
  const number = (connection.requests += 1)
  const early = beforeItsTurn(arrival, number, connection)
  const turn = early === undefined ? connection.turnOf(arrival) : undefined
  if (turn !== undefined) await turn
  const snapshot = deps.snapshot()
  const now = deps.clock.now()
  const reference = (): string => connection.reference(number)
  const last = deps.draining() || isLast(request, number, limitsOf(connection, snapshot))
  const exchange: Exchange = { ...arrival, last, reference }
  const judged = early ?? judge(request, number, { connection, snapshot, deps, now })
  if (last || closes(judged)) connection.last = Math.min(connection.last, number)
  const outcome = await carryOut(judged, exchange, { connection, deps })
  connection.answered(arrival)
  const walk = {
    method: request.method ?? '',
    path: pathOf(request.url ?? ''),
    host: request.headers.host,
    reference: reference(),
    userAgent: request.headers['user-agent'],
    snapshot: snapshot.version,
    durationMs: performance.now() - startedAt,
  }
  deps.record(connection, entry(walk, judged.verdict, outcome), now)
}

/** A verdict, and what carrying it out needs. */
type Judged =
  | AtTheDoor
  | { readonly kind: 'refused'; readonly verdict: Verdict; readonly close: boolean }
  | {
      readonly kind: 'admitted'
      readonly verdict: Verdict
      readonly admitted: Admitted
      readonly ask: Ask
      readonly snapshot: Snapshot
      readonly limits: ListenerLimits
    }

interface World {
  readonly connection: Connection
  readonly snapshot: Snapshot
  readonly deps: CorridorDeps
  readonly now: Instant
}

function judge(
  request: IncomingMessage,
  number: number,
  { connection, snapshot, deps, now }: World,
): Judged {
  const listener = snapshot.listeners.get(connection.listener)
  if (number > connection.last) return AFTER_CLOSE
  // A reload took the listener away; its open connections end with their next request.
  if (listener === undefined) return turnedAway({ kind: 'listener-gone' })
  const head = readHead(request, connection, listener)
  if (!head.ok) return turnedAway(head.failure)
  const { table, config } = listener.world
  const route = findRoute(table, request.method ?? '', head.value.target.path)
  if (route === undefined) return turnedAway({ kind: 'route-unknown' })
  const peer = connection.peer(deps.recognition, snapshot.judge)
  const { policy } = snapshot.world
  const withoutGrace = graceRule(route, request, snapshot)
  const { class: kind, match, networks, sensitive, endpoint } = route
  const access = networks === undefined ? undefined : { address: connection.remote, networks }
  const origin = sensitive ? originOf(connection, snapshot.world.config.approval) : undefined
  const ask = { peer, route: kind, match, withoutGrace, access, sensitive, origin, endpoint }
  const decision = decide(ask, policy, now)
  const timeliness = timelinessOfPeer(peer, policy, now)
  const reported = reportedBy(route, head.value, request)
  const verdict: Verdict = { kind: 'judged', decision, route, timeliness, reported }
  if (decision.kind === 'refuse') {
    const close = connection.isHeldBack(decision.why)
    if (close) deps.lockedOut()
    return { kind: 'refused', verdict, close }
  }
  const admitted = { decision, route, head: head.value }
  return { kind: 'admitted', verdict, admitted, ask, snapshot, limits: config.limits }
}

/** Few rows say where. */
const reportedBy = (
  { reports }: RouteRow,
  { target: { query } }: Head,
  { rawHeaders }: IncomingMessage,
): string | undefined => reports && reportedId(reports, { query, rawHeaders })

/** What a client says of itself takes grace away and gives nothing (decision 6); elsewhere nobody asks. */
function graceRule(
  route: RouteRow,
  { headers }: IncomingMessage,
  { world }: Snapshot,
): string | undefined {
  if (route.class !== 'renewal') return undefined
  const rule = ruleFor(headers['user-agent'], world.config.withoutGrace)
  return rule === undefined ? undefined : agentRuleText(rule)
}

function closes(judged: Judged): boolean {
  if (judged.kind === 'turned-away') return judged.verdict.facts.close
  return judged.kind === 'refused' && judged.close
}

const limitsOf = ({ listener }: Connection, { listeners }: Snapshot): ListenerLimits | undefined =>
  listeners.get(listener)?.world.config.limits

async function carryOut(
  judged: Judged,
  exchange: Exchange,
  { connection, deps }: Pick<World, 'connection' | 'deps'>,
): Promise<Ended> {
  switch (judged.kind) {
    case 'turned-away':
      if (judged.verdict.facts.status === NO_ANSWER) return UNANSWERED
      return answer(exchange, judged.verdict.facts.status, judged.verdict.facts.close)
    case 'refused':
      return answer(exchange, FORBIDDEN, judged.close)
    case 'admitted':
      break
  }
  const { admitted, ask, snapshot, limits } = judged
  const surroundings = { snapshot, connection, limits }
  const { destination, told } = destinationFor(admitted, exchange.request, surroundings)
  const go = (): Promise<Outcome> => forward(admitted.decision, exchange, destination)
  connection.underWay.push(ask)
  try {
    if (admitted.route.class !== 'legacy-oauth') return { ...(await go()), told }
    const rules = snapshot.world.config.legacyOAuth
    const ended = await underWatch(exchange, { watch: deps.legacy, rules, connection }, go)
    return { ...ended, told: ended.watched.held === undefined ? told : NOTHING }
  } finally {
    connection.underWay.splice(connection.underWay.indexOf(ask), 1)
  }
}

async function answer(exchange: Exchange, status: number, close: boolean): Promise<Ended> {
  return { ...(await refuse(exchange, { status, fields: [], close })), told: NOTHING }
}

/** Queries are where applications put secrets; the record does without. */
function pathOf(target: string): string {
  const question = target.indexOf('?')
  return (question === -1 ? target : target.slice(0, question)).slice(0, MAX_PATH)
}

/** A refused request reaches no upstream. */
const NOTHING: Told = { verify: 'NONE', withheld: 'nothing' }
/** What a device that is refused sees, whatever the reason. */
export const FORBIDDEN = 403
const UNANSWERED: Ended = {
  status: undefined,
  bytesIn: 0,
  bytesOut: 0,
  connectMs: undefined,
  firstByteMs: undefined,
  server: undefined,
  retried: false,
  failure: undefined,
  told: NOTHING,
}
/** Enough to recognise any honest path; a line of the record is not a place for a novel. */
const MAX_PATH = 512
