/**
 * Devices by when their certificates expire, each key counted once, over what this process remembers: where there is no
 * store, which knows those that are silent, too. A restart begins anew, and a device that renewed with a new key is seen
 * under both until the old certificate is forgotten.
 */
import { DAY_MS, plus, type Instant, type KeyFingerprint, type Millis } from '../kernel/types.ts'
import type { Clock } from '../kernel/ports.ts'
import type { ExpirySighting, ExpirySightingSink } from './expiry-sightings.ts'
import { MetricSet } from './metric-set.ts'

/** How many whole days are left, or which end has passed, what ends first in front. A closed list: the label of a metric. */
export const EXPIRY_BUCKETS = [
  'expired',
  'in-grace',
  '0-7d',
  '8-30d',
  '31-60d',
  '61-270d',
  'later',
] as const

export type ExpiryBucket = (typeof EXPIRY_BUCKETS)[number]

/** Sorts one certificate; a day that has begun to run out no longer counts as whole. */
export function expiryBucket(notAfter: Instant, grace: Millis, now: Instant): ExpiryBucket {
  if (now > plus(notAfter, grace)) return 'expired'
  if (now > notAfter) return 'in-grace'
  const days = Math.floor((notAfter - now) / DAY_MS)
  if (days <= 7) return '0-7d'
  if (days <= 30) return '8-30d'
  if (days <= 60) return '31-60d'
  return days <= 270 ? '61-270d' : 'later'
}

/** Where one kind ends and the next begins, in the order of `EXPIRY_BUCKETS`: a certificate that ends before an edge is of the kind. */
export const expiryEdges = (grace: Millis, now: Instant): readonly Instant[] =>
  [0 - grace, 0, ...[7, 30, 60, 270].map((days) => (days + 1) * DAY_MS)].map(
    (distance) => (now + distance) as Instant,
  )

export interface ExpiryMetricsDeps {
  readonly clock: Clock
  /** How long after notAfter a certificate still opens renewal routes, as of now. */
  grace(): Millis
  /** Devices that are remembered. */
  readonly limit?: number
}

/** Remembers devices, and counts them when a scrape asks. One per front end, however many processes serve. */
export class ExpiryMetrics implements ExpirySightingSink {
  readonly #deps: ExpiryMetricsDeps
  readonly #limit: number
  readonly #notAfter = new Map<KeyFingerprint, Instant>()
  readonly #metrics = new MetricSet()
  readonly #devices = this.#metrics.gauge('tfe_devices_by_expiry', {
    help: 'Devices seen since the start, each key once, by the whole days until their certificate expires.',
    labelNames: ['expires'],
  })
  readonly #uncounted = this.#metrics.counter('tfe_device_sightings_uncounted_total', {
    help: 'Sightings of devices that are missing in tfe_devices_by_expiry because memory for them was full.',
  })

  constructor(deps: ExpiryMetricsDeps) {
    this.#deps = deps
    this.#limit = deps.limit ?? MAX_DEVICES
  }

  onExpirySightings(sightings: readonly ExpirySighting[], lost: number): void {
    let beyond = lost
    for (const { key, notAfter } of sightings) {
      const known = this.#notAfter.get(key)
      if (known === undefined && this.#notAfter.size >= this.#limit) beyond += 1
      else if (known === undefined || notAfter > known) this.#notAfter.set(key, notAfter)
    }
    if (beyond > 0) this.#uncounted.inc(beyond)
  }

  /** How many devices there are of each kind, and forgets those whose certificate expired long ago. */
  counts(): Readonly<Record<ExpiryBucket, number>> {
    const now = this.#deps.clock.now()
    const grace = this.#deps.grace()
    const counts = Object.fromEntries(EXPIRY_BUCKETS.map((kind) => [kind, 0])) as Record<
      ExpiryBucket,
      number
    >
    for (const [key, notAfter] of this.#notAfter) {
      if (now - plus(notAfter, grace) > KEEP_EXPIRED_MS) this.#notAfter.delete(key)
      else counts[expiryBucket(notAfter, grace, now)] += 1
    }
    return counts
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    for (const [kind, count] of Object.entries(this.counts())) {
      this.#devices.set({ expires: kind }, count)
    }
    return this.#metrics.text()
  }
}

/**
 * The largest fleets behind one front end, in 13 MB (measured); beyond, the counts are a sample. Only devices on a
 * sound path get here, so self-made keys cannot fill it.
 */
const MAX_DEVICES = 100_000
/** Long enough to be noticed as lost; then it makes room, also for the old keys of those that renewed with new ones. */
const KEEP_EXPIRED_MS = 30 * DAY_MS
