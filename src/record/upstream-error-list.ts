/**
 * The list of upstream errors that administrators look at: all processes' together, one entry per server and fault,
 * until an administrator clears it or the front end ends. The log keeps each failure and the metrics their number.
 */
import type { Instant } from '../kernel/types.ts'
import { errorKey, type UpstreamErrorEntry, type UpstreamErrorSink } from './upstream-errors.ts'

/** Selects entries; what is left out matches any. */
export interface ErrorFilter {
  readonly upstream?: string | undefined
  readonly server?: string | undefined
  readonly code?: string | undefined
}

/** The list as of now. */
export interface ListedErrors {
  /** Latest first. */
  readonly items: readonly UpstreamErrorEntry[]
  /** When the list began. */
  readonly since: Instant
  /** Errors that are in none of the entries: theirs did not fit, or was evicted. */
  readonly lost: number
}

/** One per front end, in the process that administers it. */
export class UpstreamErrorList implements UpstreamErrorSink {
  readonly #since: Instant
  readonly #limit: number
  /** The one that was met last is last. */
  readonly #entries = new Map<string, UpstreamErrorEntry>()
  #lost = 0

  constructor(since: Instant, limit = MAX_ENTRIES) {
    this.#since = since
    this.#limit = limit
  }

  onUpstreamErrors(errors: readonly UpstreamErrorEntry[], lost: number): void {
    this.#lost += lost
    for (const error of errors) this.#add(error)
  }

  list(filter: ErrorFilter = {}): ListedErrors {
    const items = [...this.#entries.values()]
      .filter((one) => matchesFilter(one, filter))
      .toSorted((one, other) => other.last - one.last)
    return { items, since: this.#since, lost: this.#lost }
  }

  /** Takes off what is meant and was not met again after `until`; says how many entries that were. */
  clear(filter: ErrorFilter, until: Instant): number {
    const seen = this.list(filter).items.filter(({ last }) => last <= until)
    for (const one of seen) this.#entries.delete(errorKey(one))
    return seen.length
  }

  #add(error: UpstreamErrorEntry): void {
    const key = errorKey(error)
    const before = this.#entries.get(key)
    this.#entries.delete(key)
    if (this.#entries.size >= this.#limit) this.#dropOldest()
    this.#entries.set(key, before === undefined ? error : merged(before, error))
  }

  /** What was met longest ago is the likeliest to be over. */
  #dropOldest(): void {
    for (const [key, { count }] of this.#entries) {
      this.#entries.delete(key)
      this.#lost += count
      return
    }
  }
}

/** Workers tell in turn, not in the order in which things happened. */
function merged(before: UpstreamErrorEntry, error: UpstreamErrorEntry): UpstreamErrorEntry {
  const latest = error.last >= before.last ? error : before
  return {
    ...latest,
    count: before.count + error.count,
    first: Math.min(before.first, error.first) as Instant,
  }
}

const matchesFilter = (one: UpstreamErrorEntry, { upstream, server, code }: ErrorFilter): boolean =>
  (upstream === undefined || one.upstream === upstream) &&
  (server === undefined || one.server === server) &&
  (code === undefined || one.code === code)

/**
 * A hundred servers with five faults each. An entry with the longest chain and names that a server can show takes
 * some 20 KB, so 10 MB at the very most; an ordinary one takes 1 KB.
 */
const MAX_ENTRIES = 500
