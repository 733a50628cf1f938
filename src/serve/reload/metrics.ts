import { MetricSet } from '../../record/metric-set.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'

/** Reloads, and the configuration in force; counted where they are decided, not in every worker. */
export class ReloadMetrics {
  readonly #metrics = new MetricSet()
  readonly #reloads = this.#metrics.counter('tfe_reload_total', {
    help: 'Reloads by outcome.',
    labelNames: ['outcome'],
  })
  readonly #required = this.#metrics.gauge('tfe_certificates_required', {
    help: 'Whether certificates are required (1) or recorded (0), by who says what is in force: only the latch is for good.',
    labelNames: ['said_by'],
  })
  readonly #differences = this.#metrics.gauge('tfe_config_differences', {
    help: 'In how many things the configuration file says another thing than the store.',
  })
  readonly #held = this.#metrics.gauge('tfe_config_held_differences', {
    help: 'Those of which the file says the stricter thing, which holds unstored: 0 is wanted.',
  })

  constructor() {
    // Zeros, so that the first refused reload shows as an increase.
    for (const outcome of ['applied', 'unchanged', 'refused']) this.#reloads.inc({ outcome }, 0)
  }

  count(outcome: 'applied' | 'unchanged' | 'refused'): void {
    this.#reloads.inc({ outcome })
  }

  /** In the text format of Prometheus. */
  text({
    enforcement,
    differences,
  }: Pick<CompiledConfig, 'differences' | 'enforcement'>): Promise<string> {
    this.#required.reset()
    const { state, saidBy } = enforcement
    this.#required.set({ said_by: saidBy }, state === 'required' ? 1 : 0)
    this.#differences.set(differences.length)
    this.#held.set(differences.filter(({ holds }) => holds).length)
    return this.#metrics.text()
  }
}
