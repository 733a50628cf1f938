/**
 * What is kept of a refusal, so that the reference that a device was told leads to its reason. No header, query or body is
 * in it, and nothing that a peer merely says of itself.
 */
import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'

/**
 * What a peer met: `refused` and `failed` (the upstream, or the way to it) were answered or were a connection that was
 * not relayed; the others are connections that ended without an answer, as the log says of them.
 */
export const REFUSAL_OUTCOMES = [
  'refused',
  'failed',
  'closed-before-request',
  'handshake-failed',
  'ended',
] as const

export type RefusalOutcome = (typeof REFUSAL_OUTCOMES)[number]

/** A `KeptRefusal` is one refusal, in the words of its line in the log. */
export interface KeptRefusal {
  /** What the device was told, or the name of its connection where it was told nothing; unguessable and used once. */
  readonly reference: string
  readonly at: Instant
  readonly outcome: RefusalOutcome
  readonly listener: string
  /** The row that matched; undefined where none did, or where no request was read. */
  readonly route: string | undefined
  readonly routeClass: string | undefined
  /** From closed lists: of refusals, rejections, handshake failures and upstream failures. */
  readonly code: string
  /** As the log has them. */
  readonly sentence: string
  readonly nextStep: string | undefined
  /** The status that the device saw; undefined where it saw a closed connection. */
  readonly status: number | undefined
  readonly method: string | undefined
  /** Without its query. */
  readonly path: string | undefined
  readonly address: string
  readonly certificate: RefusedCertificate | undefined
  /**
   * Whether the certificate is one that a CA in force vouches for, or its key is of a device that an administrator, or
   * `auto`, approved or that is blocked: such refusals have a share of their own, by key.
   */
  readonly known: boolean
  /** Whose share this is of: the key of a known device, or the network of the address (`countedNetwork`). */
  readonly owner: string
  /** The version of the snapshot that it was judged by, as in the log; undefined where nothing was judged. */
  readonly snapshot: number | undefined
}

/** A `RefusedCertificate` is what is kept of the certificate that was shown. */
export interface RefusedCertificate {
  readonly fingerprint: Fingerprint
  readonly key: KeyFingerprint
  readonly subject: string
  /** Whom it names as its issuer, believed or not. */
  readonly issuer: string
  readonly serial: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** The enrollment setting of its path; undefined where no path was sound. */
  readonly setting: string | undefined
  /** Of the CA that signed it; undefined where no path was sound. */
  readonly issuerKey: KeyFingerprint | undefined
  /** Device ids in it; none where no path was sound. */
  readonly signedIds: readonly string[]
  /** The code of why no path was sound, where none was: it may have been refused for something else. */
  readonly pathFailure?: string | undefined
}

/** Refusals that were counted and not kept, because the share that they are of was full. */
export interface NotKeptRefusals {
  readonly code: string
  readonly known: boolean
  /** Whose share was full; undefined for those of many together, which had no room of their own here either. */
  readonly owner: string | undefined
  readonly refusals: number
  readonly first: Instant
  readonly last: Instant
}

/** What is passed on at once, between processes and to the store. */
export interface RefusalBatch {
  readonly refusals: readonly KeptRefusal[]
  readonly notKept: readonly NotKeptRefusals[]
}
