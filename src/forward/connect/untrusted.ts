/**
 * Allow and Log: what was wrong with a server that was used all the same, because strict TLS is off. Every fault is
 * named; an untrusted chain does not hide a wrong name.
 */
import type { X509Certificate } from 'node:crypto'
import type { PresentedCertificate } from '../../kernel/upstream-error.ts'
import type { NameMismatch, UntrustedReason, UpstreamFailure } from '../upstream-failure.ts'

/** The facts, once per connection. */
export interface UntrustedServer {
  readonly upstream: string
  readonly server: string
  readonly untrusted: { readonly why: UntrustedReason; readonly code: string } | undefined
  readonly mismatch: NameMismatch | undefined
  /** The pins of the keys it showed, none of which is wanted. */
  readonly unpinned: readonly string[] | undefined
  /** What it presented, leaf first. */
  readonly chain: readonly PresentedCertificate[]
}

/** What verification found. */
type VerificationFaults = Pick<UntrustedServer, 'mismatch' | 'unpinned' | 'untrusted'>

/** What strict TLS would have said, in its order: the chain, the name, the pins. */
export function strictTlsFailures({
  untrusted,
  mismatch,
  unpinned,
}: VerificationFaults): readonly UpstreamFailure[] {
  return [
    ...(untrusted === undefined ? [] : [{ kind: 'tls-untrusted' as const, ...untrusted }]),
    ...(mismatch === undefined ? [] : [mismatch]),
    ...(unpinned === undefined ? [] : [{ kind: 'tls-pin-mismatch' as const, shown: unpinned }]),
  ]
}

/** A certificate in a few words. */
export function loggedCertificate(certificate: X509Certificate): PresentedCertificate {
  const { subject, issuer, validToDate, fingerprint256 } = certificate
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    not_after: Number.isNaN(validToDate.getTime()) ? 'unreadable' : validToDate.toISOString(),
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** Node gives a line per attribute, and nothing for an empty name. */
const nameText = (name: string | undefined): string =>
  (name ?? '').replaceAll('\n', ', ').slice(0, MAX_NAME_LENGTH)

/** Enough to recognise a certificate by; there are up to ten of them in a line of the log. */
const MAX_NAME_LENGTH = 300
