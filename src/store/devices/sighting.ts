import type { Fingerprint, Instant, KeyFingerprint } from '../../kernel/types.ts'
import type { Authentication, Verdict } from '../schema/vocabulary.ts'

/** A device was seen, once or `count` times with the same facts. */
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
  readonly verdict: Verdict
  readonly code: string
  readonly authentication: Authentication
  /** What this says about the way from the sync port to the device port (`fleet/migration.ts`). */
  readonly migration: 'pending' | 'success' | undefined
  /** Under `auto`: the verdict was one that approves a device by itself. Counts only for a sound certificate of the current CA. */
  readonly approvesItself: boolean
}

export interface SightedCertificate {
  readonly fingerprint: Fingerprint
  readonly key: KeyFingerprint
  /** Of the CA on the sound path. */
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
}

/** What became of a batch. */
export interface RecordResult {
  readonly sightings: number
  readonly newDevices: number
  readonly approvedThemselves: number
  /** Certificates that nobody vouches for, past the bound on those. */
  readonly dropped: number
  /** Seen without a certificate, and not to be told to be a known device. */
  readonly unidentified: number
}

/**
 * Certificates without a sound path that are kept. Anybody can make one per connection, and a store must not grow
 * by what strangers make up; 10,000 are more than a fleet has devices in trouble at once.
 */
export const UNSOUND_LIMIT = 10_000

/** Sightings in one call: some 3 MB as parameters, and a transaction of well under a second. */
export const BATCH_LIMIT = 5000
