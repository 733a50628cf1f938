/**
 * Members that come and go all the time, such as connections. A `Set` would do but for one thing: whenever it is
 * rebuilt, which coming and going makes it every few dozen times, the old table is left with pointers to everybody who
 * was there, and once it has grown old itself it carries them all into the old generation, closed or not.
 */

/** A member's place; who joined keeps it for leaving. */
export interface Slot<Item> {
  readonly item: Item
  /** Position in the list; only the list sets it. */
  index: number
}

/** Who is there now. Joining and leaving cost the same however many there are. */
export class SlotList<Item> implements Iterable<Item> {
  readonly #slots: Slot<Item>[] = []

  get size(): number {
    return this.#slots.length
  }

  add(item: Item): Slot<Item> {
    const slot = { item, index: this.#slots.length }
    this.#slots.push(slot)
    return slot
  }

  /** Removing twice, or from a list that it was never in, changes nothing. */
  remove(slot: Slot<Item>): void {
    if (this.#slots[slot.index] !== slot) return
    const last = this.#slots.pop()
    if (last === undefined || last === slot) return
    last.index = slot.index
    this.#slots[slot.index] = last
  }

  /**
   * Everybody, backwards: when the one who is looked at leaves, its slot is taken by one who was looked at before. Nobody
   * who has left is met, and nobody who stays is missed.
   */
  *[Symbol.iterator](): Iterator<Item> {
    for (let index = this.#slots.length - 1; index >= 0; index -= 1) {
      const slot = this.#slots[index]
      if (slot !== undefined) yield slot.item
    }
  }
}
