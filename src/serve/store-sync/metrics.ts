import { Counter, Gauge, Registry } from 'prom-client'
import type { MaintenanceCounts } from './maintenance.ts'
import type { SightingCounts } from './sighting-writer.ts'
import type { StoreStatus } from './change-watcher.ts'

/** What a scrape is told about the store, and about sightings on their way into it. */
export class StoreMetrics {
  readonly #registry = new Registry()
  readonly #up: Gauge
  readonly #revision: Gauge
  readonly #answered: Gauge
  readonly #storeFailures: Counter
  readonly #buffered: Gauge
  readonly #recorded: Counter
  readonly #dropped: Counter
  readonly #batchFailures: Counter
  readonly #keyFit: Gauge
  readonly #keyLacking: Gauge
  readonly #secretsLeft: Gauge
  readonly #unverified: Counter
  readonly #sessions: Counter
  readonly #jobsFailed: Counter

  constructor() {
    const registers = [this.#registry]
    this.#up = new Gauge({
      name: 'tfe_store_up',
      help: '1 while the store answers; while it does not, judging goes on by what it said last.',
      registers,
    })
    this.#revision = new Gauge({
      name: 'tfe_store_revision',
      help: 'The revision of the store that requests are judged by.',
      registers,
    })
    this.#answered = new Gauge({
      name: 'tfe_store_answered_seconds',
      help: 'When the store last answered (Unix time).',
      registers,
    })
    this.#storeFailures = new Counter({
      name: 'tfe_store_troubles_total',
      help: 'Times the store was asked for changes and did not answer.',
      registers,
    })
    this.#buffered = new Gauge({
      name: 'tfe_sightings_buffered',
      help: 'Sightings that wait to be written.',
      registers,
    })
    this.#recorded = new Counter({
      name: 'tfe_sightings_recorded_total',
      help: 'Sightings that are durable in the store.',
      registers,
    })
    this.#dropped = new Counter({
      name: 'tfe_sightings_dropped_total',
      help: 'Sightings that came to nobody, for want of room.',
      registers,
    })
    this.#batchFailures = new Counter({
      name: 'tfe_sighting_batches_failed_total',
      help: 'Batches of sightings that the store did not take; they are tried again.',
      registers,
    })
    this.#keyFit = new Gauge({
      name: 'tfe_key_fit',
      help: '1 while this front end can work with the key that secrets are sealed with now.',
      registers,
    })
    this.#keyLacking = new Gauge({
      name: 'tfe_key_lacking_replicas',
      help: 'Replicas that reported lately and lack the key that secrets are sealed with now.',
      registers,
    })
    this.#secretsLeft = new Gauge({
      name: 'tfe_secrets_under_old_keys',
      help: 'Secrets that are still sealed with an older key.',
      registers,
    })
    this.#unverified = new Counter({
      name: 'tfe_strangers_forgotten_total',
      help: 'Devices that nobody vouched for, did not come back, and were forgotten.',
      registers,
    })
    this.#sessions = new Counter({
      name: 'tfe_admin_sessions_swept_total',
      help: 'Sessions of administrators that had ended and were thrown away.',
      registers,
    })
    this.#jobsFailed = new Counter({
      name: 'tfe_housekeeping_failures_total',
      help: 'Rounds of housekeeping that the store did not let happen, by chore; the next comes in its time.',
      labelNames: ['chore'],
      registers,
    })
  }

  /** In the text format of Prometheus. */
  text(
    store: StoreStatus,
    sightings: SightingCounts,
    maintenance: MaintenanceCounts,
  ): Promise<string> {
    this.#up.set(store.failure === undefined ? 1 : 0)
    this.#revision.set(store.revision)
    this.#answered.set(store.answeredAt / 1000)
    this.#buffered.set(sightings.buffered)
    const counted = [
      [this.#storeFailures, store.failures],
      [this.#recorded, sightings.recorded],
      [this.#dropped, sightings.dropped],
      [this.#batchFailures, sightings.failures],
      [this.#unverified, maintenance.unverifiedForgotten],
      [this.#sessions, maintenance.sessionsEnded],
    ] as const
    // Counted elsewhere: a counter here can only be set from nothing.
    for (const [counter, value] of counted) {
      counter.reset()
      counter.inc(value)
    }
    this.#jobsFailed.reset()
    for (const [chore, count] of Object.entries(maintenance.failures)) {
      this.#jobsFailed.inc({ chore }, count)
    }
    if (maintenance.keys !== undefined) {
      this.#keyFit.set(maintenance.keys.fault === undefined ? 1 : 0)
      this.#keyLacking.set(maintenance.keys.lacking.length)
      this.#secretsLeft.set(maintenance.keys.left)
    }
    return this.#registry.metrics()
  }
}
