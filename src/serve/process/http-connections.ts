/**
 * Handles the events of one HTTP listener: identifies a connection when it opens, passes its requests to the request
 * pipeline, and records it when it closes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { ListenerHandlers } from '../../accept/listener.ts'
import type { UnparsableAction, Unparsable } from '../../accept/unparsable.ts'
import { decide, isExpected } from '../../decide/decide.ts'
import { explain } from '../../decide/explain.ts'
import { presentedBy } from '../../identify/presented.ts'
import type { PeerCache } from '../../identify/peer.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { SlotList } from '../../kernel/slot-list.ts'
import type { Clock } from '../../kernel/ports.ts'
import type { Instant } from '../../kernel/types.ts'
import { handleRequest, type PipelineDeps } from '../../pipeline/pipeline.ts'
import { Connection } from '../../pipeline/connection.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import type { LegacyOAuthThrottle } from '../../pipeline/oauth-throttle.ts'
import { observationOf, type ObservedEvent } from '../../pipeline/device-sighting.ts'
import type { RequestEvent } from '../../record/event.ts'
import type { Observation } from '../../record/device-sightings.ts'
import { accessLog, type AccessLog } from '../../record/access-log.ts'
import type { Metrics } from '../../record/metrics.ts'
import type { ExpirySightingBuffer } from '../../record/expiry-sightings.ts'
import type { Snapshot } from '../../state/snapshot.ts'
import { handshakeEvent } from './handshake-event.ts'
import type { InFlight } from './in-flight.ts'

export interface ConnectionHandlerDeps {
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly peerCache: PeerCache
  readonly oauthThrottle: LegacyOAuthThrottle
  /** Every open connection of this process, whatever its listener. */
  readonly connections: SlotList<Connection>
  /** What has begun here and has no line yet. */
  readonly inFlight: Pick<InFlight, 'begin' | 'end'>
  snapshot(): Snapshot
  draining(): boolean
  /** A device was held to a session that says less of it than a new one would: its tickets must not serve again. */
  onStaleSession(): void
  readonly expirySightings: Pick<ExpirySightingBuffer, 'add'>
  /** Passes on what was seen of a device, for the store. */
  observe(observation: Observation): void
}

/** The handlers of one listener. */
export class HttpConnectionHandler implements ListenerHandlers {
  readonly #listener: string
  readonly #deps: ConnectionHandlerDeps
  readonly #bySocket = new WeakMap<TLSSocket, Connection>()
  readonly #pipeline: PipelineDeps

  constructor(listener: string, deps: ConnectionHandlerDeps) {
    this.#listener = listener
    this.#deps = deps
    const { clock, peerCache, oauthThrottle } = deps
    this.#pipeline = {
      clock,
      peerCache,
      oauthThrottle,
      snapshot: () => deps.snapshot(),
      draining: () => deps.draining(),
      onStaleSession: () => deps.onStaleSession(),
      record: (connection, event, judgedAt) => this.#record(connection, event, judgedAt),
    }
  }

  connected(socket: TLSSocket): boolean {
    const { clock, connections, metrics } = this.#deps
    const connection = new Connection(socket, this.#listener, {
      presented: presentedBy(socket),
      now: clock.now(),
    })
    this.#bySocket.set(socket, connection)
    const place = connections.add(connection)
    this.#deps.inFlight.begin()
    metrics.opened(this.#listener)
    socket.once('close', () => {
      connections.remove(place)
      // What a weak map holds outlives its key in the young generation (docs/design-notes.md, "Speed").
      this.#bySocket.delete(socket)
      this.#closed(connection)
    })
    socket.once('end', () => closeSilently(connection))
    const mayAsk = this.#mayAsk(connection)
    this.#addExpirySighting(connection)
    return mayAsk
  }

  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const connection = this.#bySocket.get(request.socket as TLSSocket)
    // Every socket that speaks HTTP has been through `connected`.
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    const { inFlight, log } = this.#deps
    inFlight.begin()
    handleRequest({ request, response, expectsContinue }, connection, this.#pipeline).then(
      () => inFlight.end(),
      (error: unknown) => {
        inFlight.end()
        // A bug of ours: the one request is lost, and the operator gets the trace.
        log.error({ err: error, connection: connection.id }, 'internal error in a request')
        request.socket.destroy()
      },
    )
  }

  handshakeFailed(error: Error, socket: TLSSocket): void {
    handshakeEvent(error, socket, { ...this.#deps, listener: this.#listener })
  }

  unparsable(fault: Unparsable, socket: TLSSocket): UnparsableAction {
    const connection = this.#bySocket.get(socket)
    if (connection === undefined || fault === 'connection') return BREAK
    // While answers are under way, the parser says again and again what it said before.
    if (connection.ending === undefined) {
      this.#deps.metrics.unparsable(this.#listener, fault)
      connection.ending = {
        outcome: 'refused',
        ...explainUnparsable(fault),
      }
    }
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

  dropped(): void {
    this.#deps.metrics.dropped(this.#listener)
  }

  bug(error: unknown): void {
    this.#deps.log.error({ err: error, listener: this.#listener }, 'internal error in a connection')
  }

  /**
   * Returns whether HTTP is parsed at all: not when no row of the listener could admit this peer. Derived from the rows,
   * so that opening a single route is enough to let every peer send a request.
   */
  #mayAsk(connection: Connection): boolean {
    const { clock, peerCache } = this.#deps
    const { compiled, judge, listeners } = this.#deps.snapshot()
    const view = listeners.get(this.#listener)
    if (view === undefined) return false
    if (view.compiled.isClosed) {
      const words = explanationFields(explainRejection({ kind: 'listener-closed' }))
      connection.ending = { outcome: 'closed-before-request', ...words }
      return false
    }
    const peer = connection.peer(peerCache, judge)
    let why: Parameters<typeof explain>[0] | undefined
    for (const route of view.compiled.classes) {
      const decision = decide({ peer, route }, compiled.policy, clock.now())
      if (decision.kind === 'admit') return true
      // What a denied row says tells nothing about the peer.
      if (decision.why.kind !== 'route-denied') why ??= decision.why
    }
    if (why !== undefined && connection.needsFullHandshake(why)) this.#deps.onStaleSession()
    if (why !== undefined)
      this.#addObservation(connection, { ...UNJUDGED, code: why.kind }, clock.now())
    const words = why === undefined ? undefined : explain(why)
    connection.ending = {
      outcome: 'closed-before-request',
      code: why?.kind,
      reason: words?.sentence,
      next_step: words?.nextStep,
    }
    return false
  }

  #addExpirySighting(connection: Connection): void {
    const { clock, peerCache, expirySightings } = this.#deps
    const { compiled, judge } = this.#deps.snapshot()
    const peer = connection.peer(peerCache, judge)
    if (peer.kind !== 'presented' || !isExpected(peer, compiled.policy, clock.now())) return
    expirySightings.add({ key: peer.leaf.publicKey.fingerprint, notAfter: peer.leaf.notAfter })
  }

  #record(connection: Connection, event: RequestEvent, judgedAt: Instant): void {
    this.#deps.metrics.request(this.#listener, event)
    if (this.#settings.requests) this.#accessLog(connection).request(event)
    // Not now: what it met since, on another connection, is the newer word on the device.
    this.#addObservation(connection, event, judgedAt)
  }

  #addObservation({ lastPeer: peer }: Connection, event: ObservedEvent, now: Instant): void {
    const { policy } = this.#deps.snapshot().compiled
    const observation = observationOf(event, {
      peer,
      policy,
      listener: this.#listener,
      port: 'https',
      now,
    })
    if (observation !== undefined) this.#deps.observe(observation)
  }

  #closed(connection: Connection): void {
    const { metrics, clock } = this.#deps
    // Node tells only the response whose turn it is.
    for (const { response } of connection.unanswered) {
      if (response.socket === null && !response.closed) response.destroy().emit('close')
    }
    const event = {
      outcome: 'served',
      code: undefined,
      reason: undefined,
      next_step: undefined,
      ...connection.ending,
      requests: connection.requests,
      duration_ms: clock.now() - connection.openedAt,
    } as const
    metrics.closed(this.#listener, event)
    if (this.#settings.connections) this.#accessLog(connection).closed(event)
    this.#deps.inFlight.end()
  }

  #accessLog(connection: Connection): AccessLog {
    return connection.accessLog((facts) => accessLog(this.#deps.log, this.#settings, facts))
  }

  get #settings() {
    return this.#deps.snapshot().compiled.config.log
  }
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
