/** A `BoundedMap` holds at most `limit` entries; when it is full, the one that was set longest ago is forgotten first. */
export class BoundedMap<Key, Value> implements Iterable<[Key, Value]> {
  readonly #limit: number
  readonly #entries = new Map<Key, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  /** Sets an entry and returns the value of the one that was forgotten for it, if any. */
  set(key: Key, value: Value): Value | undefined {
    // Maps keep the order of insertion: taken out and put in again, it is the youngest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return undefined
    for (const [oldest, forgotten] of this.#entries) {
      this.#entries.delete(oldest)
      return forgotten
    }
    return undefined
  }

  delete(key: Key): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  values(): Iterable<Value> {
    return this.#entries.values()
  }

  [Symbol.iterator](): Iterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]()
  }
}
