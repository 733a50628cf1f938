/** Counts that wait to be written: one entry for each hour, of a bounded number of hours. */
import type { CountedHour, CountKind, HistoryEntry } from '../../fleet/history.ts'
import { HOUR_MS, type Instant } from '../../kernel/types.ts'

/** A `WaitingHours` adds up what is counted of an hour until it is taken. */
export class WaitingHours {
  readonly #limit: number
  readonly #hours = new Map<Instant, Map<string, HistoryEntry<CountKind>>>()
  /** Hours whose counts had no room. */
  dropped = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#hours.size
  }

  /** Adds counts to the hour of a point in time; of too many hours the oldest is dropped. */
  add(at: Instant, counts: readonly HistoryEntry<CountKind>[]): void {
    const begin = (at - (at % HOUR_MS)) as Instant
    const hour = this.#hours.get(begin) ?? new Map<string, HistoryEntry<CountKind>>()
    for (const one of counts) {
      const key = `${one.kind} ${one.name}`
      hour.set(key, { ...one, value: one.value + (hour.get(key)?.value ?? 0) })
    }
    this.#hours.set(begin, hour)
    if (this.#hours.size <= this.#limit) return
    this.#hours.delete(Math.min(...this.#hours.keys()) as Instant)
    this.dropped += 1
  }

  /** Takes the oldest hour out; undefined where none waits. */
  take(): CountedHour | undefined {
    if (this.#hours.size === 0) return undefined
    const at = Math.min(...this.#hours.keys()) as Instant
    const counts = [...(this.#hours.get(at)?.values() ?? [])]
    this.#hours.delete(at)
    return { at, counts }
  }
}
