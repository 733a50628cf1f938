/**
 * What the handlers of every kind of listener share: opening a connection, noting its device, and counting and logging
 * what happens to it.
 */
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { ConnectionUse } from '../../accept/connection-shares.ts'
import type { HttpControl } from '../../accept/http-connection.ts'
import type { AcceptedConnection, ConnectionHandlers } from '../../accept/protocol-head.ts'
import { isExpected, type Peer } from '../../decide/decide.ts'
import { explainFailedConnection, handshakeFailure } from '../../handshake/handshake-failure.ts'
import { presentedBy } from '../../identify/presented.ts'
import type { PresentedBudget } from '../../identify/presented-budget.ts'
import { errorCode } from '../../kernel/error-code.ts'
import { UNKNOWN_ADDRESS } from '../../kernel/network.ts'
import type { SlotList } from '../../kernel/slot-list.ts'
import { Connection } from '../../pipeline/connection.ts'
import { newConnectionId } from '../../pipeline/connection-id.ts'
import { failedHandshake, type PendingRefusal } from '../../pipeline/kept-refusal.ts'
import {
  observationOf,
  type ObservationContext,
  type ObservedEvent,
} from '../../pipeline/observation.ts'
import type { PipelineDeps } from '../../pipeline/pipeline.ts'
import { accessLog, type AccessLog } from '../../record/access-log.ts'
import type { Observation } from '../../record/sighting-buffer.ts'
import type { ExpirySightingBuffer } from '../../record/expiry-sightings.ts'
import type { Metrics } from '../../record/metrics.ts'
import { DroppedLine } from './dropped-line.ts'
import type { InFlight } from './in-flight.ts'

/** What the handlers of one listener need from their process. */
export interface ConnectionHandlerDeps extends Omit<PipelineDeps, 'record'> {
  readonly log: Logger
  readonly metrics: Metrics
  /** Every open connection of this process, whatever its listener. */
  readonly connections: SlotList<Connection>
  /** What all of them hold of what was presented. */
  readonly presentedBudget: PresentedBudget
  /** What has begun here and has no line yet. */
  readonly inFlight: Pick<InFlight, 'begin' | 'end'>
  readonly expirySightings: Pick<ExpirySightingBuffer, 'add'>
  /** Passes on what was seen of a device, for the store. */
  observe(observation: Observation): void
  /** Passes on a refusal, to be kept in the store. */
  keepRefusal(refusal: PendingRefusal): void
}

/** Returns the handlers that do not depend on what a listener speaks. */
export const commonHandlers = (
  listener: string,
  deps: ConnectionHandlerDeps,
  lines: SharesLines = { dropped: new DroppedLine(NOW), madeRoom: new DroppedLine(NOW) },
): ConnectionHandlers => ({
  bug: (error) => deps.log.error({ err: error, listener }, 'internal error in a connection'),
  dropped(shares) {
    deps.metrics.dropped(listener)
    const turned_away = lines.dropped.due()
    if (turned_away === undefined) return
    const facts = { listener, turned_away, ...useFields(shares.use) }
    deps.log.warn(facts, 'the listener is full: connections are turned away')
  },
  madeRoom(shares) {
    const closed = lines.madeRoom.due()
    if (closed === undefined) return
    const facts = { listener, closed, ...useFields(shares.use) }
    deps.log.warn(facts, 'connections that no fit certificate vouches for are closed to make room')
  },
  handshakeFailed(failure, { source, balancer }) {
    const code = handshakeFailure(failure)
    const { sentence, nextStep } = explainFailedConnection(failure)
    const event = {
      outcome: 'handshake-failed',
      code,
      reason: sentence,
      next_step: nextStep,
      reference: undefined,
      status: undefined,
      requests: 0,
      duration_ms: 0,
    } as const
    deps.metrics.closed(listener, event)
    const { config, policy } = deps.snapshot().compiled
    const [connection, remote] = [newConnectionId(), source?.address ?? UNKNOWN_ADDRESS]
    const failed = { id: connection, listener, remote }
    deps.keepRefusal(failedHandshake(failed, event, { at: deps.clock.now(), policy }))
    if (!config.log.connections) return
    const tls_code = failure instanceof Error ? errorCode(failure) : undefined
    const facts = { connection, listener, remote, balancer, tls_code }
    deps.log.info({ ...facts, ...event }, 'connection')
  },
})

/** When lines are due about connections that find no room. */
interface SharesLines {
  readonly dropped: DroppedLine
  readonly madeRoom: DroppedLine
}

const NOW = (): number => performance.now()

/** Who holds a listener's connections, in one sentence, and what to do. */
function useFields({ connections, vouched, held, top }: ConnectionUse) {
  const others = held === 0 ? '' : `, and others hold ${held}`
  const most = top === undefined ? '' : `, ${top.held} of them from ${top.address}`
  return {
    reason: `devices with a fit certificate hold ${vouched} of the ${connections} connections that there may be${others}${most}`,
    next_step:
      'see what the address that holds most is doing; if it is honest, raise `limits.connections` and the limit of descriptors',
  }
}

/** Makes the connection of a finished handshake; it is in flight until its line is written. */
export function openConnection(
  { socket, accepted, http }: OpenedSocket,
  listener: string,
  deps: ConnectionHandlerDeps,
  closed: (connection: Connection) => void = () => {},
): Connection {
  const { clock, connections, inFlight, metrics, presentedBudget } = deps
  const presented = presentedBy(socket, presentedBudget)
  const start = { accepted, presented, now: clock.now(), http }
  const connection = new Connection(socket, listener, start)
  accepted.user = connection
  const release = holdPresented(connection, deps)
  const place = connections.add(connection)
  inFlight.begin()
  const { protocol, cipher } = connection
  metrics.opened(listener, { protocol, suite: cipher.standardName })
  socket.on('close', () => {
    connections.remove(place)
    release()
    closed(connection)
  })
  return connection
}

/** Counts what a peer presented that no trusted CA vouches for; returns what is to be called when its connection has closed. */
function holdPresented(
  connection: Connection,
  { peerCache, presentedBudget, snapshot }: ConnectionHandlerDeps,
): () => void {
  const { presented } = connection
  if (presented.kind !== 'chain') return () => {}
  const peer = connection.peer(peerCache, snapshot().judge)
  const isVouchedFor = peer.kind === 'presented' && peer.paths.ok
  return presentedBudget.hold(isVouchedFor ? 0 : presented.handshakeOctets)
}

/** A socket whose handshake is done, and where it came from. */
interface OpenedSocket {
  readonly socket: TLSSocket
  readonly accepted: AcceptedConnection
  /** Undefined where no HTTP is spoken. */
  readonly http: HttpControl | undefined
}

/** Counts the device for the expiry metrics, unless it is one that would be refused. */
export function addExpirySighting(peer: Peer, deps: ConnectionHandlerDeps): void {
  const { policy } = deps.snapshot().compiled
  if (peer.kind !== 'presented' || !isExpected(peer, policy, deps.clock.now())) return
  const { publicKey, notAfter } = peer.leaf
  deps.expirySightings.add({ key: publicKey.fingerprint, notAfter })
}

/** Notes what a device met, for the store. */
export function addObservation(
  { lastPeer: peer, listener }: Connection,
  event: ObservedEvent,
  at: Omit<ObservationContext, 'listener' | 'peer' | 'policy'>,
  deps: ConnectionHandlerDeps,
): void {
  const { policy } = deps.snapshot().compiled
  const observation = observationOf(event, { peer, policy, listener, ...at })
  if (observation !== undefined) deps.observe(observation)
}

/** Returns the access log of a connection, under the settings with which its first line was written. */
export const accessLogOf = (
  connection: Connection,
  { log, snapshot }: ConnectionHandlerDeps,
): AccessLog =>
  connection.accessLog((facts) => accessLog(log, snapshot().compiled.config.log, facts))
