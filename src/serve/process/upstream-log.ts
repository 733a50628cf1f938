/**
 * What the log says of upstreams: a change of a server's health, an untrusted server that was used, and a
 * name that gets no answer.
 */
import type { UpstreamHealthChange } from '../../forward/balance/upstream.ts'
import type { StaleName } from '../../forward/connect/name-lookups.ts'
import { strictTlsFailures, type UntrustedServer } from '../../forward/connect/untrusted.ts'
import { explainUpstream } from '../../forward/upstream-failure.ts'
import type { Log } from '../../kernel/ports.ts'

/** Logs that a server went out or came back; at level `error` when no server is left. */
export function logHealthChange(log: Log, change: UpstreamHealthChange): void {
  const { upstream, server, state, code, explanation, out, left } = change
  const facts = {
    upstream,
    server,
    state,
    failure: code,
    reason: explanation?.sentence,
    next_step: explanation?.nextStep,
    ejected_ms: out,
    servers_available: left,
  }
  if (state === 'available') log.info(facts, 'upstream server is available again')
  else if (left > 0) log.warn(facts, 'upstream server is unavailable')
  else log.error(facts, 'no server of the upstream is available: all are tried')
}

/**
 * Logs one line per connection that strict TLS would have refused, with every reason, its remedy and the chain: because
 * strict TLS is off, or because of Allow and Log untrusted servers (S3-17).
 */
export function logUntrusted(log: Log, facts: UntrustedServer): void {
  const failures = strictTlsFailures(facts)
  const explanations = failures.map((failure) => explainUpstream(failure, facts.upstream))
  const line = {
    upstream: facts.upstream,
    server: facts.server,
    failures: failures.map(({ kind }) => kind),
    reason: explanations.map(({ sentence }) => sentence).join('; '),
    next_step: explanations.map(({ nextStep }) => nextStep).join('; '),
    chain: facts.chain,
  }
  if (facts.because === 'strict-off') log.warn(line, 'untrusted upstream used: strict TLS is off')
  else log.warn(line, 'untrusted upstream used: Allow and Log untrusted servers is on')
}

/** Logs that a name gets no answer and is used with the addresses that it had, or that it no longer is. */
export function logStaleName(log: Log, { hostname, isStale, code }: StaleName): void {
  if (!isStale) log.info({ hostname, code }, 'name of a server is answered again')
  else {
    const next_step =
      'see which name servers /etc/resolv.conf names, and whether each of them answers for this name'
    const reason = `the resolver of this machine gave no answer about ${hostname} (${code})`
    log.warn(
      { hostname, code, reason, next_step },
      'name of a server gets no answer: its last known addresses are used',
    )
  }
}

/** What the metrics count a connection under: bounded, and every reason that applies. */
export const untrustedReasons = (facts: UntrustedServer): readonly string[] =>
  strictTlsFailures(facts).map((failure) =>
    failure.kind === 'tls-untrusted' ? failure.why : failure.kind,
  )
