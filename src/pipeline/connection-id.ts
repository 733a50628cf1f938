/**
 * Names for connections: random, so that a reference quoted by a device tells nothing and cannot be guessed.
 */
import { randomFillSync } from 'node:crypto'

/** Sixteen hexadecimal digits. */
export function newConnectionId(): string {
  if (used === POOL_OCTETS) {
    randomFillSync(pool)
    used = 0
  }
  used += ID_OCTETS
  return pool.toString('hex', used - ID_OCTETS, used)
}

/** 64 bits: no two connections of a fleet's lifetime share one, and none can be guessed. */
const ID_OCTETS = 8
/** Asking the generator costs the same for eight octets as for these. */
const POOL_OCTETS = 512 * ID_OCTETS
const pool = Buffer.allocUnsafeSlow(POOL_OCTETS)
let used = POOL_OCTETS
