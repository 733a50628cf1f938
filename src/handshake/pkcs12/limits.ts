/**
 * How much work the author of a file may ask for. The program that wrote a `.p12` chose iterations, salts and counts, and every
 * start and every reload does that work again.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { BeyondLimit } from './failure.ts'

/**
 * Rounds of hashing in one file, for all its parts together. The most careful writers use 600,000 for each of three
 * parts, which is 1.8 million, or 4.2 million where a part is under 3DES (three derivations each); ten million take half
 * a minute of one thread at 3 µs a round.
 */
export const MAX_ROUNDS = 10_000_000
/** Writers use 8 to 64; all of it is hashed anew for each block of key. */
export const MAX_SALT = 1024
/** Of scrypt: 128·N·r octets. The usual N=16,384 and r=8 need 16 MiB. */
export const MAX_MEMORY = 64 * 1024 * 1024
/** A keystore that also holds every public authority has some 150. */
export const MAX_BAGS = 1000
/** As above; each is parsed where requests are served. */
export const MAX_CERTIFICATES = 400

/** The rounds that may still be spent on a file. */
export class Rounds {
  readonly #most: number
  #spent = 0

  constructor(most = MAX_ROUNDS) {
    this.#most = most
  }

  /** How many were spent. */
  get spent(): number {
    return this.#spent
  }

  /** Takes so many before they are spent; refused where they are too many, and then none is. */
  take(count: number): Result<void, BeyondLimit> {
    const found = this.#spent + count
    if (found > this.#most) {
      return fail({ kind: 'beyond-limit', what: 'rounds', found, most: this.#most })
    }
    this.#spent = found
    return ok(undefined)
  }
}

/** Whether something is within its limit. */
export const within = (
  what: BeyondLimit['what'],
  found: number,
  most: number,
): Result<void, BeyondLimit> =>
  found <= most ? ok(undefined) : fail({ kind: 'beyond-limit', what, found, most })
