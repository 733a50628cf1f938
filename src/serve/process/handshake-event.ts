/** A handshake that failed → its counter and its line, on every kind of port. */
import type { TLSSocket } from 'node:tls'
import { errorCode } from '../../kernel/error-code.ts'
import { explainHandshake, handshakeFailure } from '../../handshake/failure.ts'
import type { Logger } from 'pino'
import type { Metrics } from '../../record/metrics.ts'
import type { Snapshot } from '../../state/snapshot.ts'

/** What counting and logging a failed handshake needs. */
export interface HandshakeEventDeps {
  readonly listener: string
  readonly log: Logger
  readonly metrics: Metrics
  snapshot(): Snapshot
}

/** Counts a failed handshake, and logs it where connections are logged. */
export function handshakeEvent(error: Error, socket: TLSSocket, deps: HandshakeEventDeps): void {
  const { listener, log, metrics } = deps
  const code = handshakeFailure(error)
  const event = {
    outcome: 'handshake-failed',
    code,
    reason: explainHandshake(code),
    next_step: undefined,
    requests: 0,
    duration_ms: 0,
  } as const
  metrics.closed(listener, event)
  if (!deps.snapshot().compiled.config.log.connections) return
  const remote = socket.remoteAddress ?? 'unknown'
  log.info({ listener, remote, tls_code: errorCode(error), ...event }, 'connection')
}
