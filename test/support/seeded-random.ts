/**
 * Chance that can be had again: the same seed gives the same choices, on every machine and in every run.
 */

export class SeededRandom {
  #state: number

  /** `stream` sets many independent generators of one seed apart. */
  constructor(seed: number, stream = 0) {
    this.#state = mixed(mixed(seed | 0) + stream)
  }

  /** 32 bits, as a whole number from 0. */
  bits(): number {
    this.#state = (this.#state + ODD) | 0
    return mixed(this.#state)
  }

  /** A whole number from 0 to just below the bound. */
  below(bound: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * bound)
  }

  /** True once in so many times. */
  oneIn(inSoMany: number): boolean {
    return this.below(inSoMany) === 0
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }

  /** The same items in some order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const order = items.map((item) => ({ item, rank: this.bits() }))
    return order.sort((one, other) => one.rank - other.rank).map(({ item }) => item)
  }

  octets(count: number): Buffer {
    const octets = Buffer.allocUnsafe(count)
    for (let at = 0; at < count; at += 1) octets[at] = this.bits()
    return octets
  }
}

/** Any odd step visits every state once. */
const ODD = 0x9e37_79b1

/** Scatters neighbouring numbers over all of them. */
function mixed(number: number): number {
  let bits = number
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb_352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846c_a68b)
  return (bits ^ (bits >>> 16)) >>> 0
}
