import { MetricSet } from '../../record/metric-set.ts'

/** Reloads by outcome; counted where they are decided, not in every worker. */
export class ReloadMetrics {
  readonly #metrics = new MetricSet()
  readonly #reloads = this.#metrics.counter('tfe_reload_total', {
    help: 'Reloads by outcome.',
    labelNames: ['outcome'],
  })

  constructor() {
    // Zeros, so that the first refused reload shows as an increase.
    for (const outcome of ['applied', 'unchanged', 'refused']) this.#reloads.inc({ outcome }, 0)
  }

  count(outcome: 'applied' | 'unchanged' | 'refused'): void {
    this.#reloads.inc({ outcome })
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#metrics.text()
  }
}
