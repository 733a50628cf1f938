/**
 * What is worked out or counted per key and passed on in batches: one message between processes, or one transaction,
 * for many requests.
 */

/** How long a batch waits after its first item, and how many items it takes. */
export interface BatchLimits {
  readonly waitMs: number
  readonly limit: number
}

/** A `Batch` holds one item for each key until it is flushed. */
export class Batch<Key, Item> {
  readonly items = new Map<Key, Item>()
  /** How many events were lost since the last flush, because the batch was full. */
  lost = 0
  readonly limit: number
  readonly #waitMs: number
  readonly #deliver: (items: readonly Item[], lost: number) => void
  #timer: NodeJS.Timeout | undefined

  constructor(
    { waitMs, limit }: BatchLimits,
    deliver: (items: readonly Item[], lost: number) => void,
  ) {
    this.#waitMs = waitMs
    this.limit = limit
    this.#deliver = deliver
  }

  /** Has the batch flushed after its wait. */
  schedule(): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Delivers what the batch holds, at once; an empty one delivers nothing. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.items.size === 0) return
    const items = [...this.items.values()]
    const { lost } = this
    this.items.clear()
    this.lost = 0
    this.#deliver(items, lost)
  }
}
