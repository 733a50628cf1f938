import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'

/** A `Sighting` says that a device was seen, once or `count` times with the same facts. */
export interface Sighting {
  /** Of the last of them. */
  readonly at: Instant
  readonly count: number
  readonly listener: string
  /** Undefined when none was shown. */
  readonly certificate: SightedCertificate | undefined
  /** What the device says of itself, in a URL or header. */
  readonly reportedId: string | undefined
  readonly class: string | undefined
  readonly agent: string | undefined
  readonly agentVersion: string | undefined
  /** The version as one comparable number, in the caller's encoding. */
  readonly agentRank: number | undefined
  /** What it met; in recording, what it would have met. */
  readonly verdict: 'admit' | 'refuse'
  readonly code: string
  readonly authentication: 'succeeded' | 'no-info' | 'failed'
  /** What this says about the way from the sync port to the device port (`migration.ts`). */
  readonly migration: 'pending' | 'success' | undefined
  /** Under `auto`: the verdict was one that approves a device by itself. Counts only for a sound certificate of the current CA. */
  readonly approvesItself: boolean
}

/** A `SightedCertificate` is what is recorded of a certificate that a device showed. */
export interface SightedCertificate {
  readonly fingerprint: Fingerprint
  readonly key: KeyFingerprint
  /** Of the CA that signed it; known only when its path was sound. */
  readonly issuerKey: KeyFingerprint | undefined
  readonly serial: string
  readonly issuer: string
  readonly subject: string
  /** Device ids from subject alternative names; they link only when a trusted CA signed them. */
  readonly signedIds: readonly string[]
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly setting: string | undefined
  readonly sound: boolean
  /** Where it says that its revocation list is; undefined where it names no http URL. */
  readonly listUrl?: string | undefined
}
