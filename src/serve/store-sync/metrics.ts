import { Counter, Gauge, Registry } from 'prom-client'
import type { HousekeepingCounts } from './maintenance.ts'
import type { LedgerCounts } from './sighting-writer.ts'
import type { LinkFacts } from './change-watcher.ts'

/** What a scrape is told about the store, and about sightings on their way into it. */
export class StoreMetrics {
  readonly #registry = new Registry()
  readonly #up: Gauge
  readonly #revision: Gauge
  readonly #answered: Gauge
  readonly #troubles: Counter
  readonly #buffered: Gauge
  readonly #recorded: Counter
  readonly #dropped: Counter
  readonly #failures: Counter
  readonly #keyFit: Gauge
  readonly #keyLacking: Gauge
  readonly #secretsLeft: Gauge
  readonly #strangers: Counter
  readonly #sessions: Counter
  readonly #choresFailed: Counter

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
    this.#troubles = new Counter({
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
    this.#failures = new Counter({
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
    this.#strangers = new Counter({
      name: 'tfe_strangers_forgotten_total',
      help: 'Devices that nobody vouched for, did not come back, and were forgotten.',
      registers,
    })
    this.#sessions = new Counter({
      name: 'tfe_admin_sessions_swept_total',
      help: 'Sessions of administrators that had ended and were thrown away.',
      registers,
    })
    this.#choresFailed = new Counter({
      name: 'tfe_housekeeping_failures_total',
      help: 'Rounds of housekeeping that the store did not let happen, by chore; the next comes in its time.',
      labelNames: ['chore'],
      registers,
    })
  }

  /** In the text format of Prometheus. */
  text(link: LinkFacts, ledger: LedgerCounts, chores: HousekeepingCounts): Promise<string> {
    this.#up.set(link.trouble === undefined ? 1 : 0)
    this.#revision.set(link.revision)
    this.#answered.set(link.answeredAt / 1000)
    this.#buffered.set(ledger.buffered)
    const counted = [
      [this.#troubles, link.troubles],
      [this.#recorded, ledger.recorded],
      [this.#dropped, ledger.dropped],
      [this.#failures, ledger.failures],
      [this.#strangers, chores.strangersForgotten],
      [this.#sessions, chores.sessionsEnded],
    ] as const
    // Counted elsewhere: a counter here can only be set from nothing.
    for (const [counter, value] of counted) {
      counter.reset()
      counter.inc(value)
    }
    this.#choresFailed.reset()
    for (const [chore, count] of Object.entries(chores.failures)) {
      this.#choresFailed.inc({ chore }, count)
    }
    if (chores.keys !== undefined) {
      this.#keyFit.set(chores.keys.fault === undefined ? 1 : 0)
      this.#keyLacking.set(chores.keys.lacking.length)
      this.#secretsLeft.set(chores.keys.left)
    }
    return this.#registry.metrics()
  }
}
