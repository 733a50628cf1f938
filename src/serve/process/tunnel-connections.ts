/**
 * Handles the events of a sync port: a connection is judged as a whole when it opens, relayed, and recorded when it is
 * over.
 */
import type { TunnelHandlers } from '../../accept/tunnel-head.ts'
import { vouchedFor } from '../../decide/decide.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { refusedTunnel } from '../../pipeline/kept-refusal.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import { verdictFields, type TunnelVerdict } from '../../pipeline/tunnel-event.ts'
import { handleTunnel, type TunnelDeps } from '../../pipeline/tunnel.ts'
import type { CarriedOctets, RelayedOctets } from '../../forward/tunnel/exchange-progress.ts'
import type { TunnelEvent } from '../../record/tunnel-event.ts'
import {
  accessLogOf,
  addExpirySighting,
  addObservation,
  commonHandlers,
  openConnection,
  type ConnectionHandlerDeps,
} from './connections.ts'

/** Returns the handlers of one sync port. */
export function tunnelHandlers(listener: string, deps: ConnectionHandlerDeps): TunnelHandlers {
  const { connections, inFlight, log } = deps
  /** What was noted of open connections that carried octets both ways. */
  const exchanges = new Map<Connection, RelayedOctets>()
  const pipeline: TunnelDeps = {
    ...deps,
    judged: (connection, verdict) => noteVerdict(connection, verdict, deps),
    exchanged: (connection, verdict, octets) => {
      const { bytesIn = 0, bytesOut = 0 } = exchanges.get(connection) ?? {}
      const noted = { bytesIn: bytesIn + octets.bytesIn, bytesOut: bytesOut + octets.bytesOut }
      exchanges.set(connection, noted)
      noteDevice(connection, verdict, { deps, exchange: octets })
    },
  }
  return {
    ...commonHandlers(listener, deps),
    connected(socket, accepted) {
      const opened = { socket, accepted, http: undefined }
      const connection = openConnection(opened, listener, deps)
      handleTunnel(connection, pipeline)
        .then(({ event, verdict }) => {
          recordEnd(connection, event, deps)
          noteEnd(connection, { event, verdict, noted: exchanges.get(connection) }, deps)
        })
        .catch((error: unknown) => {
          log.error({ err: error, connection: connection.id }, 'internal error in a tunnel')
          socket.destroy()
        })
        .finally(() => {
          exchanges.delete(connection)
          inFlight.end()
        })
      return true
    },
    forceClose() {
      const words = explanationFields(explainRejection({ kind: 'drained' }))
      for (const connection of connections) {
        if (connection.listener !== listener) continue
        connection.ending ??= { outcome: 'ended', ...words }
      }
    },
  }
}

function recordEnd(connection: Connection, event: TunnelEvent, deps: ConnectionHandlerDeps): void {
  deps.metrics.closed(connection.listener, event)
  deps.metrics.tunnels.ended(connection.listener, event)
  accessLogOf(connection, deps).tunnel(event)
  const { policy } = deps.snapshot().compiled
  const refusal = refusedTunnel(connection, event, { at: deps.clock.now(), policy })
  if (refusal !== undefined) deps.keepRefusal(refusal)
}

/** Runs before the first octet passes. One that is admitted is noted when it has carried octets both ways, or else when it ends. */
function noteVerdict(
  connection: Connection,
  verdict: TunnelVerdict,
  deps: ConnectionHandlerDeps,
): void {
  if (verdict.kind === 'closed') return
  addExpirySighting(verdict.ask.peer, deps)
  if (verdict.decision.kind === 'refuse') noteDevice(connection, verdict, { deps })
  else if (vouchedFor(verdict.decision) !== undefined) connection.vouch()
}

interface TunnelEnd {
  readonly event: TunnelEvent
  readonly verdict: TunnelVerdict
  /** What was noted while it was open; undefined where octets never passed both ways. */
  readonly noted: RelayedOctets | undefined
}

function noteEnd(
  connection: Connection,
  { event, verdict, noted }: TunnelEnd,
  deps: ConnectionHandlerDeps,
): void {
  if (verdict.kind === 'closed' || verdict.decision.kind === 'refuse') return
  if (noted === undefined) return noteDevice(connection, verdict, { deps })
  const bytesIn = event.bytes_in - noted.bytesIn
  const bytesOut = event.bytes_out - noted.bytesOut
  // The device may have been met elsewhere since: an end alone is no newer word on where it is.
  if (bytesIn === 0 && bytesOut === 0) return
  // What passes both ways in parts is told of as soon as it has: what is left was not told in part.
  const isBothWays = bytesIn > 0 && bytesOut > 0
  const exchange: CarriedOctets = { connections: 0, bytesIn, bytesOut, isBothWays }
  noteDevice(connection, verdict, { deps, exchange })
}

function noteDevice(
  connection: Connection,
  verdict: TunnelVerdict,
  { deps, exchange }: NotedExchange,
): void {
  if (verdict.kind === 'closed') return
  const event = { ...verdictFields(verdict), ...NO_REQUEST }
  const carried = exchange && {
    address: connection.remote,
    connections: exchange.connections,
    octetsIn: exchange.bytesIn,
    octetsOut: exchange.bytesOut,
  }
  const { sensitive } = verdict.ask
  const isBothWays = exchange?.isBothWays
  const now = deps.clock.now()
  const at = { port: 'sync', now, sensitive, exchange: carried, isBothWays } as const
  addObservation(connection, event, at, deps)
}

interface NotedExchange {
  readonly deps: ConnectionHandlerDeps
  readonly exchange?: CarriedOctets | undefined
}

const NO_REQUEST = { route: undefined, user_agent: undefined, reported_id: undefined } as const
