/** Allow and Log untrusted servers (S3-17): one line per connection that strict TLS would have refused. */
import { explainUpstream } from '../forward/failure.ts'
import { strictTlsFailures, type UntrustedServer } from '../forward/connect/untrusted.ts'
import type { Log } from '../kernel/ports.ts'

/** Writes the line: every reason with its remedy, and the chain. */
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
  log.warn(line, 'untrusted upstream used: strict TLS is off')
}

/** What the metrics count a connection under: bounded, and every reason that applies. */
export const untrustedReasons = (facts: UntrustedServer): readonly string[] =>
  strictTlsFailures(facts).map((failure) =>
    failure.kind === 'tls-untrusted' ? failure.why : failure.kind,
  )
