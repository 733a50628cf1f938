/**
 * A `RecentSet` remembers the keys that were added last. It holds the last `limit` that were added and at most as many again; two sets
 * take turns, because taking the oldest out of one full set means stepping over the holes of all that went before.
 */

/** A bounded memory of keys, in which adding and asking cost the same however full it is. */
export class RecentSet<Key> {
  readonly #limit: number
  #current = new Set<Key>()
  #previous: ReadonlySet<Key> = new Set()

  constructor(limit: number) {
    this.#limit = limit
  }

  has(key: Key): boolean {
    return this.#current.has(key) || this.#previous.has(key)
  }

  add(key: Key): void {
    if (this.#current.has(key)) return
    if (this.#current.size === this.#limit) {
      this.#previous = this.#current
      this.#current = new Set()
    }
    this.#current.add(key)
  }
}
