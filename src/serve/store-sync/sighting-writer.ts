/**
 * Sightings of devices on their way into the store: gathered, merged, written in batches, and kept while the store is
 * away, up to a bound. What does not fit is counted, so that an administrator does not take a gap for silence.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { countText } from '../../kernel/count-text.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Result } from '../../kernel/types.ts'
import { explainStore, isTrouble } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { addExchange, type Sighting } from '../../fleet/sighting.ts'
import type { RecordResult } from '../../store/devices/sightings.ts'
import type { ProcessLogger } from '../log.ts'

/** Where batches go. */
export interface SightingStore {
  record(sightings: readonly Sighting[]): Promise<Result<RecordResult, StoreFailure>>
}

/** What became of sightings so far. */
export interface SightingCounts {
  /** Sightings that are durable in the store. */
  readonly recorded: number
  /** Sightings that wait. */
  readonly buffered: number
  /** Sightings that never reach the store: this buffer was full, or a worker's was. */
  readonly dropped: number
  /** Attempts that the store failed; what they carried waits on. */
  readonly failures: number
  /** Why the last attempt failed; undefined when it did not. */
  readonly lastFailure: StoreFailure | undefined
}

/** `1 sighting waits, 2 were dropped`. */
export const waitingText = (counts: Pick<SightingCounts, 'buffered' | 'dropped'>): string =>
  `${countText(counts.buffered, 'sighting waits', 'sightings wait')}, ${countText(counts.dropped, 'was', 'were')} dropped`

/** What is called when writing fails, or succeeds again; once each time that it changes. */
export interface SightingWriterEvents {
  /** A batch was not taken; it waits on. */
  storeFailed(why: StoreFailure): void
  storeAnswered(): void
  /** A batch hit an internal error, or can never be taken, and is dropped. */
  dropped(many: number, error: unknown): void
  /** The program ends, and so many sightings did not reach the store in time. */
  unwritten(many: number, why: StoreFailure | undefined): void
}

export interface SightingWriterOptions {
  readonly events?: SightingWriterEvents
  /** Different sightings that may wait. */
  readonly limit?: number
  readonly batch?: number
  /** Milliseconds that the first of a batch waits for others. */
  readonly delayMs?: number
  readonly retryMs?: number
  /** How long the last of all may take when the program ends. */
  readonly closeMs?: number
}

/** One per machine, in the process that has the store. */
export class SightingWriter {
  readonly #store: SightingStore
  readonly #options: Required<SightingWriterOptions>
  /** By everything but time and count: a device that calls often is one entry. */
  readonly #waiting = new Map<string, Sighting>()
  /** What is being written; it stays here until it is durable. */
  #writing: readonly Sighting[] = []
  /** The sightings of both, and how many of the waiting entries are of certificates that no known CA signed. */
  #buffered = 0
  #unverified = 0
  #timer: NodeJS.Timeout | undefined
  /** One attempt at a time: while the store keeps one waiting, others would pile up behind it. */
  #attempt: Promise<void> | undefined
  #closed = false
  #recorded = 0
  #dropped = 0
  #failures = 0
  #lastFailure: StoreFailure | undefined

  constructor(store: SightingStore, options: SightingWriterOptions = {}) {
    this.#store = store
    this.#options = {
      limit: LIMIT,
      batch: BATCH,
      delayMs: DELAY_MS,
      retryMs: RETRY_MS,
      closeMs: CLOSE_MS,
      events: NO_EVENTS,
      ...options,
    }
  }

  /** Takes sightings in; costs a map entry each. `lost` counts those that a worker had to drop. */
  add(sightings: readonly Sighting[], lost: number): void {
    this.#dropped += lost
    for (const sighting of sightings) this.#buffer(sighting)
    if (this.#waiting.size > 0) this.#schedule(this.#options.delayMs)
  }

  counts(): SightingCounts {
    return {
      recorded: this.#recorded,
      buffered: this.#buffered,
      dropped: this.#dropped,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
    }
  }

  /** Writes what waits, as long as the store takes it. */
  flush(): Promise<void> {
    if (this.#attempt !== undefined) return this.#attempt
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isEmpty()) return Promise.resolve()
    this.#attempt = this.#write().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  /** Writes the last, for `closeMs` at most; what the store does not take by then is counted as dropped. */
  async close(): Promise<void> {
    const deadline = performance.now() + this.#options.closeMs
    // No process adds sightings any more: a store that restarts is tried again, one that is gone is not waited for.
    for (;;) {
      await this.flush()
      if (this.#isEmpty() || performance.now() + this.#options.retryMs > deadline) break
      if (this.#lastFailure?.kind === 'store-closed') break
      await pause(this.#options.retryMs)
    }
    this.#closed = true
    clearTimeout(this.#timer)
    if (this.#buffered > 0) this.#options.events.unwritten(this.#buffered, this.#lastFailure)
    this.#dropped += this.#buffered
    this.#buffered = 0
    this.#writing = []
    this.#waiting.clear()
  }

  /** Sightings that only add octets count for none, and are written, too. */
  #isEmpty(): boolean {
    return this.#waiting.size + this.#writing.length === 0
  }

  #buffer(sighting: Sighting): void {
    // What a sync port carried keeps it open: made-up names elsewhere must not displace that.
    const isExchange = sighting.exchange !== undefined
    const hasRoom = this.#hasRoom(sighting) || (isExchange && this.#hasRoomToCount())
    if (this.#take(sighting, hasRoom)) return
    // Who it said to be is lost in a flood, and that it would be refused is not.
    if (sighting.wouldRefuse === true && isUnverified(sighting)) {
      if (this.#take(withoutName(sighting), this.#hasRoomToCount())) return
    }
    this.#dropped += sighting.count
  }

  /** Adds it to what waits, or beside it if there is room; returns whether either could be done. */
  #take(sighting: Sighting, hasRoom: boolean): boolean {
    const key = keyOf(sighting)
    const before = this.#waiting.get(key)
    if (before === undefined && !hasRoom) return false
    this.#buffered += sighting.count
    if (before === undefined && isUnverified(sighting)) this.#unverified += 1
    const count = sighting.count + (before?.count ?? 0)
    const at = before !== undefined && before.at > sighting.at ? before.at : sighting.at
    const { exchange } = sighting
    // Behind those that came meanwhile: the last word on a device is the newest.
    this.#waiting.delete(key)
    this.#waiting.set(key, {
      ...sighting,
      count,
      at,
      exchange: exchange && addExchange(exchange, before?.exchange),
    })
    return true
  }

  #hasRoom(sighting: Sighting): boolean {
    const { limit } = this.#options
    if (this.#waiting.size + this.#writing.length >= limit) return false
    return !isUnverified(sighting) || this.#unverified < limit / UNVERIFIED_SHARE
  }

  /** Kinds of refusals are few, and so that floods leave them room they have as much again. */
  #hasRoomToCount(): boolean {
    return this.#unverified < (2 * this.#options.limit) / UNVERIFIED_SHARE
  }

  #schedule(ms: number): void {
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
        if (this.#lastFailure !== undefined) this.#options.events.storeAnswered()
        this.#lastFailure = undefined
        this.#recorded += this.#takeWritten()
      }
    } catch (error) {
      this.#drop(error)
    }
  }

  #failed(why: StoreFailure): void {
    this.#failures += 1
    if (isTrouble(why)) {
      if (this.#lastFailure?.kind !== why.kind) this.#options.events.storeFailed(why)
      this.#lastFailure = why
      this.#schedule(this.#options.retryMs)
    } else this.#drop(why)
  }

  /** A batch that the store can never take must not stop those behind it. */
  #drop(error: unknown): void {
    const many = this.#takeWritten()
    this.#dropped += many
    this.#options.events.dropped(many, error)
    this.#schedule(this.#options.retryMs)
  }

  /** How many sightings the batch held that does not wait any more. */
  #takeWritten(): number {
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
      if (isUnverified(sighting)) this.#unverified -= 1
      if (batch.length >= this.#options.batch) break
    }
    return batch
  }
}

/** Returns listeners that log what happens to sightings on their way into the store. */
export const sightingWriterLog = ({ log }: ProcessLogger): SightingWriterEvents => ({
  storeFailed: (why) =>
    log.error(explanationFields(explainStore(why)), 'sightings cannot be written: they wait'),
  storeAnswered: () => log.info({}, 'sightings are written again'),
  dropped: (sightings, error) =>
    log.error({ sightings, err: error }, 'internal error: a batch of sightings is dropped'),
  unwritten: (sightings, why) => {
    const facts = why === undefined ? {} : explanationFields(explainStore(why))
    log.error({ sightings, ...facts }, 'the last sightings did not reach the store in time')
  },
})

/** Without a certificate that a known CA signed: any client can make up any number of those, and of ids. */
const isUnverified = ({ certificate }: Sighting): boolean => certificate?.sound !== true

/** The same, of no device in particular. */
const withoutName = (sighting: Sighting): Sighting => ({
  ...sighting,
  certificate: undefined,
  reportedId: undefined,
  class: undefined,
  agent: undefined,
  agentVersion: undefined,
  agentRank: undefined,
  migration: undefined,
  exchange: undefined,
})

const countOf = (sightings: Iterable<Sighting>): number => {
  let sum = 0
  for (const { count } of sightings) sum += count
  return sum
}

const NO_EVENTS: SightingWriterEvents = {
  storeFailed() {},
  storeAnswered() {},
  dropped() {},
  unwritten() {},
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
    one.row,
    one.wouldRefuse,
    one.sensitive,
    one.exchange?.address,
  ].join('\n')

/**
 * One minute and twelve seconds at 100,000 different sightings a minute, in some 130 MB: longer than a database takes
 * to restart or a backup tool to let go.
 */
const LIMIT = 120_000
/** Unverified devices get one part in so many of the buffer: they must not displace the fleet while the store is away. */
const UNVERIFIED_SHARE = 5
/** A transaction of some 50 ms, in which administrators wait; reading and linking it holds up requests for half of that. */
const BATCH = 500
const DELAY_MS = 1000
/** A store that is locked for a moment is soon free; one that is away is asked once a second. */
const RETRY_MS = 1000
/** What an orchestrator allows for the end (10 to 30 s) holds the last requests, this, and some air. */
const CLOSE_MS = 5000
