/**
 * Who was seen, on the way into the store: gathered, merged, written in batches, and kept while the store is away, up
 * to a bound. What does not fit is counted, so that nobody takes a gap for silence.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Result } from '../../kernel/types.ts'
import { isTrouble } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Recorded, Sighting } from '../../store/devices/sighting.ts'

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
  /** Why the last attempt failed; undefined when it did not. */
  readonly trouble: StoreFailure | undefined
}

/** Whoever is told how writing fares; once each time that it changes. */
export interface LedgerListener {
  /** A batch was not taken; it waits on. */
  away(why: StoreFailure): void
  back(): void
  /** A batch met a bug, or can never be taken, and is dropped. */
  dropped(many: number, error: unknown): void
  /** The program ends, and so many sightings did not reach the store in time. */
  late(many: number, why: StoreFailure | undefined): void
}

export interface LedgerOptions {
  readonly listener?: LedgerListener
  /** Different sightings that may wait. */
  readonly limit?: number
  readonly batch?: number
  /** Milliseconds that the first of a batch waits for others. */
  readonly gatherMs?: number
  readonly retryMs?: number
  /** How long the last of all may take when the program ends. */
  readonly closeMs?: number
}

/** One per machine, in the process that has the store. */
export class Ledger {
  readonly #store: LedgerStore
  readonly #options: Required<LedgerOptions>
  /** By everything but time and count: a device that calls often is one entry. */
  readonly #waiting = new Map<string, Sighting>()
  /** What is being written; it stays here until it is durable. */
  #writing: readonly Sighting[] = []
  /** Sums of both, and how many of those that wait are nobody's whom a CA vouches for. */
  #buffered = 0
  #strangers = 0
  #timer: NodeJS.Timeout | undefined
  /** One attempt at a time: while the store keeps one waiting, others would pile up behind it. */
  #attempt: Promise<void> | undefined
  #closed = false
  #recorded = 0
  #dropped = 0
  #failures = 0
  #trouble: StoreFailure | undefined

  constructor(store: LedgerStore, options: LedgerOptions = {}) {
    this.#store = store
    this.#options = {
      limit: LIMIT,
      batch: BATCH,
      gatherMs: GATHER_MS,
      retryMs: RETRY_MS,
      closeMs: CLOSE_MS,
      listener: NOBODY,
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
      buffered: this.#buffered,
      dropped: this.#dropped,
      failures: this.#failures,
      trouble: this.#trouble,
    }
  }

  /** Writes what waits, as long as the store takes it. */
  flush(): Promise<void> {
    if (this.#attempt !== undefined) return this.#attempt
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#buffered === 0) return Promise.resolve()
    this.#attempt = this.#write().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  /** Writes the last, as long as there is patience; what the store does not take by then is counted as dropped. */
  async close(): Promise<void> {
    const late = Date.now() + this.#options.closeMs
    // Nobody adds to this any more: a store that restarts meanwhile is asked again, one that is gone is not waited for.
    for (;;) {
      await this.flush()
      if (this.#buffered === 0 || Date.now() + this.#options.retryMs > late) break
      if (this.#trouble?.kind === 'store-closed') break
      await pause(this.#options.retryMs)
    }
    this.#closed = true
    clearTimeout(this.#timer)
    if (this.#buffered > 0) this.#options.listener.late(this.#buffered, this.#trouble)
    this.#dropped += this.#buffered
    this.#buffered = 0
    this.#writing = []
    this.#waiting.clear()
  }

  #note(sighting: Sighting): void {
    const key = keyOf(sighting)
    const before = this.#waiting.get(key)
    if (before === undefined && !this.#hasRoom(sighting)) {
      this.#dropped += sighting.count
      return
    }
    this.#buffered += sighting.count
    if (before === undefined && isStranger(sighting)) this.#strangers += 1
    const count = sighting.count + (before?.count ?? 0)
    const at = before !== undefined && before.at > sighting.at ? before.at : sighting.at
    // Behind those that came meanwhile: the last word on a device is the newest.
    this.#waiting.delete(key)
    this.#waiting.set(key, { ...sighting, count, at })
  }

  #hasRoom(sighting: Sighting): boolean {
    const { limit } = this.#options
    if (this.#waiting.size + this.#writing.length >= limit) return false
    return !isStranger(sighting) || this.#strangers < limit / STRANGERS
  }

  #later(ms: number): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => {
      // Also where an attempt is under way, or it would be the last one.
      this.#timer = undefined
      void this.flush()
    }, ms).unref()
  }

  async #write(): Promise<void> {
    try {
      while (this.#writing.length > 0 || this.#waiting.size > 0) {
        if (this.#writing.length === 0) this.#writing = this.#nextBatch()
        const written = await this.#store.record(this.#writing)
        if (!written.ok) return this.#failed(written.failure)
        if (this.#trouble !== undefined) this.#options.listener.back()
        this.#trouble = undefined
        this.#recorded += this.#taken()
      }
    } catch (error) {
      this.#drop(error)
    }
  }

  #failed(why: StoreFailure): void {
    this.#failures += 1
    if (isTrouble(why)) {
      if (this.#trouble?.kind !== why.kind) this.#options.listener.away(why)
      this.#trouble = why
      this.#later(this.#options.retryMs)
    } else this.#drop(why)
  }

  /** A batch that the store can never take must not stop those behind it. */
  #drop(error: unknown): void {
    const many = this.#taken()
    this.#dropped += many
    this.#options.listener.dropped(many, error)
    this.#later(this.#options.retryMs)
  }

  /** How many sightings the batch held that does not wait any more. */
  #taken(): number {
    const many = countOf(this.#writing)
    this.#buffered -= many
    this.#writing = []
    return many
  }

  #nextBatch(): readonly Sighting[] {
    const batch: Sighting[] = []
    for (const [key, sighting] of this.#waiting) {
      batch.push(sighting)
      this.#waiting.delete(key)
      if (isStranger(sighting)) this.#strangers -= 1
      if (batch.length >= this.#options.batch) break
    }
    return batch
  }
}

/** A certificate that no CA vouches for: anybody can make up any number of those. */
const isStranger = ({ certificate }: Sighting): boolean => certificate?.sound === false

const countOf = (sightings: Iterable<Sighting>): number => {
  let sum = 0
  for (const { count } of sightings) sum += count
  return sum
}

const NOBODY: LedgerListener = { away() {}, back() {}, dropped() {}, late() {} }

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
/** The part of the room that is left to strangers: they must not crowd out the fleet while the store is away. */
const STRANGERS = 5
/** A transaction of some 50 ms, in which administrators wait; reading and linking it holds up requests for half of that. */
const BATCH = 500
const GATHER_MS = 1000
/** A store that is locked for a moment is soon free; one that is away is asked once a second. */
const RETRY_MS = 1000
/** What an orchestrator allows for the end (10 to 30 s) holds the last requests, this, and some air. */
const CLOSE_MS = 5000
