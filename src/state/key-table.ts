/**
 * A small word for each of very many keys, in some 35 octets per key instead of the 150 that a map of strings takes:
 * every process of a fleet of a million devices holds one.
 */
import { Buffer } from 'node:buffer'
import type { KeyFingerprint } from '../kernel/types.ts'

/** Keys and their words as octets, fit for a message between processes. */
export interface PackedKeys {
  /** The first 16 octets of each fingerprint, one after the other. */
  readonly octets: Uint8Array
  /** One word per key, 1 to 255; 0 takes the key out. */
  readonly words: Uint8Array
}

/**
 * Half of a SHA-256 names a key here. To pass for another's key takes 2^128 attempts; two keys with the same half
 * take 2^64, and belong to whoever made them.
 */
const OCTETS = 16
const PARTS = 4
/** Room for a thousand keys; it doubles from there. */
const FIRST_SLOTS = 2048
/** Beyond this share of slots in use, looking past full ones begins to cost. */
const FULLEST = 0.6

/** Open addressing, in typed arrays; an absent key has the word 0. */
export class KeyTable {
  #parts = new Uint32Array(FIRST_SLOTS * PARTS)
  #words = new Uint8Array(FIRST_SLOTS)
  #size = 0
  /** The key that is being looked for: an array made for every look-up would cost more than the look-up. */
  readonly #wanted = new Uint32Array(PARTS)

  get size(): number {
    return this.#size
  }

  /** Octets that it occupies. */
  get memory(): number {
    return this.#parts.byteLength + this.#words.byteLength
  }

  /** The word of a key, 0 for one that is not here. */
  wordOf(key: KeyFingerprint): number {
    this.#want(key)
    return this.#words[this.#slot()] ?? 0
  }

  /** Sets a word, or takes the key out with 0. */
  set(key: KeyFingerprint, word: number): void {
    this.#want(key)
    this.#put(word)
  }

  /** Takes in what another table, or `packKeys`, has packed. */
  unpack({ octets, words }: PackedKeys): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    for (const [index, word] of words.entries()) {
      for (let part = 0; part < PARTS; part += 1) {
        this.#wanted[part] = view.getUint32(index * OCTETS + part * 4)
      }
      this.#put(word)
    }
  }

  /** Everything, in pages of at most `limit` keys. */
  *pages(limit = PAGE): Generator<PackedKeys> {
    let octets = Buffer.alloc(limit * OCTETS)
    let words = new Uint8Array(limit)
    let count = 0
    for (const [slot, word] of this.#words.entries()) {
      if (word === 0) continue
      for (let part = 0; part < PARTS; part += 1) {
        octets.writeUInt32BE(this.#parts[slot * PARTS + part] ?? 0, count * OCTETS + part * 4)
      }
      words[count] = word
      count += 1
      if (count < limit) continue
      yield { octets, words }
      octets = Buffer.alloc(limit * OCTETS)
      words = new Uint8Array(limit)
      count = 0
    }
    if (count > 0)
      yield { octets: octets.subarray(0, count * OCTETS), words: words.subarray(0, count) }
  }

  /** Digit by digit: cutting the text in pieces to read them takes five times as long. */
  #want(key: KeyFingerprint): void {
    for (let part = 0; part < PARTS; part += 1) {
      let value = 0
      for (let at = part * 8; at < part * 8 + 8; at += 1) {
        const code = key.charCodeAt(at)
        value = (value << 4) | (code < LETTERS ? code - DIGITS : code - LETTERS + 10)
      }
      this.#wanted[part] = value
    }
  }

  #put(word: number): void {
    const slot = this.#slot()
    if (this.#words[slot] !== 0) {
      if (word === 0) this.#takeOut(slot)
      else this.#words[slot] = word
      return
    }
    if (word === 0) return
    this.#parts.set(this.#wanted, slot * PARTS)
    this.#words[slot] = word
    this.#size += 1
    if (this.#size > this.#words.length * FULLEST) this.#grow()
  }

  /** Where the wanted key is, or would be put. */
  #slot(): number {
    const mask = this.#words.length - 1
    let slot = (this.#wanted[0] ?? 0) & mask
    while (this.#words[slot] !== 0 && !this.#isAt(slot)) slot = (slot + 1) & mask
    return slot
  }

  #isAt(slot: number): boolean {
    const at = slot * PARTS
    return (
      this.#parts[at] === this.#wanted[0] &&
      this.#parts[at + 1] === this.#wanted[1] &&
      this.#parts[at + 2] === this.#wanted[2] &&
      this.#parts[at + 3] === this.#wanted[3]
    )
  }

  /** Closes the gap: whatever was put past this slot because it was full moves up. */
  #takeOut(slot: number): void {
    const mask = this.#words.length - 1
    let gap = slot
    let next = (gap + 1) & mask
    while (this.#words[next] !== 0) {
      const home = (this.#parts[next * PARTS] ?? 0) & mask
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        this.#parts.copyWithin(gap * PARTS, next * PARTS, (next + 1) * PARTS)
        this.#words[gap] = this.#words[next] ?? 0
        gap = next
      }
      next = (next + 1) & mask
    }
    this.#words[gap] = 0
    this.#size -= 1
  }

  #grow(): void {
    const [parts, words] = [this.#parts, this.#words]
    this.#parts = new Uint32Array(parts.length * 2)
    this.#words = new Uint8Array(words.length * 2)
    this.#size = 0
    for (const [slot, word] of words.entries()) {
      if (word === 0) continue
      this.#wanted.set(parts.subarray(slot * PARTS, (slot + 1) * PARTS))
      this.#put(word)
    }
  }
}

/** `0` and `a`: fingerprints are lower case. */
const [DIGITS, LETTERS] = [48, 97]
/** A message of 170 KB: some milliseconds of work at the other end. */
const PAGE = 10_000

/** Packs keys and their words. */
export function packKeys(entries: readonly (readonly [KeyFingerprint, number])[]): PackedKeys {
  const octets = Buffer.alloc(entries.length * OCTETS)
  const words = new Uint8Array(entries.length)
  for (const [index, [key, word]] of entries.entries()) {
    octets.write(key.slice(0, OCTETS * 2), index * OCTETS, 'hex')
    words[index] = word
  }
  return { octets, words }
}
