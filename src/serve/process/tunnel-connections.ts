/**
 * Handles the events of a sync port: a connection is judged as a whole when it opens, relayed, and recorded when it is
 * over.
 */
import type { TunnelHandlers } from '../../accept/tunnel-listener.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { refusedTunnel } from '../../pipeline/kept-refusal.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import { verdictFields, type TunnelVerdict } from '../../pipeline/tunnel-event.ts'
import { handleTunnel } from '../../pipeline/tunnel.ts'
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
  const pipeline = {
    ...deps,
    judged: (connection: Connection, verdict: TunnelVerdict) =>
      noteDevice(connection, verdict, deps),
  }
  return {
    ...commonHandlers(listener, deps),
    connected(socket) {
      const connection = openConnection(socket, listener, deps)
      handleTunnel(connection, pipeline)
        .then((event) => recordEnd(connection, event, deps))
        .catch((error: unknown) => {
          log.error({ err: error, connection: connection.id }, 'internal error in a tunnel')
          socket.destroy()
        })
        .finally(() => inFlight.end())
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

/** Runs before the first octet passes: a connection that stays open for hours is recorded from its beginning. */
function noteDevice(
  connection: Connection,
  verdict: TunnelVerdict,
  deps: ConnectionHandlerDeps,
): void {
  if (verdict.kind === 'closed') return
  addExpirySighting(verdict.ask.peer, deps)
  const event = { ...verdictFields(verdict), ...NO_REQUEST }
  addObservation(connection, event, { port: 'sync', now: deps.clock.now() }, deps)
}

const NO_REQUEST = { route: undefined, user_agent: undefined, reported_id: undefined } as const
