/**
 * Events → JSON lines. Field lists are written out: an allow-list is cheaper than redaction and forgets nothing.
 */
import { symbols, type Logger } from 'pino'
import { isoText, type Instant } from '../kernel/types.ts'
import type { ConnectionEvent, ConnectionFacts, RequestEvent } from './event.ts'
import type { TunnelEvent } from './tunnel-event.ts'

export interface AccessLogSettings {
  /** One line per request. */
  readonly requests: boolean
  /** One line per connection. */
  readonly connections: boolean
}

/** Writes the lines of one connection; the connection's own facts are serialised once, for its first line. */
export interface AccessLog {
  request(event: RequestEvent): void
  closed(event: ConnectionEvent): void
  tunnel(event: TunnelEvent): void
}

/** Opens the access log of a connection; without effect when neither kind of line is wanted. */
export function accessLog(
  log: Logger,
  settings: AccessLogSettings,
  facts: ConnectionFacts,
): AccessLog {
  if (!settings.requests && !settings.connections) return SILENT
  const known = `${base(log)},${members(facts)}`
  const write = (event: object, message: string): void => {
    if (!log.isLevelEnabled('info')) return
    const now = isoText(Date.now() as Instant)
    streamOf(log).write(
      `{"level":"info","time":"${now}"${known},${members(event)},"msg":"${message}"}\n`,
    )
  }
  return {
    request: (event) => {
      if (settings.requests)
        write(event, event.decision === 'refuse' ? 'request refused' : 'request')
    },
    closed: (event) => {
      if (settings.connections) write(event, 'connection')
    },
    tunnel: (event) => {
      if (settings.connections) write(event, 'tunnel')
    },
  }
}

/**
 * The lines of a connection are put together here and handed to the logger's own stream: pino encodes each name and
 * each value by itself, some fifty times for a device that makes one request.
 */
const streamOf = (log: Logger): Lines =>
  (log as unknown as Readonly<Record<symbol, Lines>>)[symbols.streamSym] as Lines

interface Lines {
  write(line: string): void
}

/** An object's members without its braces; what is undefined is left out. */
const members = (fields: object): string => JSON.stringify(fields).slice(1, -1)

/** What the logger puts into each of its lines. */
function base(log: Logger): string {
  const before = bases.get(log)
  if (before !== undefined) return before
  const bindings = members(log.bindings())
  const made = bindings === '' ? '' : `,${bindings}`
  bases.set(log, made)
  return made
}

const bases = new WeakMap<Logger, string>()

const SILENT: AccessLog = { request: () => {}, closed: () => {}, tunnel: () => {} }
