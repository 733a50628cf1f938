import type { Instant, KeyFingerprint, Millis } from '../kernel/types.ts'

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
      /** From this instant on the CA admits nobody. */
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
}

/** Refused at once, in `recording` and on open routes too. Never by certificate fingerprint (decision 9). */
export interface DenyList {
  readonly keys: ReadonlySet<KeyFingerprint>
  /** `<issuer key fingerprint>:<serial>` */
  readonly serials: ReadonlySet<string>
}
