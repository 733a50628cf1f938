/**
 * Refusals on their way to the store, in the process that refused and in the one that writes: a bounded number, known
 * devices apart from all other peers, each with fair shares. What does not stay is counted by code and whose it was.
 */
import type { KeptRefusal, NotKeptRefusals, RefusalBatch } from '../fleet/kept-refusal.ts'
import type { Instant } from '../kernel/types.ts'
import { FairShares, type Share } from './fair-shares.ts'

/** What is known of a refusal before the rest is worked out. */
export type RefusalShare = Share & Pick<KeptRefusal, 'at' | 'known'>

/** How many refusals wait at most. */
export interface RefusalLimits {
  readonly known: number
  readonly other: number
}

export class RefusalPool {
  readonly #known: FairShares<KeptRefusal>
  readonly #other: FairShares<KeptRefusal>
  readonly #notKept = new Map<string, NotKeptRefusals>()

  constructor(limits: RefusalLimits) {
    this.#known = new FairShares(limits.known)
    this.#other = new FairShares(limits.other)
  }

  /** Refusals that wait. */
  get size(): number {
    return this.#known.size + this.#other.size
  }

  /** Whether there is neither a refusal nor a count. */
  get isEmpty(): boolean {
    return this.size === 0 && this.#notKept.size === 0
  }

  /** Adds a refusal, of which only what stays is worked out. */
  add(share: RefusalShare, make: () => KeptRefusal): void {
    const { known, at } = share
    const displaced = (known ? this.#known : this.#other).add(share, make)
    if (displaced === undefined) return
    const { code, owner, item } = displaced
    const moment = item?.at ?? at
    this.addNotKept({ code, owner, known, refusals: 1, first: moment, last: moment })
  }

  /** Counts refusals that were not kept, here or before they came here. */
  addNotKept(one: NotKeptRefusals): void {
    const name = nameOf(one)
    const isNew = !this.#notKept.has(name)
    const counted = isNew && this.#notKept.size >= MAX_COUNTS ? { ...one, owner: undefined } : one
    const before = this.#notKept.get(nameOf(counted))
    this.#notKept.set(nameOf(counted), before === undefined ? counted : sum(before, counted))
  }

  /** Takes everything out, in order of time. */
  take(): RefusalBatch {
    const refusals = [...this.#known.drain(), ...this.#other.drain()]
    const notKept = [...this.#notKept.values()]
    this.#notKept.clear()
    return { refusals: refusals.toSorted((one, other) => one.at - other.at), notKept }
  }
}

const nameOf = ({ known, code, owner }: NotKeptRefusals): string =>
  `${known ? 'known' : 'other'} ${code} ${owner ?? ''}`

const sum = (one: NotKeptRefusals, other: NotKeptRefusals): NotKeptRefusals => ({
  ...one,
  refusals: one.refusals + other.refusals,
  first: Math.min(one.first, other.first) as Instant,
  last: Math.max(one.last, other.last) as Instant,
})

/** Owners that are counted by name between two batches, of all codes; those past it are counted together, by code. */
const MAX_COUNTS = 1000
