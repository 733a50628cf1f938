/**
 * A bounded gathering of which each code, and within a code each owner, has its share: when it is full, the code that has
 * the most gives way, and of that code the owner who has the most. So a flood of one code, or from one address, takes room
 * from itself alone. The store shares in the same order (`store/refusals/shares.ts`).
 */

/** Whose share something is of. */
export interface Share {
  readonly code: string
  readonly owner: string
}

/** What did not stay: the newcomer, where `item` is undefined, or what made room for it. */
export interface Displaced<Item> extends Share {
  readonly item: Item | undefined
}

export class FairShares<Item> {
  readonly #limit: number
  readonly #codes = new Map<string, CodeShare<Item>>()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** Adds an item, which is made only if it stays; returns what did not stay for it. */
  add(share: Share, make: () => Item): Displaced<Item> | undefined {
    if (this.#size < this.#limit) {
      this.#push(share, make())
      return undefined
    }
    const giving = this.#giving(share)
    if (giving === undefined) return { ...share, item: undefined }
    const displaced = this.#pop(giving)
    this.#push(share, make())
    return displaced
  }

  /** Takes everything out. */
  drain(): readonly Item[] {
    const items = [...this.#codes.values()].flatMap(({ owners }) => [...owners.values()].flat())
    this.#codes.clear()
    this.#size = 0
    return items
  }

  /** The code that gives way; undefined where the newcomer has as much as any other already. */
  #giving({ code, owner }: Share): string | undefined {
    let largest = code
    for (const [name, { size }] of this.#codes) {
      if (size > this.#sizeOf(largest)) largest = name
    }
    // Taking from another code must leave it with no less than ours has then.
    if (this.#sizeOf(largest) > this.#sizeOf(code) + 1) return largest
    const own = this.#codes.get(code)
    const held = own?.owners.get(owner)?.length ?? 0
    return own !== undefined && own.most > held + 1 ? code : undefined
  }

  #sizeOf(code: string): number {
    return this.#codes.get(code)?.size ?? 0
  }

  #push({ code, owner }: Share, item: Item): void {
    const share = this.#codes.get(code) ?? { size: 0, most: 0, owners: new Map<string, Item[]>() }
    this.#codes.set(code, share)
    const items = share.owners.get(owner) ?? []
    share.owners.set(owner, items)
    items.push(item)
    share.size += 1
    share.most = Math.max(share.most, items.length)
    this.#size += 1
  }

  /** Takes the newest of the owner with the most: what it is of a flood tells no more than those before. */
  #pop(code: string): Displaced<Item> | undefined {
    const share = this.#codes.get(code)
    if (share === undefined) return undefined
    let [richest, most, second] = ['', 0, 0]
    for (const [owner, { length }] of share.owners) {
      if (length > most) [richest, most, second] = [owner, length, most]
      else second = Math.max(second, length)
    }
    const items = share.owners.get(richest)
    const item = items?.pop()
    if (items?.length === 0) share.owners.delete(richest)
    share.size -= 1
    share.most = Math.max(most - 1, second)
    this.#size -= 1
    return { code, owner: richest, item }
  }
}

interface CodeShare<Item> {
  size: number
  /** How many items the owner with the most has. */
  most: number
  readonly owners: Map<string, Item[]>
}
