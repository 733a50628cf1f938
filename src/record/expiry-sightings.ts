/**
 * Which devices were seen, told in batches to whoever keeps count: one map entry on the way of a connection, the
 * rest later. With workers the counting is the primary's, so that a device that meets two of them is one device.
 */
import type { Instant, KeyFingerprint } from '../kernel/types.ts'

/** A device that nobody has said no to, on a sound path. */
export interface ExpirySighting {
  readonly key: KeyFingerprint
  /** Of the certificate that it showed. */
  readonly notAfter: Instant
}

/** Whoever keeps count. Called between requests, never on the way of one. */
export interface ExpirySightingSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  onExpirySightings(sightings: readonly ExpirySighting[], lost: number): void
}

/** Gathers sightings, each device once per batch. One per process. */
export class ExpirySightingBuffer {
  readonly #sink: ExpirySightingSink
  readonly #waitMs: number
  readonly #limit: number
  readonly #waiting = new Map<KeyFingerprint, ExpirySighting>()
  #lost = 0
  #timer: NodeJS.Timeout | undefined

  constructor(sink: ExpirySightingSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#limit = limit
  }

  /** Notes a device; costs a look-up. */
  add(sighting: ExpirySighting): void {
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
    this.#sink.onExpirySightings(sightings, lost)
  }
}

/** A batch costs a message between processes; nobody plans renewals by the second. */
const WAIT_MS = 5000
/** Two thousand new devices a second, more than a worker can shake hands with; some 2 MB. */
const MAX_WAITING = 10_000
