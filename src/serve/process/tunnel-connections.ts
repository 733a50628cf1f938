/**
 * Handles the events of a sync port: a connection is judged as a whole when it opens, relayed, and recorded when it is
 * over.
 */
import type { TLSSocket } from 'node:tls'
import type { TunnelHandlers } from '../../accept/tunnel-listener.ts'
import { isExpected } from '../../decide/decide.ts'
import { presentedBy } from '../../identify/presented.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { Connection } from '../../pipeline/connection.ts'
import { observationOf } from '../../pipeline/device-sighting.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import { verdictFields, type TunnelVerdict } from '../../pipeline/tunnel-event.ts'
import { handleTunnel, type TunnelDeps } from '../../pipeline/tunnel.ts'
import { accessLog, type AccessLog } from '../../record/access-log.ts'
import type { TunnelEvent } from '../../record/tunnel-event.ts'
import { handshakeEvent } from './handshake-event.ts'
import type { ConnectionHandlerDeps } from './http-connections.ts'

/** The handlers of one sync port. */
export class TunnelConnectionHandler implements TunnelHandlers {
  readonly #listener: string
  readonly #deps: ConnectionHandlerDeps
  readonly #pipeline: TunnelDeps

  constructor(listener: string, deps: ConnectionHandlerDeps) {
    this.#listener = listener
    this.#deps = deps
    const { clock, peerCache } = deps
    this.#pipeline = {
      clock,
      peerCache,
      snapshot: () => deps.snapshot(),
      onStaleSession: () => deps.onStaleSession(),
      judged: (verdict) => this.#addObservation(verdict),
    }
  }

  connected(socket: TLSSocket): boolean {
    const { clock, connections, metrics, log, inFlight } = this.#deps
    const connection = new Connection(socket, this.#listener, {
      presented: presentedBy(socket),
      now: clock.now(),
    })
    const place = connections.add(connection)
    inFlight.begin()
    metrics.opened(this.#listener)
    socket.once('close', () => connections.remove(place))
    handleTunnel(connection, this.#pipeline)
      .then((event) => this.#recordEnd(connection, event))
      .catch((error: unknown) => {
        log.error({ err: error, connection: connection.id }, 'internal error in a tunnel')
        socket.destroy()
      })
      .finally(() => inFlight.end())
    return true
  }

  handshakeFailed(error: Error, socket: TLSSocket): void {
    handshakeEvent(error, socket, { ...this.#deps, listener: this.#listener })
  }

  dropped(): void {
    this.#deps.metrics.dropped(this.#listener)
  }

  forceClose(): void {
    const words = explanationFields(explainRejection({ kind: 'drained' }))
    for (const connection of this.#deps.connections) {
      if (connection.listener !== this.#listener) continue
      connection.ending ??= { outcome: 'ended', ...words }
    }
  }

  bug(error: unknown): void {
    this.#deps.log.error({ err: error, listener: this.#listener }, 'internal error in a connection')
  }

  #recordEnd(connection: Connection, event: TunnelEvent): void {
    const { metrics } = this.#deps
    metrics.closed(this.#listener, event)
    metrics.tunnels.ended(this.#listener, event)
    this.#accessLog(connection).tunnel(event)
  }

  /** Runs before the first octet passes: a connection that stays open for hours is recorded from its beginning. */
  #addObservation(verdict: TunnelVerdict): void {
    if (verdict.kind === 'closed') return
    const { clock, expirySightings } = this.#deps
    const { policy } = this.#deps.snapshot().compiled
    const { peer } = verdict.ask
    const now = clock.now()
    if (peer.kind === 'presented' && isExpected(peer, policy, now)) {
      expirySightings.add({ key: peer.leaf.publicKey.fingerprint, notAfter: peer.leaf.notAfter })
    }
    const event = { ...verdictFields(verdict), ...NO_REQUEST }
    const context = { peer, policy, listener: this.#listener, port: 'sync', now } as const
    const observation = observationOf(event, context)
    if (observation !== undefined) this.#deps.observe(observation)
  }

  #accessLog(connection: Connection): AccessLog {
    const { log } = this.#deps.snapshot().compiled.config
    return connection.accessLog((facts) => accessLog(this.#deps.log, log, facts))
  }
}

const NO_REQUEST = { route: undefined, user_agent: undefined, reported_id: undefined } as const
