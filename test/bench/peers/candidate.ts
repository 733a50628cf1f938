/**
 * What is compared: servers that end mutual TLS of devices, tell the upstream their certificate in a field, and forward
 * over TLS that they verify. Each is one `Candidate`; `start.ts` runs it pinned to its processor.
 */
import type { Command, Debian13 } from '../../support/programs/debian13.ts'

/** What every candidate finds prepared. */
export interface Site {
  /** For what candidates write, configurations first; anyone may read it, since some servers give up being root. */
  readonly folder: string
  /** Certificates and keys, by the names in `certificates.ts`. */
  readonly pki: string
  /** Where the server behind them all listens, as `backend.test`. */
  readonly backendPort: number
  readonly debian: Debian13
}

/** Where one candidate listens, and where it writes. */
export interface Place extends Site {
  readonly name: string
  readonly port: number
}

export interface Candidate {
  /** One word; the key of its figures. */
  readonly name: string
  /** What it is called in tables. */
  readonly title: string
  /** Product and version, for whom reads the figures later. */
  readonly version: string
  /** It has no upstream: it answers by itself, and requests with a body or a large answer are not for it. */
  readonly isFloor?: true
  /** Writes what it needs, and says how it is started so that it stays in the foreground. */
  readonly prepare: (place: Place) => Command
}

/** How a candidate differs from the usual one: one worker, no access log. */
export interface Variant {
  readonly name: string
  readonly title: string
  readonly workers: number
  /** It writes a line per request. */
  readonly isLogging: boolean
}
