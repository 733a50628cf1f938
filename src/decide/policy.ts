import type { Instant, KeyFingerprint, Millis } from '../kernel/types.ts'
import type { RevocationLists } from '../trust/revocation.ts'
import type { SignedIdDigest } from '../trust/signed-ids.ts'

/** What a route asks of the device (decision 6). */
export type RouteClass = 'open' | 'device' | 'always' | 'renewal' | 'legacy-oauth' | 'denied'

/** Whether the judge's word is law or is only written down. */
export type Enforcement = 'recording' | 'required'

/** Where an enrollment setting stands in the life of a fleet (decision 8). */
export type Standing =
  | { readonly kind: 'staged' }
  | { readonly kind: 'current' }
  | {
      readonly kind: 'previously-trusted'
      /** Certificates whose notBefore is later than this were issued after the CA was retired. */
      readonly retiredAt: Instant
      /** `known-devices`: besides, only keys that were seen before it was retired; a thief back-dates. */
      readonly cutOff: 'not-before' | 'known-devices'
      /** From this instant on the CA admits no device. */
      readonly sunset: Instant | undefined
    }
  | { readonly kind: 'distrusted' }

/** Everything a verdict depends on besides the peer, the route and the time. Frozen with the snapshot. */
export interface Policy {
  readonly enforcement: Enforcement
  /** How long after notAfter a device's own certificate still opens renewal routes. */
  readonly grace: Millis
  /** How long before notAfter a device is expected to renew. */
  readonly renewalWindow: Millis
  /** By the name of the enrollment setting; a setting that is missing here is treated as distrusted. */
  readonly standings: ReadonlyMap<string, Standing>
  readonly denied: DenyList
  readonly revocation: RevocationPolicy
  readonly fleet: FleetPolicy
}

/** What administrators decided about devices and endpoints (decision 9). An overlay: its views show the present. */
export interface FleetPolicy {
  readonly model: ApprovalModel
  readonly approvals: { approvalOf(key: KeyFingerprint): Approval }
  /** The signed ids of blocked devices: a block holds from the first certificate with a new key. */
  readonly blockedIds: Members<SignedIdDigest>
  /** The signed ids of approved devices: approval reaches a new key with the first certificate that would pass. */
  readonly approvedIds: Members<SignedIdDigest>
  /** Which keys were seen under a setting before it was retired; for its cut-off `known-devices`. */
  readonly known: { wasKnown(setting: string, key: KeyFingerprint): boolean }
  readonly oauth: OAuthEndpoints
}

export type Approval = 'unapproved' | 'approved' | 'blocked'

/** Which devices have to be approved; where, `approvalDemand` says. */
export type ApprovalModel = (typeof APPROVAL_MODELS)[number]

export const APPROVAL_MODELS = [
  /** None. */
  'off',
  /** None: every fit certificate approves its device, of a previously trusted CA, too, within its cut-off. */
  'auto',
  /** All, by an administrator: from outside while recording, on sensitive rows once certificates are required. */
  'manual',
  /** As `manual`, and from outside only approved devices pass once certificates are required, too. */
  'manual-external',
] as const

/** The two OAuth endpoints (S0-25 to S0-30). */
export interface OAuthEndpoints {
  readonly modern: 'not-configured' | 'enabled' | 'disabled'
  readonly legacy: 'enabled' | 'disabled'
}

/** Without a store: no device was approved, blocked or seen before. */
export const NO_FLEET: FleetPolicy = {
  model: 'auto',
  approvals: { approvalOf: () => 'unapproved' },
  blockedIds: new Set(),
  approvedIds: new Set(),
  known: { wasKnown: () => false },
  oauth: { modern: 'not-configured', legacy: 'enabled' },
}

/** What CAs have revoked, and what follows where that is unknown. An overlay: it changes while the rest stays. */
export interface RevocationPolicy {
  readonly lists: RevocationLists
  /** By the name of the enrollment setting; nothing is demanded of paths to a setting that is missing here. */
  readonly demands: ReadonlyMap<string, RevocationDemand>
}

/** What a setting with revocation lists asks for. */
export interface RevocationDemand {
  /** `hard-fail` refuses while it is unknown whether a certificate was revoked; `soft-fail` admits. */
  readonly failure: 'hard-fail' | 'soft-fail'
  /** How long after its nextUpdate a list still counts. */
  readonly grace: Millis
  /** Whether a list that the setting names has never been read: for which CA it would speak is unknown. */
  readonly incomplete: boolean
}

/** Nothing is revoked, and nothing is demanded. */
export const NO_REVOCATION: RevocationPolicy = { lists: new Map(), demands: new Map() }

/** Refused at once, in `recording` and on open routes too. Never by certificate fingerprint (decision 9). */
export interface DenyList {
  readonly keys: Members<KeyFingerprint>
  /** `<issuer key fingerprint>:<serial>` */
  readonly serials: Members<string>
}

/** What is asked of a set here, whatever it is made of. */
export interface Members<Member> {
  has(member: Member): boolean
  readonly size: number
}
