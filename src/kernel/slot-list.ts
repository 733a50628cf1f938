/**
 * Members that come and go all the time, such as connections. A `Set` would do but for one thing: whenever it is
 * rebuilt, which coming and going makes it every few dozen times, the old table is left with pointers to all members
 * it had, and once it has grown old itself it carries them all into the old generation of the heap, closed or not.
 */

/** A member's slot; the caller keeps it to remove the member. */
export interface Slot<Item> {
  readonly item: Item
  /** Position in the list; only the list sets it. */
  index: number
}

/** A `SlotList` is a list in which adding and removing cost the same however long it is. */
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
   * Iterates backwards: when the current member is removed, its slot is taken by one that was visited before. So no
   * removed member is visited, and none that stays is missed.
   */
  *[Symbol.iterator](): Iterator<Item> {
    for (let index = this.#slots.length - 1; index >= 0; index -= 1) {
      const slot = this.#slots[index]
      if (slot !== undefined) yield slot.item
    }
  }
}
