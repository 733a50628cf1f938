/**
 * Which devices were seen, passed on in batches to the process that counts them: a connection costs one map entry.
 * With workers the primary counts, so that a device that meets two of them is one device.
 */
import type { Instant, KeyFingerprint } from '../kernel/types.ts'
import { Batch } from './batch.ts'

/** A device on a sound path that was not refused. */
export interface ExpirySighting {
  readonly key: KeyFingerprint
  /** Of the certificate that it showed. */
  readonly notAfter: Instant
}

/** An `ExpirySightingSink` counts devices. Called between requests, never within one. */
export interface ExpirySightingSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  onExpirySightings(sightings: readonly ExpirySighting[], lost: number): void
}

/** An `ExpirySightingBuffer` gathers sightings, each device once per batch. One per process. */
export class ExpirySightingBuffer {
  readonly #batch: Batch<KeyFingerprint, ExpirySighting>

  constructor(sink: ExpirySightingSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#batch = new Batch({ waitMs, limit }, (sightings, lost) =>
      sink.onExpirySightings(sightings, lost),
    )
  }

  /** Notes a device; costs a look-up. */
  add(sighting: ExpirySighting): void {
    const { key } = sighting
    const { items, limit } = this.#batch
    const known = items.get(key)
    if (known === undefined && items.size >= limit) this.#batch.lost += 1
    // A renewed certificate for the same key outlives the old one, whichever was seen last.
    else if (known === undefined || sighting.notAfter > known.notAfter) items.set(key, sighting)
    this.#batch.schedule()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    this.#batch.flush()
  }
}

/** A batch costs a message between processes, and no renewal is planned by the second. */
const WAIT_MS = 5000
/** Two thousand new devices a second, more than a worker can shake hands with; some 2 MB. */
const MAX_WAITING = 10_000
