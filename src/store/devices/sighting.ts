/** A `RecordResult` says what became of a batch of sightings. */
export interface RecordResult {
  readonly sightings: number
  readonly newDevices: number
  readonly approvedThemselves: number
  /** Sightings with a certificate without a sound path, past the bound on those. */
  readonly dropped: number
  /** Seen without a certificate, and not to be told to be a known device. */
  readonly unidentified: number
}

/**
 * Certificates without a sound path that are kept. Any client can make one per connection, and a store must not grow
 * by what clients make up; 10,000 are more than a fleet has devices in trouble at once.
 */
export const UNSOUND_LIMIT = 10_000

/** Sightings in one call: some 3 MB as parameters, and a transaction of well under a second. */
export const BATCH_LIMIT = 5000
