/**
 * Events → JSON lines. Field lists are written out: an allow-list is cheaper than redaction and forgets nothing.
 */
import type { Logger } from 'pino'
import type { ConnectionEvent, ConnectionFacts, RequestEvent } from './event.ts'
import type { TunnelEvent } from './tunnel-event.ts'

export interface JournalSettings {
  readonly requests: boolean
  readonly connections: boolean
}

/** Writes the lines of one connection; the connection's own facts are serialised once, when it opens. */
export interface ConnectionJournal {
  request(event: RequestEvent): void
  closed(event: ConnectionEvent): void
  tunnel(event: TunnelEvent): void
}

/** Opens the journal of a connection; costs nothing when neither kind of line is wanted. */
export function connectionJournal(
  log: Logger,
  settings: JournalSettings,
  facts: ConnectionFacts,
): ConnectionJournal {
  if (!settings.requests && !settings.connections) return SILENT
  const { device, ...rest } = facts
  const child = log.child({ ...rest, ...(device === undefined ? {} : { device }) })
  return {
    request: (event) => {
      if (settings.requests)
        child.info(event, event.decision === 'refuse' ? 'request refused' : 'request')
    },
    closed: (event) => {
      if (settings.connections) child.info(event, 'connection')
    },
    tunnel: (event) => {
      if (settings.connections) child.info(event, 'tunnel')
    },
  }
}

const SILENT: ConnectionJournal = { request: () => {}, closed: () => {}, tunnel: () => {} }
