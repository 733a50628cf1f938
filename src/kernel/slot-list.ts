/**
 * Members that come and go all the time, such as connections. A `Set` would do but for one thing: whenever it is
 * rebuilt, which coming and going makes it every few dozen times, the old table is left with pointers to everybody who
 * was there, and once it has grown old itself it carries them all into the old generation, closed or not.
 */

/** A member's place; who joined keeps it for leaving. */
export interface Place<Member> {
  readonly member: Member
  /** The crowd's own. */
  slot: number
}

/** Who is there now. Joining and leaving cost the same however many there are. */
export class Crowd<Member> implements Iterable<Member> {
  readonly #places: Place<Member>[] = []

  get size(): number {
    return this.#places.length
  }

  join(member: Member): Place<Member> {
    const place = { member, slot: this.#places.length }
    this.#places.push(place)
    return place
  }

  /** Leaving twice, or a crowd that one was never in, changes nothing. */
  leave(place: Place<Member>): void {
    if (this.#places[place.slot] !== place) return
    const last = this.#places.pop()
    if (last === undefined || last === place) return
    last.slot = place.slot
    this.#places[place.slot] = last
  }

  /**
   * Everybody, backwards: when the one who is looked at leaves, its slot is taken by one who was looked at before. Nobody
   * who has left is met, and nobody who stays is missed.
   */
  *[Symbol.iterator](): Iterator<Member> {
    for (let slot = this.#places.length - 1; slot >= 0; slot -= 1) {
      const place = this.#places[slot]
      if (place !== undefined) yield place.member
    }
  }
}
