import { MetricSet } from '../../record/metric-set.ts'
import type { HistoryCounts } from '../history/recorder.ts'
import type { MaintenanceCounts } from './maintenance.ts'
import type { RefusalCounts } from './refusal-writer.ts'
import type { SightingCounts } from './sighting-writer.ts'
import type { StoreStatus } from './change-watcher.ts'

/** What the metrics say. */
export interface StoreFacts {
  readonly store: StoreStatus
  readonly sightings: SightingCounts
  readonly refusals: RefusalCounts
  readonly maintenance: MaintenanceCounts
  readonly history: HistoryCounts
}

/** Metrics of the store, and of sightings and refusals on their way into it. */
export class StoreMetrics {
  readonly #metrics = new MetricSet()
  readonly #up = this.#metrics.gauge('tfe_store_up', {
    help: '1 while the store answers; while it does not, the last known state stays in force.',
  })
  readonly #inPlace = this.#metrics.gauge('tfe_store_file_in_place', {
    help: '0 while the path of the store names another file than the one that is open, or that one was written over: changes are refused, and the last known state stays in force.',
  })
  readonly #writable = this.#metrics.gauge('tfe_store_writable', {
    help: '0 while the store is known not to be writable: changes are refused.',
  })
  readonly #revision = this.#metrics.gauge('tfe_store_revision', {
    help: 'The revision of the store that requests are judged by.',
  })
  readonly #answered = this.#metrics.gauge('tfe_store_last_answer_timestamp_seconds', {
    help: 'When the store last answered (Unix time).',
  })
  readonly #storeFailures = this.#metrics.counter('tfe_store_failures_total', {
    help: 'Times the store was asked for changes and did not answer.',
  })
  readonly #buffered = this.#metrics.gauge('tfe_sightings_buffered', {
    help: 'Sightings that wait to be written.',
  })
  readonly #recorded = this.#metrics.counter('tfe_sightings_recorded_total', {
    help: 'Sightings that are durable in the store.',
  })
  readonly #dropped = this.#metrics.counter('tfe_sightings_dropped_total', {
    help: 'Sightings dropped because the buffer was full.',
  })
  readonly #batchFailures = this.#metrics.counter('tfe_sighting_batches_failed_total', {
    help: 'Batches of sightings that the store did not take; they are tried again.',
  })
  readonly #keyFit = this.#metrics.gauge('tfe_key_usable', {
    help: '1 while this front end can work with the key that secrets are sealed with now.',
  })
  readonly #keyLacking = this.#metrics.gauge('tfe_key_lacking_replicas', {
    help: 'Replicas that reported within the last 15 minutes and lack the key that secrets are sealed with now.',
  })
  readonly #secretsLeft = this.#metrics.gauge('tfe_secrets_under_old_keys', {
    help: 'Secrets that are still sealed with an older key.',
  })
  readonly #departing = this.#metrics.gauge('tfe_devices_by_departure', {
    help: "Devices that depart from what the server's documents say of their class, by how, as last counted: every 5 minutes while the store answers. A device may depart in several ways.",
    labelNames: ['departure'],
  })
  readonly #unverified = this.#metrics.counter('tfe_unverified_devices_deleted_total', {
    help: 'Devices with certificates of no known CA that did not come back and were deleted.',
  })
  readonly #sessions = this.#metrics.counter('tfe_admin_sessions_swept_total', {
    help: 'Sessions of administrators that had ended and were thrown away.',
  })
  readonly #jobsFailed = this.#metrics.counter('tfe_maintenance_failures_total', {
    help: 'Maintenance jobs that failed because the store did, by job; each is tried again in its next period.',
    labelNames: ['job'],
  })

  readonly #refusalsKept = this.#metrics.counter('tfe_refusals_kept_total', {
    help: 'Refusals that were written to the store, so that their references lead somewhere.',
  })
  readonly #refusalsNotKept = this.#metrics.counter('tfe_refusals_not_kept_total', {
    help: 'Refusals that were counted and not kept, because the share of their code and address (`other`) or of their known device (`known`) was full.',
    labelNames: ['share'],
  })
  readonly #refusalsPushedOut = this.#metrics.counter('tfe_refusals_pushed_out_total', {
    help: 'Refusals that were in the store and gave way to newer ones of the same share.',
  })
  readonly #refusalsExpired = this.#metrics.counter('tfe_refusals_expired_total', {
    help: 'Refusals that were deleted because they were kept for as long as the configuration says.',
  })
  readonly #refusalsBuffered = this.#metrics.gauge('tfe_refusals_buffered', {
    help: 'Refusals that wait to be written.',
  })
  readonly #refusalFailures = this.#metrics.counter('tfe_refusal_batches_failed_total', {
    help: 'Batches of refusals that the store did not take; they are tried again.',
  })

  readonly #historyBuffered = this.#metrics.gauge('tfe_history_buffered', {
    help: 'Hours whose counts wait to be rolled up in the store.',
  })
  readonly #historyDropped = this.#metrics.counter('tfe_history_dropped_total', {
    help: 'Hours, or parts of them, whose counts were dropped because the store was away for a week or did not take them.',
  })
  readonly #historyFailures = this.#metrics.counter('tfe_history_failures_total', {
    help: 'Times that counts could not be written into the history, or the numbers of the fleet not be read; counts wait meanwhile.',
  })

  /** In the text format of Prometheus. */
  text({ store, sightings, refusals, maintenance, history }: StoreFacts): Promise<string> {
    this.#up.set(store.failure === undefined ? 1 : 0)
    this.#inPlace.set(store.failure?.kind === 'store-replaced' ? 0 : 1)
    this.#writable.set(
      store.failure?.kind === 'store-replaced' || store.failure?.kind === 'store-read-only' ? 0 : 1,
    )
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
      [this.#refusalsKept, refusals.kept],
      [this.#refusalsPushedOut, refusals.pushedOut],
      [this.#refusalsExpired, maintenance.refusalsDeleted],
      [this.#refusalFailures, refusals.failures],
      [this.#historyDropped, history.dropped],
      [this.#historyFailures, history.failures],
    ] as const
    // Counted elsewhere: a counter here can only be set from nothing.
    for (const [counter, value] of counted) {
      counter.reset()
      counter.inc(value)
    }
    this.#refusalsBuffered.set(refusals.buffered)
    this.#historyBuffered.set(history.buffered)
    this.#refusalsNotKept.reset()
    for (const share of ['known', 'other'] as const) {
      this.#refusalsNotKept.inc({ share }, refusals.notKept[share])
    }
    this.#jobsFailed.reset()
    for (const [job, count] of Object.entries(maintenance.failures)) {
      this.#jobsFailed.inc({ job }, count)
    }
    this.#departing.reset()
    for (const { code, devices } of maintenance.departures ?? []) {
      this.#departing.set({ departure: code }, devices)
    }
    if (maintenance.keys !== undefined) {
      this.#keyFit.set(maintenance.keys.fault === undefined ? 1 : 0)
      this.#keyLacking.set(maintenance.keys.lacking.length)
      this.#secretsLeft.set(maintenance.keys.left)
    }
    return this.#metrics.text()
  }
}
