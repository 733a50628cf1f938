/** What is left of a batch of sightings once each was told to be of a device, or of none. */
import type { Exchange, Sighting } from '../../fleet/sighting.ts'
import type { Instant } from '../../kernel/types.ts'

/** A sighting that belongs to no known device: without a certificate, or with one more than are kept. */
export interface UnknownSighting {
  readonly sighting: Sighting
  /** What the id that the client gave itself labels; undefined where it gave none, or that of a device that showed a certificate. */
  readonly label: 'inventory' | 'unlisted' | undefined
}

/** An exchange, and the device that the certificate led to. */
export interface LinkedExchange {
  readonly at: Instant
  readonly listener: string
  readonly exchange: Exchange
  readonly device: string | undefined
}
