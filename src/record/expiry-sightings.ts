/**
 * Which devices were seen, told in batches to whoever keeps count: one map entry on the way of a connection, the
 * rest later. With workers the counting is the primary's, so that a device that meets two of them is one device.
 */
import type { Instant, KeyFingerprint } from '../kernel/types.ts'

/** A device that nobody has said no to, on a sound path. */
export interface Sighting {
  readonly key: KeyFingerprint
  /** Of the certificate that it showed. */
  readonly notAfter: Instant
}

/** Whoever keeps count. Called between requests, never on the way of one. */
export interface SightingSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  sighted(sightings: readonly Sighting[], lost: number): void
}

/** Gathers sightings, each device once per batch. One per process. */
export class Sightings {
  readonly #sink: SightingSink
  readonly #waitMs: number
  readonly #limit: number
  readonly #waiting = new Map<KeyFingerprint, Sighting>()
  #lost = 0
  #timer: NodeJS.Timeout | undefined

  constructor(sink: SightingSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#limit = limit
  }

  /** Notes a device; costs a look-up. */
  saw(sighting: Sighting): void {
    const { key } = sighting
    const known = this.#waiting.get(key)
    if (known === undefined && this.#waiting.size >= this.#limit) this.#lost += 1
    // A renewed certificate for the same key outlives the old one, whichever was seen last.
    else if (known === undefined || sighting.notAfter > known.notAfter) {
      this.#waiting.set(key, sighting)
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.size === 0) return
    const sightings = [...this.#waiting.values()]
    const lost = this.#lost
    this.#waiting.clear()
    this.#lost = 0
    this.#sink.sighted(sightings, lost)
  }
}

/** A batch costs a message between processes; nobody plans renewals by the second. */
const WAIT_MS = 5000
/** Two thousand new devices a second, more than a worker can shake hands with; some 2 MB. */
const MAX_WAITING = 10_000
