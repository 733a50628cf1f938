/**
 * Refusals on their way into the store: gathered from every process, written in batches, and kept while the store is away,
 * up to a bound, with the same shares. What has no room is counted, and the counts are written like the refusals.
 */
import type { NotKeptRefusals, RefusalBatch } from '../../fleet/kept-refusal.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Result } from '../../kernel/types.ts'
import { RefusalPool, type RefusalLimits } from '../../record/refusal-pool.ts'
import { explainStore, isTrouble } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { ProcessLogger } from '../log.ts'

/** Where batches go. */
export interface RefusalStore {
  record(batch: RefusalBatch): Promise<Result<{ readonly pushedOut: number }, StoreFailure>>
}

/** What became of refusals so far. */
export interface RefusalCounts {
  /** Refusals that were written to the store. */
  readonly kept: number
  /** Refusals that wait. */
  readonly buffered: number
  /** Refusals of known devices, and of other peers, that never reach the store: their share was full on the way. */
  readonly notKept: { readonly known: number; readonly other: number }
  /** Refusals that were in the store and gave way to others. */
  readonly pushedOut: number
  /** Attempts that the store failed; what they carried waits on. */
  readonly failures: number
}

/** What is called when writing fails, or succeeds again; once each time that it changes. */
export interface RefusalWriterEvents {
  storeFailed(why: StoreFailure): void
  storeAnswered(): void
  /** A batch hit an internal error, or can never be taken, and is dropped; told of the first until one is taken again. */
  dropped(
    refusals: number,
    why: { readonly failure: StoreFailure } | { readonly error: unknown },
  ): void
  /** The program ends, and so many refusals did not reach the store. */
  unwritten(refusals: number): void
}

export interface RefusalWriterOptions {
  readonly events?: RefusalWriterEvents
  readonly limits?: RefusalLimits
  /** Refusals in one transaction. */
  readonly batch?: number
  readonly retryMs?: number
}

/** One per machine, in the process that has the store. */
export class RefusalWriter {
  readonly #store: RefusalStore
  readonly #options: Required<RefusalWriterOptions>
  readonly #pool: RefusalPool
  /** What is being written, a transaction each; it stays here until it is durable. */
  readonly #writing: RefusalBatch[] = []
  readonly #notKept = { known: 0, other: 0 }
  #timer: NodeJS.Timeout | undefined
  #attempt: Promise<void> | undefined
  #closed = false
  #kept = 0
  #pushedOut = 0
  #failures = 0
  #lastFailure: StoreFailure['kind'] | undefined
  #isDropping = false

  constructor(store: RefusalStore, options: RefusalWriterOptions = {}) {
    this.#store = store
    this.#options = {
      limits: LIMITS,
      batch: BATCH,
      retryMs: RETRY_MS,
      events: NO_EVENTS,
      ...options,
    }
    this.#pool = new RefusalPool(this.#options.limits)
  }

  /** Takes in what one process gathered. */
  add({ refusals, notKept }: RefusalBatch): void {
    for (const one of refusals) this.#pool.add(one, () => one)
    for (const one of notKept) this.#pool.addNotKept(one)
    // Processes gather for a second: there is nothing to wait for.
    if (this.#lastFailure === undefined) void this.flush()
  }

  counts(): RefusalCounts {
    const waiting = this.#writing.map(({ refusals }) => refusals.length)
    return {
      kept: this.#kept,
      buffered: this.#pool.size + sum(waiting),
      notKept: { ...this.#notKept },
      pushedOut: this.#pushedOut,
      failures: this.#failures,
    }
  }

  /** Writes what waits, as long as the store takes it. */
  flush(): Promise<void> {
    this.#attempt ??= this.#write().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  /** Tries once more to write the last: what the store does not take then is lost, and said. */
  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
    clearTimeout(this.#timer)
    const { buffered } = this.counts()
    if (buffered > 0) this.#options.events.unwritten(buffered)
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#writing.length > 0 || !this.#pool.isEmpty) {
      if (this.#writing.length === 0) this.#takeFromPool()
      const [batch] = this.#writing
      if (batch === undefined) return
      try {
        const written = await this.#store.record(batch)
        if (written.ok) this.#taken(batch, written.value.pushedOut)
        else if (isTrouble(written.failure)) return this.#failed(written.failure)
        else this.#drop(batch, { failure: written.failure })
      } catch (error) {
        // A bug of ours must not end the front end, nor stop the batches behind this one.
        this.#drop(batch, { error })
      }
    }
  }

  #takeFromPool(): void {
    const { refusals, notKept } = this.#pool.take()
    for (const one of notKept) this.#count(one)
    const { batch } = this.#options
    for (let start = 0; start < refusals.length || start === 0; start += batch) {
      const part = refusals.slice(start, start + batch)
      this.#writing.push({ refusals: part, notKept: start === 0 ? notKept : [] })
    }
  }

  #count({ known, refusals }: NotKeptRefusals): void {
    this.#notKept[known ? 'known' : 'other'] += refusals
  }

  #taken({ refusals }: RefusalBatch, pushedOut: number): void {
    this.#writing.shift()
    this.#kept += refusals.length
    this.#pushedOut += pushedOut
    if (this.#lastFailure !== undefined) this.#options.events.storeAnswered()
    this.#lastFailure = undefined
    this.#isDropping = false
  }

  #failed(why: StoreFailure): void {
    this.#failures += 1
    if (this.#lastFailure !== why.kind) this.#options.events.storeFailed(why)
    this.#lastFailure = why.kind
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.flush(), this.#options.retryMs).unref()
  }

  #drop({ refusals }: RefusalBatch, why: Parameters<RefusalWriterEvents['dropped']>[1]): void {
    this.#writing.shift()
    for (const { known } of refusals) this.#notKept[known ? 'known' : 'other'] += 1
    // A flood makes many batches a second, and each line would say the same; the metric counts all.
    if (!this.#isDropping) this.#options.events.dropped(refusals.length, why)
    this.#isDropping = true
  }
}

/** Returns listeners that log what happens to refusals on their way into the store. */
export const refusalWriterLog = ({ log }: ProcessLogger): RefusalWriterEvents => ({
  storeFailed: (why) =>
    log.error(explanationFields(explainStore(why)), 'refusals cannot be written: they wait'),
  storeAnswered: () => log.info({}, 'refusals are written again'),
  dropped: (refusals, why) =>
    'failure' in why
      ? log.error(
          { refusals, ...explanationFields(explainStore(why.failure)) },
          'refusals are dropped, because the store does not take them: their references lead nowhere',
        )
      : log.error(
          { refusals, err: why.error },
          'internal error: refusals are dropped: their references lead nowhere',
        ),
  unwritten: (refusals) =>
    log.error({ refusals }, 'the last refusals did not reach the store in time'),
})

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const NO_EVENTS: RefusalWriterEvents = {
  storeFailed() {},
  storeAnswered() {},
  dropped() {},
  unwritten() {},
}

/**
 * What waits while the store is away, twice at most: once being written and once behind it, in some 20 MB. A fleet of 5,000
 * devices that is refused meanwhile has a line each.
 */
const LIMITS: RefusalLimits = { known: 5000, other: 2500 }
/** A transaction of some 20 ms, in which administrators wait. */
const BATCH = 500
/** A store that is locked for a moment is soon free; one that is away is asked once a second. */
const RETRY_MS = 1000
