/**
 * A small word for each of very many keys, in some 35 octets per key instead of the 150 that a map of strings takes:
 * every process of a fleet of a million devices holds one.
 */
import { Buffer } from 'node:buffer'
import type { KeyFingerprint } from '../kernel/types.ts'
import type { SignedIdDigest } from '../trust/signed-ids.ts'

/** What names a key or a signed id here: a SHA-256 in lower-case hexadecimal. */
export type TableKey = KeyFingerprint | SignedIdDigest

/** Keys and their words as octets, fit for a message between processes. */
export interface PackedKeys {
  /** The first 16 octets of each fingerprint, one after the other. */
  readonly octets: Uint8Array
  /** One word per key, 1 to 255; 0 takes the key out. */
  readonly values: Uint8Array
}

/**
 * Half of a SHA-256 names a key here. To pass for another's key takes 2^128 attempts; two keys with the same half
 * take 2^64, and belong to the one attacker who made them.
 */
const OCTETS = 16
const PARTS = 4
/** Room for a thousand keys; it doubles from there. */
const FIRST_SLOTS = 2048
/** Beyond this share of slots in use, looking past full ones begins to cost. */
const MAX_LOAD = 0.6

/** Open addressing, in typed arrays; an absent key has the word 0. */
export class KeyTable {
  #parts = new Uint32Array(FIRST_SLOTS * PARTS)
  #values = new Uint8Array(FIRST_SLOTS)
  #size = 0
  /** The key that is being looked for: an array made for every look-up would cost more than the look-up. */
  readonly #sought = new Uint32Array(PARTS)

  get size(): number {
    return this.#size
  }

  /** Octets that it occupies. */
  get memory(): number {
    return this.#parts.byteLength + this.#values.byteLength
  }

  /** The word of a key, 0 for one that is not here. */
  valueFor(key: TableKey): number {
    this.#seek(key)
    return this.#values[this.#slot()] ?? 0
  }

  /** Sets a word, or takes the key out with 0. */
  set(key: TableKey, value: number): void {
    this.#seek(key)
    this.#put(value)
  }

  /** Takes in what another table, or `packKeys`, has packed. */
  unpack({ octets, values }: PackedKeys): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    for (const [index, value] of values.entries()) {
      for (let part = 0; part < PARTS; part += 1) {
        this.#sought[part] = view.getUint32(index * OCTETS + part * 4)
      }
      this.#put(value)
    }
  }

  /** Everything, in pages of at most `limit` keys. */
  *pages(limit = PAGE): Generator<PackedKeys> {
    let octets = Buffer.alloc(limit * OCTETS)
    let values = new Uint8Array(limit)
    let count = 0
    for (const [slot, value] of this.#values.entries()) {
      if (value === 0) continue
      for (let part = 0; part < PARTS; part += 1) {
        octets.writeUInt32BE(this.#parts[slot * PARTS + part] ?? 0, count * OCTETS + part * 4)
      }
      values[count] = value
      count += 1
      if (count < limit) continue
      yield { octets, values }
      octets = Buffer.alloc(limit * OCTETS)
      values = new Uint8Array(limit)
      count = 0
    }
    if (count > 0)
      yield { octets: octets.subarray(0, count * OCTETS), values: values.subarray(0, count) }
  }

  /** Digit by digit: cutting the text in pieces to read them takes five times as long. */
  #seek(key: TableKey): void {
    for (let part = 0; part < PARTS; part += 1) {
      let value = 0
      for (let at = part * 8; at < part * 8 + 8; at += 1) {
        const code = key.charCodeAt(at)
        value = (value << 4) | (code < LETTERS ? code - DIGITS : code - LETTERS + 10)
      }
      this.#sought[part] = value
    }
  }

  #put(value: number): void {
    const slot = this.#slot()
    if (this.#values[slot] !== 0) {
      if (value === 0) this.#remove(slot)
      else this.#values[slot] = value
      return
    }
    if (value === 0) return
    this.#parts.set(this.#sought, slot * PARTS)
    this.#values[slot] = value
    this.#size += 1
    if (this.#size > this.#values.length * MAX_LOAD) this.#grow()
  }

  /** Where the wanted key is, or would be put. */
  #slot(): number {
    const mask = this.#values.length - 1
    let slot = (this.#sought[0] ?? 0) & mask
    while (this.#values[slot] !== 0 && !this.#isAt(slot)) slot = (slot + 1) & mask
    return slot
  }

  #isAt(slot: number): boolean {
    const at = slot * PARTS
    return (
      this.#parts[at] === this.#sought[0] &&
      this.#parts[at + 1] === this.#sought[1] &&
      this.#parts[at + 2] === this.#sought[2] &&
      this.#parts[at + 3] === this.#sought[3]
    )
  }

  /** Closes the gap: whatever was put past this slot because it was full moves up. */
  #remove(slot: number): void {
    const mask = this.#values.length - 1
    let gap = slot
    let next = (gap + 1) & mask
    while (this.#values[next] !== 0) {
      const home = (this.#parts[next * PARTS] ?? 0) & mask
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        this.#parts.copyWithin(gap * PARTS, next * PARTS, (next + 1) * PARTS)
        this.#values[gap] = this.#values[next] ?? 0
        gap = next
      }
      next = (next + 1) & mask
    }
    this.#values[gap] = 0
    this.#size -= 1
  }

  #grow(): void {
    const [parts, values] = [this.#parts, this.#values]
    this.#parts = new Uint32Array(parts.length * 2)
    this.#values = new Uint8Array(values.length * 2)
    this.#size = 0
    for (const [slot, value] of values.entries()) {
      if (value === 0) continue
      this.#sought.set(parts.subarray(slot * PARTS, (slot + 1) * PARTS))
      this.#put(value)
    }
  }
}

/** `0` and `a`: fingerprints are lower case. */
const [DIGITS, LETTERS] = [48, 97]
/** A message of 170 KB: some milliseconds of work at the other end. */
const PAGE = 10_000

/** Packs keys and their words. */
export function packKeys(entries: readonly (readonly [TableKey, number])[]): PackedKeys {
  const octets = Buffer.alloc(entries.length * OCTETS)
  const values = new Uint8Array(entries.length)
  for (const [index, [key, value]] of entries.entries()) {
    octets.write(key.slice(0, OCTETS * 2), index * OCTETS, 'hex')
    values[index] = value
  }
  return { octets, values }
}
