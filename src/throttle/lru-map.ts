/** A `BoundedMap` holds at most `limit` entries; when it is full, the one that was set longest ago is forgotten first. */
export class BoundedMap<Value> {
  readonly #limit: number
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: Value): void {
    // Maps keep the order of insertion: taken out and put in again, it is the youngest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  values(): Iterable<Value> {
    return this.#entries.values()
  }
}
