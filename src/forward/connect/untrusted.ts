/**
 * What was wrong with a server that was used all the same, because strict TLS is off or because of Allow and Log untrusted
 * servers. Every fault is named; an untrusted chain does not hide a wrong name.
 */
import type { PresentedCertificate } from '../../kernel/upstream-error.ts'
import type { UntrustedReason } from '../untrusted-reason.ts'
import type { NameMismatch, UpstreamFailure } from '../upstream-failure.ts'

/** The facts, once per connection. */
export interface UntrustedServer {
  readonly upstream: string
  readonly server: string
  /** Which setting allowed it. */
  readonly because: 'allow-and-log' | 'strict-off'
  readonly untrusted: { readonly why: UntrustedReason; readonly code: string } | undefined
  readonly mismatch: NameMismatch | undefined
  /** The pins of the keys it showed, none of which is wanted. */
  readonly unpinned: readonly string[] | undefined
  /** What it presented, leaf first. */
  readonly chain: readonly PresentedCertificate[]
}

/** What verification found, whatever becomes of it. */
export type VerificationFaults = Pick<UntrustedServer, 'mismatch' | 'unpinned' | 'untrusted'>

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
