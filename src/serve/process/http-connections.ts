/**
 * Where the listener's events meet the rooms: a connection is recognised when it opens, its requests walk the
 * corridor, and it is written down when it closes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { ListenerHandlers } from '../../accept/listener.ts'
import type { Remedy, Unparsable } from '../../accept/unparsable.ts'
import { decide, isExpected } from '../../decide/decide.ts'
import { explain } from '../../decide/explain.ts'
import { presentedBy } from '../../identify/presented.ts'
import type { Recognition } from '../../identify/peer.ts'
import type { Crowd } from '../../kernel/slot-list.ts'
import type { Clock } from '../../kernel/ports.ts'
import type { Instant } from '../../kernel/types.ts'
import { handle, type CorridorDeps } from '../../pipeline/pipeline.ts'
import { Connection } from '../../pipeline/connection.ts'
import { explainTurnedAway } from '../../pipeline/rejection.ts'
import type { LegacyWatch } from '../../pipeline/oauth-throttle.ts'
import { glimpseOf, type Judged } from '../../pipeline/device-sighting.ts'
import type { RequestEvent } from '../../record/event.ts'
import type { Glimpse } from '../../record/device-sightings.ts'
import { connectionJournal, type ConnectionJournal } from '../../record/access-log.ts'
import type { Metrics } from '../../record/metrics.ts'
import type { Sightings } from '../../record/expiry-sightings.ts'
import type { Snapshot } from '../../state/snapshot.ts'
import { handshakeEvent } from './handshake-event.ts'
import type { Unrecorded } from './in-flight.ts'

export interface ReceptionDeps {
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly recognition: Recognition
  readonly legacy: LegacyWatch
  /** Every open connection of this process, whatever its listener. */
  readonly connections: Crowd<Connection>
  /** What has begun here and has no line yet. */
  readonly unrecorded: Pick<Unrecorded, 'begin' | 'end'>
  snapshot(): Snapshot
  draining(): boolean
  /** A device was held to a session that says less of it than a new one would: its tickets must not serve again. */
  lockedOut(): void
  readonly sightings: Pick<Sightings, 'saw'>
  /** For the books of the fleet. */
  saw(glimpse: Glimpse): void
}

/** The handlers of one listener. */
export class Reception implements ListenerHandlers {
  readonly #listener: string
  readonly #deps: ReceptionDeps
  readonly #bySocket = new WeakMap<TLSSocket, Connection>()
  readonly #corridor: CorridorDeps

  constructor(listener: string, deps: ReceptionDeps) {
    this.#listener = listener
    this.#deps = deps
    const { clock, recognition, legacy } = deps
    this.#corridor = {
      clock,
      recognition,
      legacy,
      snapshot: () => deps.snapshot(),
      draining: () => deps.draining(),
      lockedOut: () => deps.lockedOut(),
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
    const place = connections.join(connection)
    this.#deps.unrecorded.begin()
    metrics.opened(this.#listener)
    socket.once('close', () => {
      connections.leave(place)
      // What a weak map holds outlives its key in the young generation (docs/design-notes.md, "Speed").
      this.#bySocket.delete(socket)
      this.#closed(connection)
    })
    socket.once('end', () => leaveQuietly(connection))
    const mayAsk = this.#mayAsk(connection)
    this.#sight(connection)
    return mayAsk
  }

  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const connection = this.#bySocket.get(request.socket as TLSSocket)
    // Every socket that speaks HTTP has been through `connected`.
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    const { unrecorded, log } = this.#deps
    unrecorded.begin()
    handle({ request, response, expectsContinue }, connection, this.#corridor).then(
      () => unrecorded.end(),
      (error: unknown) => {
        unrecorded.end()
        // A bug of ours: the one request is lost, and the operator gets the trace.
        log.error({ err: error, connection: connection.id }, 'a request met a bug')
        request.socket.destroy()
      },
    )
  }

  handshakeFailed(error: Error, socket: TLSSocket): void {
    handshakeEvent(error, socket, { ...this.#deps, listener: this.#listener })
  }

  unparsable(fault: Unparsable, socket: TLSSocket): Remedy {
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
    connection.last = Math.min(connection.last, connection.requests)
    if (unanswered.size === 0) {
      return { kind: 'answer', reference: connection.reference(connection.requests + 1) }
    }
    // Nobody watches the connection for the answers under way once the parser has let go of it.
    if (fault === 'connect') return BREAK
    // What was wrong came behind whole requests: those are answered. Or it is the body of one of them.
    return [...unanswered].every(({ request }) => request.complete) ? LEAVE : BREAK
  }

  dropped(): void {
    this.#deps.metrics.dropped(this.#listener)
  }

  bug(error: unknown): void {
    this.#deps.log.error({ err: error, listener: this.#listener }, 'a connection met a bug')
  }

  /**
   * Closes before HTTP is parsed when no row of the listener could admit this peer. Derived from the rows, so that
   * opening a single route is enough to let everybody ask.
   */
  #mayAsk(connection: Connection): boolean {
    const { clock, recognition } = this.#deps
    const { world, judge, listeners } = this.#deps.snapshot()
    const view = listeners.get(this.#listener)
    if (view === undefined) return false
    if (view.world.isClosed) {
      const { code, sentence, nextStep } = explainTurnedAway({ kind: 'listener-closed' })
      connection.ending = {
        outcome: 'closed-unjudged',
        code,
        reason: sentence,
        next_step: nextStep,
      }
      return false
    }
    const peer = connection.peer(recognition, judge)
    let why: Parameters<typeof explain>[0] | undefined
    for (const route of view.world.classes) {
      const decision = decide({ peer, route }, world.policy, clock.now())
      if (decision.kind === 'admit') return true
      // What a denied row says tells nothing about the peer.
      if (decision.why.kind !== 'route-denied') why ??= decision.why
    }
    if (why !== undefined && connection.isHeldBack(why)) this.#deps.lockedOut()
    if (why !== undefined) this.#note(connection, { ...UNJUDGED, code: why.kind }, clock.now())
    const words = why === undefined ? undefined : explain(why)
    connection.ending = {
      outcome: 'closed-unjudged',
      code: why?.kind,
      reason: words?.sentence,
      next_step: words?.nextStep,
    }
    return false
  }

  #sight(connection: Connection): void {
    const { clock, recognition, sightings } = this.#deps
    const { world, judge } = this.#deps.snapshot()
    const peer = connection.peer(recognition, judge)
    if (peer.kind !== 'presented' || !isExpected(peer, world.policy, clock.now())) return
    sightings.saw({ key: peer.leaf.publicKey.fingerprint, notAfter: peer.leaf.notAfter })
  }

  #record(connection: Connection, event: RequestEvent, judgedAt: Instant): void {
    this.#deps.metrics.request(this.#listener, event)
    if (this.#settings.requests) this.#journal(connection).request(event)
    // Not now: what it met since, on another connection, is the newer word on the device.
    this.#note(connection, event, judgedAt)
  }

  #note({ lastPeer: peer }: Connection, event: Judged, now: Instant): void {
    const { policy } = this.#deps.snapshot().world
    const glimpse = glimpseOf(event, {
      peer,
      policy,
      listener: this.#listener,
      port: 'https',
      now,
    })
    if (glimpse !== undefined) this.#deps.saw(glimpse)
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
    if (this.#settings.connections) this.#journal(connection).closed(event)
    this.#deps.unrecorded.end()
  }

  #journal(connection: Connection): ConnectionJournal {
    return connection.journal((facts) => connectionJournal(this.#deps.log, this.#settings, facts))
  }

  get #settings() {
    return this.#deps.snapshot().world.config.log
  }
}

/**
 * The device has closed, and nothing is owed to it: a farewell would find nobody, costs a record and two system calls,
 * and is mostly answered by a reset. So nginx keeps silent here, too.
 */
function leaveQuietly({ socket, unanswered }: Connection): void {
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

const BREAK: Remedy = { kind: 'break' }
const LEAVE: Remedy = { kind: 'leave' }

/** What the log says where something arrived that was no request. */
export const explainUnparsable = (fault: Exclude<Unparsable, 'connection'>) => ({
  code: `unparsable-${fault}`,
  reason: UNPARSABLE_WORDS[fault],
  next_step: 'see what speaks to this port: an honest HTTP client does not do this',
})

const UNPARSABLE_WORDS: Readonly<Record<Exclude<Unparsable, 'connection'>, string>> = {
  'after-close': 'more arrived after the device had ended the connection itself (RFC 9112 §9.6)',
  body: 'a request body was not framed as it should be',
  connect: 'the device asked for a tunnel to another host',
  'header-timeout': 'a header section took longer than `limits.headers`',
  'header-too-large': 'a header section was larger than `limits.headerBytes`',
  malformed: 'what arrived was not an HTTP/1.1 request',
  unfinished: 'the device ended the connection in the middle of a request',
}
