/**
 * Handles the events of one HTTP listener: identifies a connection when it opens, passes its requests to the request
 * pipeline, and records it when it closes.
 */
import type { TLSSocket } from 'node:tls'
import type { ListenerHandlers } from '../../accept/listener.ts'
import {
  unparsableStatus,
  type Unparsable,
  type UnparsableAction,
} from '../../accept/unparsable.ts'
import { explain } from '../../decide/explain-refusal.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { handleRequest, type JudgedAt, type PipelineDeps } from '../../pipeline/pipeline.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { refusedConnection, refusedRequest } from '../../pipeline/kept-refusal.ts'
import { closedTo } from '../../state/ask.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import type { ConnectionEvent, RequestEvent } from '../../record/event.ts'
import {
  accessLogOf,
  addExpirySighting,
  addObservation,
  commonHandlers,
  openConnection,
  type ConnectionHandlerDeps,
} from './connections.ts'

/** Returns the handlers of one HTTP listener. */
export function httpHandlers(listener: string, deps: ConnectionHandlerDeps): ListenerHandlers {
  const { inFlight, log, metrics, peerCache } = deps
  const bySocket = new WeakMap<TLSSocket, Connection>()
  const pipeline: PipelineDeps = {
    ...deps,
    record: (connection, event, judged) => record(connection, event, judged, deps),
  }
  return {
    ...commonHandlers(listener, deps),
    connected(socket, addresses) {
      const connection = openConnection({ socket, addresses }, listener, deps, (closed) => {
        // What a weak map holds outlives its key in the young generation (docs/design-notes.md, "Speed").
        bySocket.delete(socket)
        recordEnd(closed, deps)
      })
      bySocket.set(socket, connection)
      socket.once('end', () => closeSilently(connection))
      const mayAsk = isAnyRowOpen(connection, deps)
      addExpirySighting(connection.peer(peerCache, deps.snapshot().judge), deps)
      return mayAsk
    },
    request(request, response, expectsContinue) {
      const connection = bySocket.get(request.socket as TLSSocket)
      // Every socket that speaks HTTP has been through `connected`.
      if (connection === undefined) {
        request.socket.destroy()
        return
      }
      inFlight.begin()
      handleRequest({ request, response, expectsContinue }, connection, pipeline).then(
        () => inFlight.end(),
        (error: unknown) => {
          inFlight.end()
          // A bug of ours: the one request is lost, and the operator gets the trace.
          log.error({ err: error, connection: connection.id }, 'internal error in a request')
          request.socket.destroy()
        },
      )
    },
    unparsable(fault, socket) {
      const connection = bySocket.get(socket)
      if (connection === undefined || fault === 'connection') return BREAK
      const action = unparsableAction(connection, fault)
      // While answers are under way, the parser says again and again what it said before.
      if (connection.ending === undefined) {
        metrics.unparsable(listener, fault)
        const told = toldBy(action, fault)
        connection.ending = { outcome: 'refused', ...explainUnparsable(fault), ...told }
      }
      return action
    },
  }
}

function unparsableAction(connection: Connection, fault: Unparsable): UnparsableAction {
  const { unanswered } = connection
  connection.lastAnswered = Math.min(connection.lastAnswered, connection.requests)
  if (unanswered.size === 0) {
    return { kind: 'answer', reference: connection.reference(connection.requests + 1) }
  }
  // Once the parser has let go of the connection, no code watches it for the answers under way.
  if (fault === 'connect') return BREAK
  // What was wrong came behind whole requests: those are answered. Or it is the body of one of them.
  return [...unanswered].every(({ request }) => request.complete) ? LEAVE : BREAK
}

/** What the device is told, if anything. */
function toldBy(
  action: UnparsableAction,
  fault: Unparsable,
): Pick<ConnectionEvent, 'reference' | 'status'> {
  const status = action.kind === 'answer' ? unparsableStatus(fault) : undefined
  const isTold = action.kind === 'answer' && status !== undefined
  return { reference: isTold ? action.reference : undefined, status }
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
  // Node tells only the response whose turn it is.
  for (const { response } of connection.unanswered) {
    if (response.socket === null && !response.closed) response.destroy().emit('close')
  }
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

/**
 * Closes without a close_notify alert, because the device has closed and no answer is owed to it: the alert would
 * reach no reader, costs a record and two system calls, and is mostly answered by a reset. nginx sends none here, either.
 */
function closeSilently({ socket, unanswered }: Connection): void {
  if (unanswered.size === 0 && socket.writableLength === 0) socket.destroy()
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

const BREAK: UnparsableAction = { kind: 'break' }
const LEAVE: UnparsableAction = { kind: 'leave' }

/** What the log says where something arrived that was no request. */
export const explainUnparsable = (fault: Exclude<Unparsable, 'connection'>) => ({
  code: `unparsable-${fault}`,
  reason: UNPARSABLE_TEXT[fault],
  next_step: 'check which client uses this port: it does not speak HTTP/1.1 correctly',
})

const UNPARSABLE_TEXT: Readonly<Record<Exclude<Unparsable, 'connection'>, string>> = {
  'after-close': 'more arrived after the device had ended the connection itself (RFC 9112 §9.6)',
  body: 'a request body was not framed as it should be',
  connect: 'the device asked for a tunnel to another host',
  'header-timeout': 'a header section took longer than `limits.headers`',
  'header-too-large': 'a header section was larger than `limits.headerBytes`',
  malformed: 'what arrived was not an HTTP/1.1 request',
  unfinished: 'the device ended the connection in the middle of a request',
}
