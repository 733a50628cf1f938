import { MetricSet } from '../../record/metric-set.ts'
import type { RefreshResult, ConfiguredCrl } from '../../revoke/crl-refresher.ts'
import type { CrlFacts } from '../../revoke/registry.ts'

const LIST_LABELS = ['setting', 'list']

/** Revocation lists as a scraper sees them; counted where they are fetched, not in every worker. */
export class RevocationMetrics {
  readonly #metrics = new MetricSet()
  readonly #refreshes = this.#metrics.counter('tfe_crl_refresh_total', {
    help: 'Attempts to read a revocation list that were news, by outcome: applied, unchanged, or the code of the failure.',
    labelNames: [...LIST_LABELS, 'outcome'],
  })
  readonly #age = this.#metrics.gauge('tfe_crl_age_seconds', {
    help: 'How long ago the revocation list in force was made (thisUpdate); missing where none was ever read.',
    labelNames: LIST_LABELS,
  })
  readonly #nextUpdate = this.#metrics.gauge('tfe_crl_next_update_seconds', {
    help: 'When the successor of the revocation list in force is due (Unix time).',
    labelNames: LIST_LABELS,
  })
  readonly #entries = this.#metrics.gauge('tfe_crl_entries', {
    help: 'Certificates that the revocation list in force names.',
    labelNames: LIST_LABELS,
  })

  readonly #missing = this.#metrics.gauge('tfe_enrollment_setting_list_missing', {
    help: '1 for an enrollment setting in force without a revocation list although its certificates say where one is.',
    labelNames: ['setting'],
  })

  /** The setting and the number of the list come from the configuration, so the labels are bounded. */
  countAttempt({ setting, number }: ConfiguredCrl, attempt: RefreshResult): void {
    const outcome = attempt.kind === 'failed' ? attempt.why.kind : attempt.kind
    this.#refreshes.inc({ setting, list: String(number), outcome })
  }

  /** In the text format of Prometheus; empty where no list is named. */
  async text(
    lists: readonly CrlFacts[],
    missing: readonly { readonly setting: string }[],
    now: number,
  ): Promise<string> {
    this.#missing.reset()
    for (const { setting } of missing) this.#missing.set({ setting }, 1)
    for (const gauge of [this.#age, this.#nextUpdate, this.#entries]) gauge.reset()
    for (const { setting, number, inForce: taken } of lists) {
      // What no longer counts needs no successor.
      const inForce = taken.filter(({ superseded }) => !superseded)
      if (inForce.length === 0) continue
      const labels = { setting, list: String(number) }
      // Of several in one place, the one that needs a successor first.
      const oldest = Math.min(...inForce.map(({ thisUpdate }) => thisUpdate))
      this.#age.set(labels, Math.max(0, now - oldest) / 1000)
      this.#nextUpdate.set(labels, Math.min(...inForce.map(({ nextUpdate }) => nextUpdate)) / 1000)
      this.#entries.set(
        labels,
        inForce.reduce((sum, { entries }) => sum + entries, 0),
      )
    }
    return lists.length === 0 && missing.length === 0 ? '' : this.#metrics.text()
  }
}
