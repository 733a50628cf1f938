/**
 * The metrics of all workers as those of one program. What a worker has counted goes on counting when it is gone, or a
 * counter would fall, and a scraper take that for a restart of the program.
 */
import type { Registry } from 'prom-client'
import {
  foldedFamilies,
  joinedFamilies,
  lastingFamilies,
  type MetricFamilies,
} from '../../record/metric-families.ts'

export class WorkerMetrics {
  /** What each worker said last, by the id that no other worker of this program has. */
  readonly #last = new Map<number, MetricFamilies>()
  /** What those that are gone had counted, put together: it does not grow with their number. */
  #gone: MetricFamilies = []

  joined(id: number): void {
    this.#last.set(id, [])
  }

  /** Takes what a worker says; what arrives of one that is gone was counted when it went. */
  heard(id: number, families: MetricFamilies): void {
    if (this.#last.has(id)) this.#last.set(id, families)
  }

  /** Keeps what a worker had counted when it was heard last. */
  left(id: number): void {
    const last = this.#last.get(id)
    if (last === undefined) return
    this.#last.delete(id)
    this.#gone = foldedFamilies([this.#gone, lastingFamilies(last)])
  }

  /** All together, with those of the primary; a worker that gives no answer counts as it was heard last. */
  all(primary: MetricFamilies): Registry {
    return joinedFamilies([primary, ...this.#last.values(), this.#gone])
  }
}
