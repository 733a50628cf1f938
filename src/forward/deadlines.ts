/**
 * The deadlines of all connections of one listener, or of all exchanges with one upstream, looked at together a few times a second: a timer for each
 * request would cost more than the request's own book-keeping.
 */
import { performance } from 'node:perf_hooks'
import type { DeadlineItem, Deadlines } from '../kernel/ports.ts'

/** A `DeadlineSweeper` checks all items a few times a second; without items it has no timer. */
export class DeadlineSweeper implements Deadlines {
  readonly #period: number
  // Not a `Set`: the tables it outgrows keep pointing at what was in them, and so carried every third exchange
  // into the old generation (measured: garbage collection took 12 µs of a request instead of 2).
  readonly #items: DeadlineItem[] = []
  #timer: NodeJS.Timeout | undefined
  #now = performance.now()

  /** `shortest` is the shortest deadline that will be watched, in milliseconds. */
  constructor(shortest: number) {
    this.#period = Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, shortest / 4))
  }

  /** Milliseconds, at most one period old: what a deadline is measured from. */
  get now(): number {
    return this.#now
  }

  /** How late a deadline may be noticed, and how much too early it would be without being added to it. */
  get period(): number {
    return this.#period
  }

  add(item: DeadlineItem): void {
    item.slot = this.#items.push(item) - 1
    if (this.#timer !== undefined) return
    this.#now = performance.now()
    this.#timer = setInterval(() => this.#sweep(), this.#period)
    this.#timer.unref()
  }

  remove(item: DeadlineItem): void {
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#items[item.slot] = last
    last.slot = item.slot
  }

  #sweep(): void {
    this.#now = performance.now()
    if (this.#items.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    // Backwards, because a check may remove what it checks: its place is then taken by one that was looked at.
    for (let slot = this.#items.length - 1; slot >= 0; slot -= 1) {
      this.#items[slot]?.check(this.#now)
    }
  }
}

/** Twice a second is often enough for limits of seconds. */
const MAX_PERIOD_MS = 500
/** Below this the looking itself would show up in a profile. */
const MIN_PERIOD_MS = 20
