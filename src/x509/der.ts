/**
 * A strict reader of DER (X.690 §10): definite and minimal lengths, one-octet tags, canonical values, nothing
 * left over. BER's other spellings are faults, because two readers that spell differently see two certificates.
 *
 * It never recurses over its input: it goes only as deep as the code that drives it names, so the depth of hostile
 * nesting costs nothing.
 */

import type { DerFault, Laxity, Problem } from './der-fault.ts'
import { dottedOf } from './oid.ts'

/** Tags that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of `[number]` around other elements: EXPLICIT, or IMPLICIT of a constructed type. */
export const constructed = (number: number): number => 0xa0 | number
/** The tag of `[number] IMPLICIT` of a primitive type. */
export const primitive = (number: number): number => 0x80 | number

/** Nothing in an empty encoding has this tag, so asking for it is safe at the end. */
const NO_TAG = -1

/** The octets of a whole reading, and what it found out; all readers of one encoding share it. */
interface Encoding {
  readonly bytes: Buffer
  fault: DerFault | undefined
  field: string
  readonly laxities: Set<Laxity>
}

/**
 * Takes elements in the order in which the caller names them. The first fault sticks: every read after it yields
 * something empty, so callers read on and ask for `fault` once, at the end.
 *
 * Octets are cut out only where they are kept: a `Buffer` costs more than all the rest of reading an element,
 * and one certificate has some forty elements.
 */
export class DerReader {
  readonly #bytes: Buffer
  readonly #encoding: Encoding
  readonly #end: number
  #at: number

  private constructor(encoding: Encoding, from: number, to: number) {
    this.#bytes = encoding.bytes
    this.#encoding = encoding
    this.#at = from
    this.#end = to
  }

  /** A reader of one whole encoding. */
  static over(bytes: Buffer): DerReader {
    const encoding = { bytes, fault: undefined, field: '', laxities: new Set<Laxity>() }
    return new DerReader(encoding, 0, bytes.length)
  }

  /** The first thing that went wrong in this encoding, if anything did. */
  get fault(): DerFault | undefined {
    return this.#encoding.fault
  }

  /** Harmless departures met so far. */
  get laxities(): ReadonlySet<Laxity> {
    return this.#encoding.laxities
  }

  /** Names what is read next, for the fault that may come of it. */
  field(name: string): this {
    this.#encoding.field = name
    return this
  }

  /** Whether there is another element to read. */
  get more(): boolean {
    return this.#at < this.#end && this.#encoding.fault === undefined
  }

  /** The tag of the next element; -1 where there is none. */
  get tag(): number {
    return this.more ? (this.#bytes[this.#at] ?? NO_TAG) : NO_TAG
  }

  /** How many octets are unread. */
  get size(): number {
    return this.#encoding.fault === undefined ? this.#end - this.#at : 0
  }

  /** The octets unread, without reading them. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at, this.#at + this.size)
  }

  /** Enters an element: a reader of what is inside, empty where the element is not what was asked for. */
  enter(tag: number): DerReader {
    const inside = this.#take(tag)
    return new DerReader(this.#encoding, inside, this.#at)
  }

  /** As `enter`, or nothing when the next element has another tag. */
  optional(tag: number): DerReader | undefined {
    return this.tag === tag ? this.enter(tag) : undefined
  }

  /** Where the next element begins; with `since`, for cutting out what was read from here on. */
  get position(): number {
    return this.#at
  }

  /** The octets read since a position. */
  since(position: number): Buffer {
    return this.#bytes.subarray(position, this.#at)
  }

  /** As `since`, in lower-case hexadecimal. */
  hexSince(position: number): string {
    return this.#bytes.toString('hex', position, this.#at)
  }

  /** The whole next element, tag and length included. */
  element(tag: number = this.tag): Buffer {
    const start = this.#at
    this.#take(tag)
    return this.#bytes.subarray(start, this.#at)
  }

  /** Steps over the next element, cutting nothing out; where its content begins, and `position` is where it ends. */
  step(tag: number): number {
    return this.#take(tag)
  }

  /** The content octets of the next element. */
  content(tag: number): Buffer {
    const inside = this.#take(tag)
    return this.#bytes.subarray(inside, this.#at)
  }

  /** As `content`, in lower-case hexadecimal. */
  hex(tag: number): string {
    const inside = this.#take(tag)
    return this.#bytes.toString('hex', inside, this.#at)
  }

  /** The octets unread as text; nothing when one of them is beyond ASCII. */
  get ascii(): string | undefined {
    const end = this.#at + this.size
    for (let at = this.#at; at < end; at += 1) if ((this.#bytes[at] ?? 0) > 0x7f) return undefined
    return this.#bytes.toString('latin1', this.#at, end)
  }

  /** A BOOLEAN DEFAULT FALSE: false when it is not there. */
  flag(tag: number = TAG.boolean): boolean {
    if (this.tag !== tag) return false
    const value = this.boolean(tag)
    // X.690 §11.5: a default value is not encoded; older CAs do.
    if (!value) this.note('default-value-encoded')
    return value
  }

  /** X.690 §11.1: TRUE is 0xff. */
  boolean(tag: number = TAG.boolean): boolean {
    const start = this.#at
    const inside = this.#take(tag)
    if (this.#encoding.fault !== undefined) return false
    const octet = this.#bytes[inside]
    if (this.#at - inside !== 1 || (octet !== 0 && octet !== 0xff)) {
      this.refuse('boolean-not-canonical', start)
    }
    return octet === 0xff
  }

  /** The two's complement octets of an INTEGER, checked to be the fewest possible (X.690 §8.3.2). */
  integer(tag: number = TAG.integer): Buffer {
    const start = this.#at
    const octets = this.content(tag)
    const first = octets[0] ?? 0
    const second = octets[1] ?? 0
    const padded =
      octets.length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second > 0x7f)
    if (octets.length === 0 || padded) this.refuse('integer-not-minimal', start)
    return octets
  }

  /** An INTEGER (0..MAX) as a number; one beyond 32 bits is as good as infinite for what certificates count. */
  count(tag: number = TAG.integer): number {
    const start = this.#at
    const octets = this.integer(tag)
    if ((octets[0] ?? 0) > 0x7f) this.refuse('unexpected-element', start)
    return octets.length > 4 ? Infinity : octets.reduce((sum, octet) => sum * 256 + octet, 0)
  }

  /** A BIT STRING of whole octets, as keys and signatures are. */
  octetAlignedBits(tag: number = TAG.bitString): Buffer {
    const start = this.#at
    const inside = this.#take(tag)
    const isEmpty = inside === this.#at
    if (isEmpty || this.#bytes[inside] !== 0) this.refuse('bit-string-padding', start)
    return this.#bytes.subarray(isEmpty ? inside : inside + 1, this.#at)
  }

  /** A BIT STRING of named bits, the first in bit 31; bits beyond the 32nd are not looked at. */
  namedBits(tag: number = TAG.bitString): number {
    const start = this.#at
    const inside = this.#take(tag)
    const length = this.#at - inside
    const unused = length === 0 ? 8 : (this.#bytes[inside] ?? 8)
    const last = length === 0 ? 0 : (this.#bytes[this.#at - 1] ?? 0)
    const spare = length === 1 ? unused !== 0 : (last & ((1 << unused) - 1)) !== 0
    if (unused > 7 || spare) this.refuse('bit-string-padding', start)
    // X.690 §11.2.2: a list of named bits ends with a one.
    if (length > 1 && (last & (1 << unused)) === 0) this.note('named-bits-not-minimal')
    let bits = 0
    for (let index = 1; index <= 4; index += 1) {
      bits = (bits << 8) | (index < length ? (this.#bytes[inside + index] ?? 0) : 0)
    }
    return bits
  }

  /** An OBJECT IDENTIFIER in dotted decimal. */
  oid(tag: number = TAG.oid): string {
    const start = this.#at
    const inside = this.#take(tag)
    const dotted = dottedOf(this.#bytes, inside, this.#at)
    if (dotted === undefined) this.refuse('object-identifier-malformed', start)
    return dotted ?? ''
  }

  /** Says that nothing may follow. */
  end(): void {
    if (this.more) this.refuse('trailing-octets', this.#at)
  }

  /** Records a fault, unless there is one. */
  refuse(problem: Problem, offset: number = this.#at): void {
    this.#encoding.fault ??= { problem, field: this.#encoding.field, offset }
  }

  /** Records a harmless departure. */
  note(laxity: Laxity): void {
    this.#encoding.laxities.add(laxity)
  }

  /** Steps over the next element; the answer is where its content begins, `#at` is where it ends. */
  #take(tag: number): number {
    if (this.#encoding.fault !== undefined) return this.#at
    const start = this.#at
    const bytes = this.#bytes
    if (start >= this.#end) return this.#fail('missing-element', start)
    const found = bytes[start] ?? NO_TAG
    // Numbers from 31 on take more octets; nothing in X.509 has one, so it is refused even where anything may stand.
    if ((found & 0x1f) === 0x1f) return this.#fail('tag-number-too-high', start)
    if (found !== tag) return this.#fail('unexpected-element', start)
    const first = bytes[start + 1] ?? 0
    if (first < 0x80) return this.#span(start + 2, first, start)
    if (first === 0x80) return this.#fail('indefinite-length', start)
    return this.#longSpan(start, first & 0x7f)
  }

  #longSpan(start: number, octets: number): number {
    // Four octets of length say 4 GiB, far beyond any limit on a certificate or a revocation list.
    if (octets > 4) return this.#fail('truncated', start)
    const inside = start + 2 + octets
    if (inside > this.#end) return this.#fail('truncated', start)
    let length = 0
    for (let at = start + 2; at < inside; at += 1) length = length * 256 + (this.#bytes[at] ?? 0)
    const minimal = length >= 0x80 && (this.#bytes[start + 2] ?? 0) !== 0
    if (!minimal) return this.#fail('length-not-minimal', start)
    return this.#span(inside, length, start)
  }

  #span(inside: number, length: number, start: number): number {
    if (inside + length > this.#end) return this.#fail('truncated', start)
    this.#at = inside + length
    return inside
  }

  #fail(problem: Problem, offset: number): number {
    this.refuse(problem, offset)
    return this.#at
  }
}
