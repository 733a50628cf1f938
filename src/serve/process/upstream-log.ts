/** A server went out or came back: one line, and a louder one when nobody is left. */
import type { UpstreamHealthChange } from '../../forward/balance/upstream.ts'
import type { Log } from '../../kernel/ports.ts'

/** Writes the line. */
export function logHealthChange(log: Log, change: UpstreamHealthChange): void {
  const { upstream, server, standing, code, explanation, out, left } = change
  const facts = {
    upstream,
    server,
    standing,
    failure: code,
    reason: explanation?.sentence,
    next_step: explanation?.nextStep,
    out_ms: out,
    servers_in: left,
  }
  if (standing === 'in') log.info(facts, 'upstream server is in again')
  else if (left > 0) log.warn(facts, 'upstream server is out')
  else log.error(facts, 'no server of the upstream is in: all are tried as if they were')
}
