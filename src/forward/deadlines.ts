/**
 * The deadlines of all exchanges with one upstream, looked at together a few times a second: a timer for each
 * request would cost more than the request's own book-keeping.
 */
import { performance } from 'node:perf_hooks'

/** Something that may be overdue. */
export interface Watched {
  /** Its place in the watch's list; the watch alone sets it. */
  slot: number
  /** `now` and all the times it compares are this watch's own. */
  check(now: number): void
}

/** Looks at whatever is under way, and sleeps when nothing is. */
export class Watch {
  readonly #period: number
  // Not a `Set`: the tables it outgrows keep pointing at what was in them, and so carried every third exchange
  // into the old generation (measured: garbage collection took 12 µs of a request instead of 2).
  readonly #watched: Watched[] = []
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

  add(watched: Watched): void {
    watched.slot = this.#watched.push(watched) - 1
    if (this.#timer !== undefined) return
    this.#now = performance.now()
    this.#timer = setInterval(() => this.#look(), this.#period)
    this.#timer.unref()
  }

  remove(watched: Watched): void {
    const last = this.#watched.pop()
    if (last === undefined || last === watched) return
    this.#watched[watched.slot] = last
    last.slot = watched.slot
  }

  #look(): void {
    this.#now = performance.now()
    if (this.#watched.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    // Backwards, because a check may remove what it checks: its place is then taken by one that was looked at.
    for (let slot = this.#watched.length - 1; slot >= 0; slot -= 1) {
      this.#watched[slot]?.check(this.#now)
    }
  }
}

/** Twice a second is often enough for limits of seconds. */
const MAX_PERIOD_MS = 500
/** Below this the looking itself would show up in a profile. */
const MIN_PERIOD_MS = 20
