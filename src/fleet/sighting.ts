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
  /** The row that it met, where what it met is counted by row; a sync port has none. */
  readonly row?: string | undefined
  /** It was admitted only because certificates are recorded: `code` is what it would be refused with. */
  readonly wouldRefuse?: boolean | undefined
  /** The row is marked sensitive. */
  readonly sensitive?: boolean | undefined
  /** What passed through a sync port; undefined as long as octets have not passed both ways. */
  readonly exchange?: Exchange | undefined
}

/** An `Exchange` says that connections to a sync port carried octets both ways, or how many more they carried. */
export interface Exchange {
  readonly address: string
  /** 0 where only octets are added to what was said before. */
  readonly connections: number
  /** From the device, and to it. */
  readonly octetsIn: number
  readonly octetsOut: number
}

/** Adds up what passed from one address. */
export const addExchange = (one: Exchange, other: Exchange | undefined): Exchange => ({
  address: one.address,
  connections: one.connections + (other?.connections ?? 0),
  octetsIn: one.octetsIn + (other?.octetsIn ?? 0),
  octetsOut: one.octetsOut + (other?.octetsOut ?? 0),
})

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
  /** The code of why no path is sound, where none is; undefined where that is not known. */
  readonly pathFailure?: string | undefined
  /** Where it says that its revocation list is; undefined where it names no http URL. */
  readonly listUrl?: string | undefined
}
