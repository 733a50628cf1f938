/**
 * The deadlines of all exchanges with one upstream, looked at together a few times a second: a timer for each
 * request would cost more than the request's own book-keeping.
 */
import { performance } from 'node:perf_hooks'

/** Something that may be overdue. */
export interface Watched {
  /** `now` and all the times it compares are this watch's own. */
  check(now: number): void
}

/** Looks at whatever is under way, and sleeps when nothing is. */
export class Watch {
  readonly #period: number
  readonly #watched = new Set<Watched>()
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
    this.#watched.add(watched)
    if (this.#timer !== undefined) return
    this.#now = performance.now()
    this.#timer = setInterval(() => this.#look(), this.#period)
    this.#timer.unref()
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched)
  }

  #look(): void {
    this.#now = performance.now()
    if (this.#watched.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    for (const watched of this.#watched) watched.check(this.#now)
  }
}

/** Twice a second is often enough for limits of seconds. */
const MAX_PERIOD_MS = 500
/** Below this the looking itself would show up in a profile. */
const MIN_PERIOD_MS = 20
