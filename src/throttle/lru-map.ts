/** What is remembered about many, in bounded memory: what was not touched for the longest time is forgotten first. */
export class Shelf<Entry> {
  readonly #most: number
  readonly #entries = new Map<string, Entry>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  read(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  put(key: string, entry: Entry): void {
    // Maps keep the order of insertion: taken out and put in again, it is the youngest.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  values(): Iterable<Entry> {
    return this.#entries.values()
  }
}
