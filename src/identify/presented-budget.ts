/**
 * What chains that no trusted CA vouches for may cost one process. The TLS library keeps what a peer presented, decoded, for
 * as long as the connection lives, and nothing makes it let go: measured, 3 to 14 octets for each that was sent. So what is
 * held is counted by the octets of the handshakes, and whatever finds no room is closed.
 */

/** A `PresentedBudget` counts the presented octets of open connections whose peer is not sound. One per process. */
export class PresentedBudget {
  readonly limit: number
  #held = 0

  constructor(limit = MAX_HELD_OCTETS) {
    this.limit = limit
  }

  /** Octets that are held now. */
  get held(): number {
    return this.#held
  }

  /** Whether so many octets more stay within the budget. */
  hasRoom(octets: number): boolean {
    return octets <= ORDINARY_OCTETS || this.#held + octets <= this.limit
  }

  /** Counts what an open connection holds; returns what ends that. Ordinary handshakes are counted as nothing. */
  hold(octets: number): () => void {
    if (octets <= ORDINARY_OCTETS) return NOTHING_HELD
    this.#held += octets
    return () => {
      this.#held -= octets
    }
  }
}

const NOTHING_HELD = (): void => {}
/**
 * A ClientHello with a post-quantum key share has 2 KiB, and three certificates of RSA 4096 have 5: what an honest peer
 * sends is below it, and what a connection of that size costs is bounded by `limits.connections`.
 */
export const ORDINARY_OCTETS = 8 * 1024
/** Some 110 MB at worst; more than a hundred strangers with the largest chain at once, a thousand with one just above the ordinary. */
const MAX_HELD_OCTETS = 8 * 1024 * 1024
