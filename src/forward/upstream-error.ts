/**
 * What went wrong with a server, for the list that administrators look at: told once for each connection, exchange or
 * health check that failed, and for each connection that is used although strict TLS would have refused it. Nothing
 * is worked out for it that may never be looked at.
 */
import type { X509Certificate } from 'node:crypto'
import { explainUpstream, type UpstreamFailure } from './upstream-failure.ts'
import { loggedChain } from './connect/shown-certificate.ts'
import { strictTlsFailures, type UntrustedServer } from './connect/untrusted.ts'
import type { UpstreamError } from '../kernel/upstream-error.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** The server that it is about. */
export type ServerReference = Pick<UpstreamError, 'server' | 'upstream'>

/** A connection could not be made, or what was asked on it failed; `shown` is the leaf that it presented. */
export const requestError = (
  reference: ServerReference,
  failure: UpstreamFailure,
  shown: X509Certificate | undefined,
): UpstreamError => ({
  ...reference,
  during: 'request',
  code: failure.kind,
  detail: detailOf(failure),
  allowed: false,
  describe: () => ({
    ...explainUpstream(failure, reference.upstream),
    chain: shown === undefined ? [] : loggedChain(shown),
  }),
})

/** A health check failed. */
export const checkError = (
  reference: ServerReference,
  failure: UpstreamFailure | { readonly kind: 'check-status' },
  explanation: Explanation,
): UpstreamError => ({
  ...reference,
  during: 'check',
  code: failure.kind,
  detail: failure.kind === 'check-status' ? undefined : detailOf(failure),
  allowed: false,
  describe: () => ({ ...explanation, chain: [] }),
})

/** What was allowed, each reason for itself, because each has a remedy of its own. */
export const allowedErrors = (facts: UntrustedServer): readonly UpstreamError[] =>
  strictTlsFailures(facts).map((failure) => ({
    upstream: facts.upstream,
    server: facts.server,
    during: 'request',
    code: failure.kind,
    detail: detailOf(failure),
    allowed: true,
    describe: () => ({ ...explainUpstream(failure, facts.upstream), chain: facts.chain }),
  }))

function detailOf(failure: UpstreamFailure): string | undefined {
  if (failure.kind === 'tls-untrusted') return failure.why
  if (failure.kind === 'tls-handshake') return failure.alert ?? failure.code
  if (failure.kind === 'reset') return failure.during
  return 'code' in failure ? failure.code : undefined
}
