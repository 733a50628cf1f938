import { Counter, Gauge, Registry } from 'prom-client'
import type { MaintenanceCounts } from './maintenance.ts'
import type { SightingCounts } from './sighting-writer.ts'
import type { StoreStatus } from './change-watcher.ts'

/** Metrics of the store, and of sightings on their way into it. */
export class StoreMetrics {
  readonly #registry = new Registry()
  readonly #up = this.#gauge(
    'tfe_store_up',
    '1 while the store answers; while it does not, the last known state stays in force.',
  )
  readonly #revision = this.#gauge(
    'tfe_store_revision',
    'The revision of the store that requests are judged by.',
  )
  readonly #answered = this.#gauge(
    'tfe_store_last_answer_timestamp_seconds',
    'When the store last answered (Unix time).',
  )
  readonly #storeFailures = this.#counter(
    'tfe_store_failures_total',
    'Times the store was asked for changes and did not answer.',
  )
  readonly #buffered = this.#gauge('tfe_sightings_buffered', 'Sightings that wait to be written.')
  readonly #recorded = this.#counter(
    'tfe_sightings_recorded_total',
    'Sightings that are durable in the store.',
  )
  readonly #dropped = this.#counter(
    'tfe_sightings_dropped_total',
    'Sightings dropped because the buffer was full.',
  )
  readonly #batchFailures = this.#counter(
    'tfe_sighting_batches_failed_total',
    'Batches of sightings that the store did not take; they are tried again.',
  )
  readonly #keyFit = this.#gauge(
    'tfe_key_usable',
    '1 while this front end can work with the key that secrets are sealed with now.',
  )
  readonly #keyLacking = this.#gauge(
    'tfe_key_lacking_replicas',
    'Replicas that reported within the last 15 minutes and lack the key that secrets are sealed with now.',
  )
  readonly #secretsLeft = this.#gauge(
    'tfe_secrets_under_old_keys',
    'Secrets that are still sealed with an older key.',
  )
  readonly #unverified = this.#counter(
    'tfe_unverified_devices_deleted_total',
    'Devices with certificates of no known CA that did not come back and were deleted.',
  )
  readonly #sessions = this.#counter(
    'tfe_admin_sessions_swept_total',
    'Sessions of administrators that had ended and were thrown away.',
  )
  readonly #jobsFailed = new Counter({
    name: 'tfe_maintenance_failures_total',
    help: 'Maintenance jobs that failed because the store did, by job; each is tried again in its next period.',
    labelNames: ['job'],
    registers: [this.#registry],
  })

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
    for (const [job, count] of Object.entries(maintenance.failures)) {
      this.#jobsFailed.inc({ job }, count)
    }
    if (maintenance.keys !== undefined) {
      this.#keyFit.set(maintenance.keys.fault === undefined ? 1 : 0)
      this.#keyLacking.set(maintenance.keys.lacking.length)
      this.#secretsLeft.set(maintenance.keys.left)
    }
    return this.#registry.metrics()
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] })
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] })
  }
}
