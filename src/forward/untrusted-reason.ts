/**
 * What may be wrong with the certification path of an upstream, in a closed list: what the TLS library, which has a hundred
 * verdicts, and our own judge say about it, with the words for the operator.
 */
import type { Explanation } from '../kernel/explanation.ts'

/** What is wrong with the certification path of an upstream. */
export type UntrustedReason =
  | 'bad-signature'
  /** Our own judge finds a sound path, and the TLS library refuses it, even when it is handed that path alone. */
  | 'disputed'
  | 'expired'
  /** A certificate, or a time or an extension in it, cannot be read. */
  | 'malformed'
  /** A CA of the chain may not issue for a name that a certificate below it carries (RFC 5280 §4.2.1.10). */
  | 'name-constraints'
  /** Name constraints in the chain whose form, or for a name whose form, the TLS library or we do not decide. */
  | 'name-constraints-unsupported'
  /** A certificate above it is not that of a CA, or of one that may sign certificates (RFC 5280 §4.2.1.9, §4.2.1.3). */
  | 'not-a-ca'
  | 'not-yet-valid'
  | 'other'
  /** More CAs below one than its basic constraints allow (RFC 5280 §4.2.1.9), or than the TLS library follows. */
  | 'path-too-long'
  | 'self-signed'
  /** A key is too short, or a digest too weak, for the protocols that are selected. */
  | 'too-weak'
  | 'unknown-critical-extension'
  | 'unknown-issuer'
  /** The TLS library believes it, and our own judge does not. */
  | 'unsound'
  | 'wrong-purpose'

/** The reason in the operator's words; `code` is the TLS library's or, where it has none, our own. */
export const explainUntrusted = (
  { why, code }: { readonly why: UntrustedReason; readonly code: string },
  upstream: string,
): Explanation => ({
  sentence: `${upstream}'s certificate is not trusted: ${UNTRUSTED[why]} (${code})`,
  nextStep: UNTRUSTED_STEPS[why],
})

const UNTRUSTED: Readonly<Record<UntrustedReason, string>> = {
  'bad-signature': 'a signature in its chain does not hold',
  disputed:
    'our own judge finds a sound path to the trust store in what it sends, and the TLS library refuses that path',
  expired: 'it or a certificate above it has expired',
  malformed: 'it or a certificate above it cannot be read',
  'name-constraints': 'a CA above it may not issue for a name that it carries (name constraints)',
  'name-constraints-unsupported':
    'name constraints in its chain cannot be applied to the names below them',
  'not-a-ca': 'a certificate above it is not that of a CA that may sign certificates',
  'not-yet-valid': 'it or a certificate above it is not valid yet',
  other: 'the TLS library refuses its chain',
  'path-too-long': 'there are more CAs above it than one of them allows',
  'self-signed': 'it is self-signed and not in the trust store',
  'too-weak': 'a key or a signature in its chain is too weak',
  'unknown-critical-extension':
    'it or a certificate above it has a critical extension that the TLS library does not know',
  'unknown-issuer': 'its chain does not lead to the trust store',
  unsound: 'its chain is no sound path to the trust store by RFC 5280',
  'wrong-purpose': 'it is not meant for servers, or a CA above it not for certificates of servers',
}

const UNTRUSTED_STEPS: Readonly<Record<UntrustedReason, string>> = {
  'bad-signature': 'compare the chain it sends with the one that was issued',
  disputed:
    'have it send its certificate and the intermediates of one path only; where key identifiers contradict each other (RFC 5280 §4.2.1.1), have it issued anew: `tfe upstream test` shows what it sends, and `openssl verify` takes it apart',
  expired:
    "renew the upstream's certificate, or have it send no expired CA certificates: `tfe upstream test` shows the dates",
  malformed: 'have it issued anew: `openssl x509 -text` says what it cannot read',
  'name-constraints':
    'have it issued for names within the name constraints of its CAs, every alternative name counts, or have the CA issued anew with wider ones (RFC 5280 §4.2.1.10)',
  'name-constraints-unsupported':
    'have the CA issued anew with constraints of DNS names, addresses or directory names alone, without minimum and maximum, and a server certificate without any (RFC 5280 §4.2.1.10)',
  'not-a-ca':
    'have it issued by a CA: basic constraints with CA true, and key usage with keyCertSign where there is one (RFC 5280 §4.2.1.9)',
  'not-yet-valid': "check the clocks of both machines and the certificate's validity",
  other: 'see what `openssl verify -purpose sslserver` says about its chain',
  'path-too-long':
    'have it issued by a CA further up, or that CA issued anew with a larger pathLenConstraint (RFC 5280 §4.2.1.9)',
  'self-signed': 'add the certificate itself to `tls.trust.custom`, or have it issued by a CA',
  'too-weak': 'have it issued anew with RSA 2048 or P-256, and SHA-256, up to the CA',
  'unknown-critical-extension':
    'have it issued anew without that extension, or with it marked as not critical (RFC 5280 §4.2)',
  'unknown-issuer':
    'add its CA to `tls.trust.custom`, and see whether the upstream sends its intermediates',
  unsound:
    'have the certificate that the code in brackets is about issued anew, as RFC 5280 wants it; a code that begins with `anchor` is about the CA in the trust store',
  'wrong-purpose':
    'have it issued with the extended key usage serverAuth, by CAs that have none or have it, too',
}
