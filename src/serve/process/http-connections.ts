/**
 * Handles the events of one HTTP listener: identifies a connection when it opens, passes its requests to the request
 * pipeline, and records it when it closes.
 */
import type { RequestHandler } from '../../accept/http-connection.ts'
import type { HttpHandlers } from '../../accept/http-head.ts'
import { fieldLines } from '../../http1/head-text.ts'
import { HSTS, hstsField, type HstsPolicy } from '../../message/hsts.ts'
import { unparsableStatus, type Unparsable } from '../../accept/unparsable.ts'
import { explain } from '../../decide/explain-refusal.ts'
import type { DeviceExchange } from '../../http1/device-exchange.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { handleRequest, type JudgedAt, type PipelineDeps } from '../../pipeline/pipeline.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { refusedConnection, refusedRequest } from '../../pipeline/kept-refusal.ts'
import { closedTo, isVouchedFor } from '../../state/ask.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import type { RequestEvent } from '../../record/event.ts'
import {
  accessLogOf,
  addExpirySighting,
  addObservation,
  commonHandlers,
  openConnection,
  type ConnectionHandlerDeps,
} from './connections.ts'

/** Returns the handlers of one HTTP listener. */
export function httpHandlers(listener: string, deps: ConnectionHandlerDeps): HttpHandlers {
  const pipeline: PipelineDeps = {
    ...deps,
    record: (connection, event, judged) => record(connection, event, judged, deps),
  }
  const requestDeps = { deps, pipeline, recorded: (): void => deps.inFlight.end() }
  const ended = (closed: Connection): void => recordEnd(closed, deps)
  return {
    ...commonHandlers(listener, deps),
    hstsLine: hstsLineOf(() => deps.snapshot().listeners.get(listener)?.compiled.config.hsts),
    connected(socket, accepted, http) {
      const connection = openConnection({ socket, accepted, http }, listener, deps, ended)
      const mayAsk = isAnyRowOpen(connection, deps)
      if (mayAsk && isFit(connection, deps)) connection.vouch()
      addExpirySighting(connection.peer(deps.peerCache, deps.snapshot().judge), deps)
      return mayAsk ? new ConnectionRequests(connection, requestDeps) : undefined
    },
  }
}

/** Follows what the listener says; the line is written once for each policy. */
function hstsLineOf(policy: () => HstsPolicy | undefined): () => string {
  let said: HstsPolicy | undefined
  let line = ''
  return () => {
    const now = policy()
    if (now === said) return line
    said = now
    line = now === undefined ? '' : fieldLines([HSTS, hstsField(now)])
    return line
  }
}

/** What the requests of all connections of a listener need. */
interface RequestDeps {
  readonly deps: ConnectionHandlerDeps
  readonly pipeline: PipelineDeps
  readonly recorded: () => void
}

/** The requests of one connection: an object, because a closure for each of its methods would be held as long as it lives. */
class ConnectionRequests implements RequestHandler {
  readonly #connection: Connection
  readonly #requestDeps: RequestDeps

  constructor(connection: Connection, requestDeps: RequestDeps) {
    this.#connection = connection
    this.#requestDeps = requestDeps
  }

  request(device: DeviceExchange): void {
    const { deps, pipeline, recorded } = this.#requestDeps
    deps.inFlight.begin()
    handleRequest(device, this.#connection, pipeline).then(recorded, (error: unknown) => {
      recorded()
      this.bug(error)
    })
  }

  unparsable(fault: Unparsable): string {
    const connection = this.#connection
    this.#requestDeps.deps.metrics.unparsable(connection.listener, fault)
    const reference = connection.reference(connection.requests + 1)
    // While an answer is under way, or after it, there is none for what is not understood.
    const status = connection.isAnswering ? undefined : unparsableStatus(fault)
    const told = { status, reference: status === undefined ? undefined : reference }
    connection.ending = { outcome: 'refused', ...explainUnparsable(fault), ...told }
    return reference
  }

  /** A bug of ours: the connection is lost, and the operator gets the trace. */
  bug(error: unknown): void {
    const { id, socket } = this.#connection
    this.#requestDeps.deps.log.error({ err: error, connection: id }, 'internal error in a request')
    socket.destroy()
  }
}

/** Returns whether HTTP is parsed at all: whether a row could admit this peer. */
function isAnyRowOpen(connection: Connection, deps: ConnectionHandlerDeps): boolean {
  const { compiled, judge, listeners } = deps.snapshot()
  const view = listeners.get(connection.listener)
  if (view === undefined) return false
  if (view.compiled.isClosed) {
    const words = explanationFields(explainRejection({ kind: 'listener-closed' }))
    connection.ending = { outcome: 'closed-before-request', ...words }
    return false
  }
  const peer = connection.peer(deps.peerCache, judge)
  const now = deps.clock.now()
  const { remote } = connection
  const closed = closedTo({ listener: view.compiled, peer, remote }, compiled, now)
  if (closed === undefined) return true
  const { why } = closed
  if (why !== undefined) {
    if (connection.needsFullHandshake(why)) deps.onStaleSession()
    addObservation(connection, { ...UNJUDGED, code: why.kind }, { port: 'https', now }, deps)
  }
  const words = why === undefined ? undefined : explain(why)
  connection.ending = {
    outcome: 'closed-before-request',
    code: why?.kind,
    reason: words?.sentence,
    next_step: words?.nextStep,
  }
  return false
}

/** Whether its certificate is one that a row of the listener asks for. */
function isFit(connection: Connection, deps: ConnectionHandlerDeps): boolean {
  const { compiled, judge, listeners } = deps.snapshot()
  const view = listeners.get(connection.listener)
  if (view === undefined) return false
  const peer = connection.peer(deps.peerCache, judge)
  const { remote } = connection
  return isVouchedFor({ listener: view.compiled, peer, remote }, compiled, deps.clock.now())
}

function record(
  connection: Connection,
  event: RequestEvent,
  judged: JudgedAt,
  deps: ConnectionHandlerDeps,
): void {
  deps.metrics.request(connection.listener, event)
  if (deps.snapshot().compiled.config.log.requests) accessLogOf(connection, deps).request(event)
  // Not now: what it met since, on another connection, is the newer word on the device.
  addObservation(connection, event, { port: 'https', ...judged }, deps)
  const { policy } = deps.snapshot().compiled
  const refusal = refusedRequest(connection, event, { at: judged.now, policy })
  if (refusal !== undefined) deps.keepRefusal(refusal)
}

function recordEnd(connection: Connection, deps: ConnectionHandlerDeps): void {
  const event = {
    outcome: 'served',
    code: undefined,
    reason: undefined,
    next_step: undefined,
    reference: undefined,
    status: undefined,
    ...connection.ending,
    requests: connection.requests,
    duration_ms: connection.durationMs,
  } as const
  deps.metrics.closed(connection.listener, event)
  const { config, policy } = deps.snapshot().compiled
  if (config.log.connections) accessLogOf(connection, deps).closed(event)
  const refusal = refusedConnection(connection, event, { at: deps.clock.now(), policy })
  if (refusal !== undefined) deps.keepRefusal(refusal)
  deps.inFlight.end()
}

/** A connection that is closed before it asks for anything: every row that asks for a certificate would refuse it. */
const UNJUDGED = {
  decision: 'refuse',
  route: undefined,
  route_class: 'device',
  would_refuse: undefined,
  user_agent: undefined,
  reported_id: undefined,
} as const

/** What the log says where something arrived that was no request. */
export const explainUnparsable = (fault: Unparsable) => ({
  code: `unparsable-${fault}`,
  reason: UNPARSABLE_TEXT[fault],
  next_step: 'check which client uses this port: it does not speak HTTP/1.1 correctly',
})

const UNPARSABLE_TEXT: Readonly<Record<Unparsable, string>> = {
  body: 'a request body was not framed as it should be',
  connect: 'the device asked for a tunnel to another host',
  'header-timeout': 'a header section took longer than `limits.headers`',
  'header-too-large': 'a header section was larger than `limits.headerBytes`',
  malformed: 'what arrived was not an HTTP/1.1 request',
  unfinished: 'the device ended the connection in the middle of a request',
}
