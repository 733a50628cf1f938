/**
 * Every way to be refused. A refusal's `kind` is its code: stable, in kebab case, the same word in the log, the
 * metrics, the command line and the documentation. The device never sees it.
 */
import type { Instant, KeyFingerprint } from '../kernel/types.ts'
import type { PathFailure } from '../trust/failure.ts'
import type { CertificateFault } from '../x509/certificate.ts'
import type { RevocationReason } from '../x509/crl-entries.ts'
import type { Name } from '../x509/name.ts'
import type { AddressRefused } from './access.ts'
import type { Unmet } from './match.ts'

/** Why a request may not pass, with the facts that an operator needs to change it. */
export type Refusal =
  | PathFailure
  | Unreadable
  | CaRefused
  | Untimely
  | Revoked
  | Undecided
  | Unmet
  | AddressRefused
  | Unapproved
  | { readonly kind: 'route-denied' }
  /** The new OAuth endpoint was never enabled: until an administrator does, it is not there (S0-27). */
  | { readonly kind: 'oauth-not-configured' }
  /** The new OAuth endpoint was disabled (S0-27). */
  | { readonly kind: 'oauth-disabled' }
  /** The legacy OAuth endpoint was disabled (S0-30). */
  | { readonly kind: 'legacy-oauth-disabled' }
  /** An administrator blocked the device with this key, or with this id that its CA signed. */
  | { readonly kind: 'blocked'; readonly key: KeyFingerprint; readonly id?: string | undefined }
  /** More device ids in one certificate than are looked at: a blocked one could hide among them. */
  | { readonly kind: 'too-many-ids'; readonly found: number; readonly limit: number }
  | { readonly kind: 'no-certificate' }
  /** The session began without a certificate, and resuming it never asks for one again (decision 10). */
  | { readonly kind: 'resumed-without-certificate' }
  | { readonly kind: 'denied-key'; readonly key: KeyFingerprint }
  | { readonly kind: 'denied-serial'; readonly issuerKey: KeyFingerprint; readonly serial: string }

/** What the peer sent as its certificate, and we could or would not read. */
export type Unreadable = CertificateFault | Unaffordable

/** More than a connection may cost, in octets: the connection is closed, whatever its listener would let it ask for. */
export type Unaffordable =
  | { readonly kind: 'chain-too-large'; readonly bytes: number; readonly limit: number }
  /** There would be room for it, were it not for those of others that no trusted CA vouches for. */
  | { readonly kind: 'no-room-for-chain'; readonly bytes: number; readonly limit: number }

/** A sound path that starts from a CA that may not admit this device (decision 8). */
export type CaRefused =
  /** The key of a CA on the path, the trust anchor's included, is on the deny list. */
  | { readonly kind: 'denied-issuer'; readonly key: KeyFingerprint; readonly issuer: Name }
  | { readonly kind: 'distrusted'; readonly setting: string }
  | { readonly kind: 'staged'; readonly setting: string }
  | { readonly kind: 'sunset'; readonly setting: string; readonly sunset: Instant }
  | {
      readonly kind: 'issued-after-retirement'
      readonly setting: string
      readonly notBefore: Instant
      readonly retiredAt: Instant
    }
  /** The setting's cut-off counts known devices only, and this key was not seen before its retirement. */
  | {
      readonly kind: 'unknown-at-retirement'
      readonly setting: string
      readonly key: KeyFingerprint
      readonly retiredAt: Instant
    }

/** A sound path at the wrong time (RFC 5280 §6.1.3 (a)(2)). */
export type Untimely =
  | { readonly kind: 'issuer-not-yet-valid'; readonly issuer: Name; readonly notBefore: Instant }
  | { readonly kind: 'issuer-expired'; readonly issuer: Name; readonly notAfter: Instant }
  | { readonly kind: 'not-yet-valid'; readonly notBefore: Instant }
  /** Within grace: a renewal route would still admit it. */
  | { readonly kind: 'expired'; readonly notAfter: Instant; readonly graceEndsAt: Instant }
  /** Within grace on a renewal route, and the client says that it is one that the operator gives no grace. */
  | {
      readonly kind: 'expired-without-grace'
      readonly notAfter: Instant
      /** The operator's rule, such as `MobileIron below 10.1`. */
      readonly rule: string
    }
  | {
      readonly kind: 'expired-beyond-grace'
      readonly notAfter: Instant
      readonly graceEndedAt: Instant
    }

/** A certificate on a sound path that its CA has revoked (RFC 5280 §6.1.3 (a)(3)). */
export type Revoked =
  | {
      readonly kind: 'revoked'
      readonly serial: string
      readonly issuer: Name
      readonly revokedAt: Instant
      readonly reason: RevocationReason
    }
  /** The same, of a CA on the path. */
  | {
      readonly kind: 'issuer-revoked'
      readonly subject: Name
      readonly issuer: Name
      readonly revokedAt: Instant
      readonly reason: RevocationReason
    }

/** It is unknown whether a certificate was revoked, and its enrollment setting demands to know. */
export type Undecided =
  | {
      readonly kind: 'revocation-unknown'
      readonly issuer: Name
      /** No list of this CA was read; or none about such certificates; or only one that begins later. */
      readonly why: 'no-list' | 'not-covered' | 'not-yet'
    }
  | {
      readonly kind: 'revocation-stale'
      readonly issuer: Name
      readonly nextUpdate: Instant
      readonly countedUntil: Instant
    }

/** Why only approved devices pass: the row is marked, or the device comes from outside. */
export type ApprovalDemand = 'sensitive' | 'outside'

/** A device that would pass, where only approved ones may. */
export interface Unapproved {
  readonly kind: 'unapproved'
  readonly key: KeyFingerprint
  /** The row is for approved devices, or the place that the device comes from is. */
  readonly because: ApprovalDemand
}

/** The code of a refusal: a closed union, fit for a metric's label. */
export type RefusalCode = Refusal['kind']

/**
 * Whether `recording` refuses, too (decision 5). An administrator or a CA refused this very device, key, CA or path; recording
 * only spares devices that would not pass the rules in general.
 */
export const isFinal = (why: Refusal): boolean => FINAL.has(why.kind)

const FINAL: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'address-not-allowed',
  'blocked',
  'denied-issuer',
  'denied-key',
  'denied-serial',
  'distrusted',
  'issuer-revoked',
  'legacy-oauth-disabled',
  'oauth-disabled',
  'oauth-not-configured',
  'revoked',
  'route-denied',
  'too-many-ids',
])
