import { Counter, Registry } from 'prom-client'

/** Reloads by outcome; counted where they are decided, not in every worker. */
export class ReloadMetrics {
  readonly #registry = new Registry()
  readonly #reloads = new Counter({
    name: 'tfe_reload_total',
    help: 'Reloads by outcome.',
    labelNames: ['outcome'],
    registers: [this.#registry],
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
    return this.#registry.metrics()
  }
}
