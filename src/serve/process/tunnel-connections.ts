/**
 * Where the events of a sync port meet the rooms: a connection is judged as a whole when it opens, relayed, and written
 * down when it is over.
 */
import type { TLSSocket } from 'node:tls'
import type { TunnelHandlers } from '../../accept/tunnel-listener.ts'
import { isExpected } from '../../decide/decide.ts'
import { presentedBy } from '../../identify/presented.ts'
import { Connection } from '../../pipeline/connection.ts'
import { glimpseOf } from '../../pipeline/device-sighting.ts'
import { explainTurnedAway } from '../../pipeline/rejection.ts'
import { judgement, type TunnelVerdict } from '../../pipeline/tunnel-event.ts'
import { carry, type TunnelDeps } from '../../pipeline/tunnel.ts'
import { connectionJournal, type ConnectionJournal } from '../../record/access-log.ts'
import type { TunnelEvent } from '../../record/tunnel-event.ts'
import { handshakeEvent } from './handshake-event.ts'
import type { ReceptionDeps } from './http-connections.ts'

/** The handlers of one sync port. */
export class TunnelReception implements TunnelHandlers {
  readonly #listener: string
  readonly #deps: ReceptionDeps
  readonly #corridor: TunnelDeps

  constructor(listener: string, deps: ReceptionDeps) {
    this.#listener = listener
    this.#deps = deps
    const { clock, recognition } = deps
    this.#corridor = {
      clock,
      recognition,
      snapshot: () => deps.snapshot(),
      lockedOut: () => deps.lockedOut(),
      judged: (verdict) => this.#note(verdict),
    }
  }

  connected(socket: TLSSocket): boolean {
    const { clock, connections, metrics, log, unrecorded } = this.#deps
    const connection = new Connection(socket, this.#listener, {
      presented: presentedBy(socket),
      now: clock.now(),
    })
    const place = connections.join(connection)
    unrecorded.begin()
    metrics.opened(this.#listener)
    socket.once('close', () => connections.leave(place))
    carry(connection, this.#corridor)
      .then((event) => this.#over(connection, event))
      .catch((error: unknown) => {
        log.error({ err: error, connection: connection.id }, 'a tunnel met a bug')
        socket.destroy()
      })
      .finally(() => unrecorded.end())
    return true
  }

  handshakeFailed(error: Error, socket: TLSSocket): void {
    handshakeEvent(error, socket, { ...this.#deps, listener: this.#listener })
  }

  dropped(): void {
    this.#deps.metrics.dropped(this.#listener)
  }

  cutOff(): void {
    const { code, sentence, nextStep } = explainTurnedAway({ kind: 'drained' })
    const words = { code, reason: sentence, next_step: nextStep }
    for (const connection of this.#deps.connections) {
      if (connection.listener !== this.#listener) continue
      connection.ending ??= { outcome: 'ended', ...words }
    }
  }

  bug(error: unknown): void {
    this.#deps.log.error({ err: error, listener: this.#listener }, 'a connection met a bug')
  }

  #over(connection: Connection, event: TunnelEvent): void {
    const { metrics } = this.#deps
    metrics.closed(this.#listener, event)
    metrics.tunnels.over(this.#listener, event)
    this.#journal(connection).tunnel(event)
  }

  /** Before the first octet passes: a connection that stays open for hours is in the books from its beginning. */
  #note(verdict: TunnelVerdict): void {
    if (verdict.kind === 'closed') return
    const { clock, sightings } = this.#deps
    const { policy } = this.#deps.snapshot().world
    const { peer } = verdict.ask
    const now = clock.now()
    if (peer.kind === 'presented' && isExpected(peer, policy, now)) {
      sightings.saw({ key: peer.leaf.publicKey.fingerprint, notAfter: peer.leaf.notAfter })
    }
    const event = { ...judgement(verdict), ...NO_REQUEST }
    const meeting = { peer, policy, listener: this.#listener, port: 'sync', now } as const
    const glimpse = glimpseOf(event, meeting)
    if (glimpse !== undefined) this.#deps.saw(glimpse)
  }

  #journal(connection: Connection): ConnectionJournal {
    const { log } = this.#deps.snapshot().world.config
    return connection.journal((facts) => connectionJournal(this.#deps.log, log, facts))
  }
}

const NO_REQUEST = { route: undefined, user_agent: undefined, reported_id: undefined } as const
