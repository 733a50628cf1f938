/**
 * How the connections to one server are shared out. Peers that we vouch for may use all of them; the others together use a
 * share, and one address of them a part of that. So however many requests strangers keep open, and from wherever, there are
 * connections that only devices with a fit certificate get.
 */

/**
 * The network of a peer that is not vouched for, as `countedNetwork` writes it; undefined for one that is. There is no share
 * by address for those: one address may stand for a whole fleet.
 */
export type Unvouched = string | undefined

/** What peers that are not vouched for hold, and what they may. */
export interface ShareUse {
  readonly held: number
  readonly share: number
  readonly addressShare: number
  /** The address that holds most, and how many; undefined where none holds any. */
  readonly top: { readonly address: string; readonly held: number } | undefined
}

/** Counts who holds connections to one server; a connection being opened counts for whom it is opened. */
export class SlotShares {
  readonly #share: number
  readonly #addressShare: number
  /** Bounded by the share: an address is forgotten with its last connection. */
  readonly #byAddress = new Map<string, number>()
  #held = 0

  constructor(connections: number) {
    this.#share = partOf(connections)
    this.#addressShare = partOf(this.#share)
  }

  /** Connections of all that are not vouched for. */
  get share(): number {
    return this.#share
  }

  /** Connections of one address of them. */
  get addressShare(): number {
    return this.#addressShare
  }

  /** Whether a peer may have one more. */
  allows(unvouched: Unvouched): boolean {
    if (unvouched === undefined) return true
    if (this.#held >= this.#share) return false
    return (this.#byAddress.get(unvouched) ?? 0) < this.#addressShare
  }

  /** A peer that was allowed to has one more. */
  take(unvouched: Unvouched): void {
    if (unvouched === undefined) return
    this.#held += 1
    this.#byAddress.set(unvouched, (this.#byAddress.get(unvouched) ?? 0) + 1)
  }

  /** A peer has one less. */
  leave(unvouched: Unvouched): void {
    if (unvouched === undefined) return
    this.#held -= 1
    const left = (this.#byAddress.get(unvouched) ?? 0) - 1
    if (left > 0) this.#byAddress.set(unvouched, left)
    else this.#byAddress.delete(unvouched)
  }

  /** What is held now, for the log and the metrics. */
  get use(): ShareUse {
    let top: ShareUse['top']
    for (const [address, held] of this.#byAddress) {
      if (held > (top?.held ?? 0)) top = { address, held }
    }
    return { held: this.#held, share: this.#share, addressShare: this.#addressShare, top }
  }
}

/**
 * Half. Of all connections: as much as the fit devices, because before enrolment, and while enforcement is recording, the
 * unvouched are the fleet itself. Of the share: one address never takes all that others without a certificate live on,
 * and an office behind one address still has 32 of the usual 128 connections, a thousand requests a second at 30 ms each.
 */
const partOf = (whole: number): number => Math.max(1, Math.floor(whole / 2))
