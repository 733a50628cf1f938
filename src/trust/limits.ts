/**
 * What the judge demands of algorithms, and how much work one peer may cause.
 */
import type { Curve } from '../x509/key.ts'
import type { MlDsaSet } from '../x509/ml-dsa.ts'
import type { Digest } from '../x509/signature.ts'

/** `private` admits harmless departures from RFC 5280 and CA/Browser profiles and reports them; `strict` refuses them. */
export type Profile = 'private' | 'strict'

/** What a TLS peer wants its certificate for. */
export type Purpose = 'client' | 'server'

/** Demands and budgets; all of them are part of the trust version. */
export interface Limits {
  /** Intermediates that are not self-issued, between leaf and trust anchor. */
  readonly depth: number
  /** Paths handed up per peer. */
  readonly paths: number
  /** Signatures verified per peer, remembered ones not counted. */
  readonly signatures: number
  /** Certificates looked at per peer while paths are built. */
  readonly steps: number
  /** Comparisons of a name with a name constraint, per peer. */
  readonly comparisons: number
  readonly rsaBits: { readonly minimum: number; readonly maximum: number }
  readonly curves: readonly Curve[]
  readonly digests: readonly Digest[]
  /** The weakest set of parameters of ML-DSA that is taken, in keys and signatures. */
  readonly mlDsa: MlDsaSet | 'off'
  /** Whether anyExtendedKeyUsage alone stands for the purpose asked for (RFC 5280 §4.2.1.12 leaves it to us). */
  readonly anyPurpose: boolean
}

export const DEFAULT_LIMITS: Limits = {
  // The longest honest path met here has 3; a bridge between fleets adds two or three.
  depth: 8,
  // More than a device needs to have one that is timely; fewer than a hostile web of cross-certificates can offer.
  paths: 16,
  // The longest honest path needs 4. At 0.1 ms each (P-256), 64 keep a hostile handshake below 7 ms.
  signatures: 64,
  // A step is a look-up of a microsecond; ten presented certificates in honest disorder take some hundred.
  steps: 2000,
  // Honest certificates need some dozens; 65,536 take about 10 ms.
  comparisons: 65_536,
  // Below 2048 keys are within reach of a well-funded attacker (NIST SP 800-131A); above 8192 one verification
  // takes longer than a handshake should.
  rsaBits: { minimum: 2048, maximum: 8192 },
  curves: ['P-256', 'P-384', 'P-521'],
  // Collisions of SHA-1 are for sale, and a collision is a forged certificate.
  digests: ['sha256', 'sha384', 'sha512'],
  // Few tools can read such certificates yet: an upstream that is handed one may refuse what we have admitted.
  mlDsa: 'off',
  anyPurpose: false,
}
