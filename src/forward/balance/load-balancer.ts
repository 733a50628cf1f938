/**
 * Which server of an upstream a request goes to. Every manner heeds the weights exactly, or the key would not be
 * offered.
 */
import { hash } from 'node:crypto'
import { unreachable } from '../../kernel/types.ts'
import type { Balance } from '../settings.ts'

/** What a choice depends on. */
export interface Candidate {
  readonly name: string
  readonly weight: number
  /** Exchanges under way and waiting. */
  readonly load: number
}

/** Chooses; remembers nothing but whose turn it is. */
export class LoadBalancer {
  readonly #method: Balance
  /** How much each server is owed, by name (round-robin). */
  readonly #currentWeights = new Map<string, number>()

  constructor(method: Balance) {
    this.#method = method
  }

  /**
   * One of the candidates; `undefined` when there is none. `device` is the fingerprint of the key that we vouch
   * for; a request without one goes round robin, because nothing it says of itself should stick it to a server.
   */
  choose<One extends Candidate>(
    candidates: readonly One[],
    device: string | undefined,
  ): One | undefined {
    if (candidates.length < 2) return candidates[0]
    switch (this.#method) {
      case 'round-robin':
        return this.#roundRobin(candidates)
      case 'least-connections':
        return this.#roundRobin(leastLoaded(candidates))
      case 'device-hash':
        return device === undefined
          ? this.#roundRobin(candidates)
          : rendezvousHash(candidates, device)
      default:
        return unreachable(this.#method)
    }
  }

  /** Smooth weighted round robin: each time every server gains its weight, and the one with the most is chosen and pays the total. */
  #roundRobin<One extends Candidate>(candidates: readonly One[]): One | undefined {
    let best: One | undefined
    let most = -Infinity
    let total = 0
    for (const one of candidates) {
      const owed = (this.#currentWeights.get(one.name) ?? 0) + one.weight
      this.#currentWeights.set(one.name, owed)
      total += one.weight
      if (owed > most) [best, most] = [one, owed]
    }
    if (best !== undefined) this.#currentWeights.set(best.name, most - total)
    return best
  }
}

/** Those with the least to do for their weight; ties are broken by turns, or the first would get every lone request. */
function leastLoaded<One extends Candidate>(candidates: readonly One[]): readonly One[] {
  const share = ({ load, weight }: One): number => load / weight
  const least = Math.min(...candidates.map(share))
  return candidates.filter((one) => share(one) === least)
}

/**
 * Rendezvous hashing: each server draws a number that follows from device and server alone, and the highest wins.
 * A server that goes takes only its own devices with it. With -weight / ln(u) the chance to win is the weight's share.
 */
function rendezvousHash<One extends Candidate>(
  candidates: readonly One[],
  device: string,
): One | undefined {
  let best: One | undefined
  let highest = -Infinity
  for (const one of candidates) {
    const score = -one.weight / Math.log(unitHash(device, one.name))
    if (score > highest) [best, highest] = [one, score]
  }
  return best
}

/** Between 0 and 1, neither included. The name ends in a port, so that no two pairs write the same text. */
function unitHash(device: string, server: string): number {
  const octets = hash('sha256', `${device} ${server}`, 'buffer')
  return (octets.readUIntBE(0, 6) + 0.5) / 2 ** 48
}
