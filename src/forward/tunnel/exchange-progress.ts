/** When it is told what a relayed connection has carried, so that a connection that stays open for months is no secret. */
import { HOUR_MS } from '../../kernel/types.ts'

/** What has passed: from the device, and to it. */
export interface RelayedOctets {
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Octets that are told of now, and not before. */
export interface CarriedOctets extends RelayedOctets {
  /** 1 where the connection is told of for the first time, else 0. */
  readonly connections: 0 | 1
  /** Octets have passed both ways since it was last told that they had, be it in parts: one question, and its answer. */
  readonly isBothWays: boolean
}

/** One per connection. */
export class ExchangeProgress {
  #told: RelayedOctets = NOTHING
  #toldAt: number | undefined
  /** What had passed when it was last told that octets passed both ways. */
  #used: RelayedOctets = NOTHING
  #usedAt = 0

  /**
   * Returns what is to be told at `now`, in milliseconds of one clock: as soon as octets have passed both ways, and then,
   * while octets pass, what passed since, every few hours. What passes one way puts off no word of what passes both ways: the
   * question after a long silence is told of, and its answer, too. Undefined where nothing is. It is asked with every chunk, so
   * that it takes numbers, and no object is made for the question.
   */
  due(bytesIn: number, bytesOut: number, now: number): CarriedOctets | undefined {
    const isFirst = this.#toldAt === undefined
    const isBothWays = bytesIn > this.#used.bytesIn && bytesOut > this.#used.bytesOut
    const last = isBothWays ? this.#usedAt : (this.#toldAt ?? 0)
    if (isFirst ? !isBothWays : now - last < TELL_EVERY_MS) return undefined
    const before = this.#told
    this.#told = { bytesIn, bytesOut }
    this.#toldAt = now
    if (isBothWays) {
      this.#used = this.#told
      this.#usedAt = now
    }
    return {
      connections: isFirst ? 1 : 0,
      isBothWays,
      bytesIn: bytesIn - before.bytesIn,
      bytesOut: bytesOut - before.bytesOut,
    }
  }
}

const NOTHING: RelayedOctets = { bytesIn: 0, bytesOut: 0 }
/** Well below the two weeks that a port is looked back on (`tfe port`), and no cost for a connection. */
export const TELL_EVERY_MS = 6 * HOUR_MS
