import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'
import type { Name } from './name.ts'

/** The parts of a certificate that other rooms read. Owned by the room; see there for the rest. */
export interface Certificate {
  readonly der: Buffer
  readonly fingerprint: Fingerprint
  /** Lower-case hexadecimal of the INTEGER's octets, leading zero octet dropped; `-` first when negative. */
  readonly serial: string
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: Instant
  /** The last millisecond of the last second the certificate names (RFC 5280 §4.1.2.5: inclusive). */
  readonly notAfter: Instant
  readonly publicKey: { readonly fingerprint: KeyFingerprint; readonly spki: Buffer }
  readonly subjectAltNames: readonly GeneralName[]
}

/** A subject alternative name (RFC 5280 §4.2.1.6), text where it has a text form. */
export type GeneralName =
  | { readonly kind: 'dns'; readonly text: string }
  | { readonly kind: 'email'; readonly text: string }
  | { readonly kind: 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Buffer; readonly text: string }
  | { readonly kind: 'directory'; readonly name: Name }
  | { readonly kind: 'other'; readonly tag: number; readonly der: Buffer }
