/**
 * Refusals of one process, gathered and passed on in batches to the process that writes to the store: a request costs a
 * look at its share, and what a batch has no room for is counted.
 */
import type { KeptRefusal, RefusalBatch } from '../fleet/kept-refusal.ts'
import { RefusalPool, type RefusalLimits, type RefusalShare } from './refusal-pool.ts'

/** A `RefusalSink` passes refusals on to the store. */
export interface RefusalSink {
  onRefusals(batch: RefusalBatch): void
}

/** One per process. */
export class RefusalBuffer {
  readonly #sink: RefusalSink
  readonly #pool: RefusalPool
  readonly #waitMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(sink: RefusalSink, { waitMs = WAIT_MS, limits = LIMITS }: RefusalBufferOptions = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#pool = new RefusalPool(limits)
  }

  /** Notes a refusal, of which only what stays is worked out. */
  add(share: RefusalShare, make: () => KeptRefusal): void {
    this.#pool.add(share, make)
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#pool.isEmpty) this.#sink.onRefusals(this.#pool.take())
  }
}

interface RefusalBufferOptions {
  readonly waitMs?: number
  readonly limits?: RefusalLimits
}

/** A second: who is told a reference over the telephone looks it up later than that. */
const WAIT_MS = 1000
/**
 * A whole fleet of 2,000 devices that is refused within a second has a line each; strangers have 250 lines a second,
 * which fill their half of a store in three minutes and cost it a hundredth of its time.
 */
const LIMITS: RefusalLimits = { known: 2000, other: 250 }
