/**
 * Who was seen, on the way into the store: gathered, merged, written in batches, and kept while the store is away, up
 * to a bound. What does not fit is counted, so that nobody takes a gap for silence.
 */
import type { Result } from '../kernel/types.ts'
import { isTrouble } from '../store/explain.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { Recorded, Sighting } from '../store/sighting.ts'

/** Where batches go. */
export interface LedgerStore {
  record(sightings: readonly Sighting[]): Promise<Result<Recorded, StoreFailure>>
}

/** What became of sightings so far. */
export interface LedgerCounts {
  /** Sightings that are durable in the store. */
  readonly recorded: number
  /** Sightings that wait. */
  readonly buffered: number
  /** Sightings that nobody will ever count: there was no room, or a worker had none. */
  readonly dropped: number
  /** Attempts that the store failed; what they carried waits on. */
  readonly failures: number
}

export interface LedgerOptions {
  /** Different sightings that may wait. */
  readonly limit?: number
  readonly batch?: number
  /** Milliseconds that the first of a batch waits for others. */
  readonly gatherMs?: number
  readonly retryMs?: number
}

/** One per machine, in the process that has the store. */
export class Ledger {
  readonly #store: LedgerStore
  readonly #options: Required<LedgerOptions>
  /** By everything but time and count: a device that calls often is one entry. */
  readonly #waiting = new Map<string, Sighting>()
  /** What is being written; it stays here until it is durable. */
  #writing: readonly Sighting[] = []
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #closed = false
  #recorded = 0
  #dropped = 0
  #failures = 0

  constructor(store: LedgerStore, options: LedgerOptions = {}) {
    this.#store = store
    this.#options = {
      limit: LIMIT,
      batch: BATCH,
      gatherMs: GATHER_MS,
      retryMs: RETRY_MS,
      ...options,
    }
  }

  /** Takes sightings in; costs a map entry each. `lost` counts those that came to nobody. */
  add(sightings: readonly Sighting[], lost: number): void {
    this.#dropped += lost
    for (const sighting of sightings) this.#note(sighting)
    if (this.#waiting.size > 0) this.#later(this.#options.gatherMs)
  }

  counts(): LedgerCounts {
    return {
      recorded: this.#recorded,
      buffered: countOf(this.#writing) + countOf(this.#waiting.values()),
      dropped: this.#dropped,
      failures: this.#failures,
    }
  }

  /** Writes what waits, as long as the store takes it. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#turn = this.#turn.then(() => this.#write())
    return this.#turn
  }

  /** Writes the last; what the store does not take by then is counted as dropped. */
  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
    clearTimeout(this.#timer)
    this.#dropped += countOf(this.#writing) + countOf(this.#waiting.values())
    this.#writing = []
    this.#waiting.clear()
  }

  #note(sighting: Sighting): void {
    const key = keyOf(sighting)
    const before = this.#waiting.get(key)
    if (before === undefined && this.#waiting.size + this.#writing.length >= this.#options.limit) {
      this.#dropped += sighting.count
      return
    }
    const count = sighting.count + (before?.count ?? 0)
    const at = before !== undefined && before.at > sighting.at ? before.at : sighting.at
    // Behind those that came meanwhile: the last word on a device is the newest.
    this.#waiting.delete(key)
    this.#waiting.set(key, { ...sighting, count, at })
  }

  #later(ms: number): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => void this.flush(), ms).unref()
  }

  async #write(): Promise<void> {
    while (this.#writing.length > 0 || this.#waiting.size > 0) {
      if (this.#writing.length === 0) this.#writing = this.#nextBatch()
      const written = await this.#store.record(this.#writing)
      if (!written.ok) {
        this.#failures += 1
        // A batch that the store can never take must not stop those behind it.
        if (!isTrouble(written.failure)) this.#dropped += countOf(this.#drop())
        return this.#later(this.#options.retryMs)
      }
      this.#recorded += countOf(this.#writing)
      this.#writing = []
    }
  }

  #drop(): readonly Sighting[] {
    const gone = this.#writing
    this.#writing = []
    return gone
  }

  #nextBatch(): readonly Sighting[] {
    const batch: Sighting[] = []
    for (const [key, sighting] of this.#waiting) {
      batch.push(sighting)
      this.#waiting.delete(key)
      if (batch.length >= this.#options.batch) break
    }
    return batch
  }
}

const countOf = (sightings: Iterable<Sighting>): number => {
  let sum = 0
  for (const { count } of sightings) sum += count
  return sum
}

const keyOf = (one: Sighting): string =>
  [
    one.certificate?.fingerprint,
    one.certificate?.sound,
    one.listener,
    one.code,
    one.authentication,
    one.migration,
    one.reportedId,
    one.class,
    one.agent,
    one.agentVersion,
    one.approvesItself,
  ].join('\n')

/**
 * One minute and twelve seconds at 100,000 different sightings a minute, in some 130 MB: longer than a database takes
 * to restart or a backup tool to let go.
 */
const LIMIT = 120_000
/** A transaction of some 100 ms, in which administrators' changes wait. */
const BATCH = 2000
const GATHER_MS = 1000
/** A store that is locked for a moment is soon free; one that is away is asked once a second. */
const RETRY_MS = 1000
