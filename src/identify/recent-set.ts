/**
 * Who came lately: a set that forgets. It knows the last `limit` that were added and at most as many again; two sets
 * take turns, because taking the oldest out of one full set means stepping over the holes of all that went before.
 */

/** A bounded memory of keys, in which adding and asking cost the same however full it is. */
export class Lately<Key> {
  readonly #limit: number
  #now = new Set<Key>()
  #before: ReadonlySet<Key> = new Set()

  constructor(limit: number) {
    this.#limit = limit
  }

  has(key: Key): boolean {
    return this.#now.has(key) || this.#before.has(key)
  }

  add(key: Key): void {
    if (this.#now.has(key)) return
    if (this.#now.size === this.#limit) {
      this.#before = this.#now
      this.#now = new Set()
    }
    this.#now.add(key)
  }
}
