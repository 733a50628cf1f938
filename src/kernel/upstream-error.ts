/**
 * Something that went wrong with a server of an upstream, as administrators are told of it.
 */
import type { Explanation } from './explanation.ts'

/** One failure as it happened. */
export interface UpstreamError {
  readonly upstream: string
  readonly server: string
  /** What the server was called for. */
  readonly during: 'check' | 'request'
  /** The kind of failure, from a closed list. */
  readonly code: string
  /** What the kind does not tell: why a chain is untrusted, an alert, an error of the system; from closed lists. */
  readonly detail: string | undefined
  /** The connection is used all the same: strict TLS is off. */
  readonly allowed: boolean
  /** Called once per batch of errors, for the last one of its kind. */
  readonly describe: () => DescribedError
}

/** What an operator reads about it, and what the server presented. */
export interface DescribedError extends Explanation {
  /** Leaf first; empty where the server presented nothing. */
  readonly chain: readonly PresentedCertificate[]
}

/** A presented certificate as the log names it; the peer wrote subject and issuer. */
export interface PresentedCertificate {
  readonly subject: string
  readonly issuer: string
  /** UTC, ISO 8601. */
  readonly not_after: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
}
