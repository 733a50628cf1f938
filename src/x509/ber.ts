/**
 * BER → DER, as far as containers need it: PKCS#12 and PKCS#7 files are written in BER (RFC 7292 §4), with lengths that
 * are found out only at the end and octet strings in pieces. What is read strictly is read after this. Octets inside an
 * octet string stay as they are.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { DerFault, Problem } from './der-fault.ts'

/** How an encoding is written anew. */
export interface BerReading {
  /** What becomes of octets behind the first element. */
  readonly behind: 'left-out' | 'refused'
  /**
   * From this depth on, 0 being the outermost, an element that states its length stays as it is, octet by octet: it is signed,
   * or read by others. Octet strings in pieces become one at any depth.
   */
  readonly keptFrom: number
}

/** Writes the first element of an encoding anew, with definite and shortest lengths. */
export function derOfBer(
  bytes: Buffer,
  { behind, keptFrom }: BerReading,
): Result<Buffer, DerFault> {
  const rewriter = new Rewriter(bytes, keptFrom)
  const { der, next } = rewriter.element(0, bytes.length, 0)
  if (behind === 'refused' && next < bytes.length) rewriter.refuse('trailing-octets', next)
  return rewriter.fault === undefined ? ok(joined(der)) : fail(rewriter.fault)
}

/** An element in the pieces that it will be put together from, once: what lies deep is not copied again at each level. */
interface Element {
  /** Tag and length. */
  readonly head: Buffer
  readonly content: readonly (Buffer | Element)[]
  /** Of the content, in octets. */
  readonly size: number
}

interface Written {
  readonly der: Element
  /** Where what follows the element begins. */
  readonly next: number
}

class Rewriter {
  fault: DerFault | undefined
  readonly #bytes: Buffer
  readonly #keptFrom: number
  #elements = 0

  constructor(bytes: Buffer, keptFrom: number) {
    this.#bytes = bytes
    this.#keptFrom = keptFrom
  }

  element(at: number, end: number, depth: number): Written {
    const { inside, length } = this.#head(at, end)
    this.#elements += 1
    if (this.#elements > MAX_BER_ELEMENTS) this.refuse('too-many-elements', at)
    if (depth > MAX_DEPTH) this.refuse('nested-too-deep', at)
    if (this.fault !== undefined) return { der: NOTHING, next: end }
    const tag = this.#bytes[at] ?? 0
    const isConstructed = (tag & CONSTRUCTED) !== 0
    if (length !== undefined && depth >= this.#keptFrom && tag !== PIECES) {
      const next = inside + length
      const content = [this.#bytes.subarray(inside, next)]
      return { der: { head: this.#bytes.subarray(at, inside), content, size: length }, next }
    }
    if (length !== undefined && !isConstructed) {
      const next = inside + length
      return { der: written(tag, [this.#bytes.subarray(inside, next)]), next }
    }
    if (!isConstructed) return this.refuse('indefinite-length', at)
    const { parts, next } = this.#inside(
      inside,
      length === undefined ? undefined : inside + length,
      {
        end,
        depth,
      },
    )
    if (tag !== PIECES) return { der: written(tag, parts), next }
    return {
      der: written(
        OCTET_STRING,
        parts.flatMap((part) => this.#piece(part, at)),
      ),
      next,
    }
  }

  /** The elements inside a constructed one: up to its end, or to the mark where its length was not known beforehand. */
  #inside(
    from: number,
    known: number | undefined,
    { end, depth }: { readonly end: number; readonly depth: number },
  ): { readonly parts: readonly Element[]; readonly next: number } {
    const parts: Element[] = []
    let at = from
    while (this.fault === undefined && at !== known) {
      if (
        known === undefined &&
        this.#bytes[at] === 0 &&
        this.#bytes[at + 1] === 0 &&
        at + 2 <= end
      )
        return { parts, next: at + 2 }
      const { der, next } = this.element(at, known ?? end, depth + 1)
      parts.push(der)
      at = next
    }
    return { parts, next: at }
  }

  /** The content of a piece of an octet string; pieces of pieces have become one already. */
  #piece({ head, content }: Element, at: number): Element['content'] {
    if (head[0] !== OCTET_STRING) this.refuse('unexpected-element', at)
    return content
  }

  #head(at: number, end: number): { readonly inside: number; readonly length: number | undefined } {
    const first = this.#bytes[at + 1]
    if (at + 2 > end || first === undefined) return this.#noHead('truncated', at)
    if (((this.#bytes[at] ?? 0) & 0x1f) === 0x1f) return this.#noHead('tag-number-too-high', at)
    if (first === 0x80) return { inside: at + 2, length: undefined }
    if (first < 0x80) return this.#within({ inside: at + 2, length: first }, end)
    const inside = at + 2 + (first & 0x7f)
    // Leading zeros are BER's to write, but no length of eight octets is meant.
    if (first > 0x88 || inside > end) return this.#noHead('truncated', at)
    let length = 0
    for (let octet = at + 2; octet < inside; octet += 1) {
      length = length * 256 + (this.#bytes[octet] ?? 0)
    }
    return this.#within({ inside, length }, end)
  }

  #within(
    head: { readonly inside: number; readonly length: number },
    end: number,
  ): { readonly inside: number; readonly length: number } {
    return head.inside + head.length > end ? this.#noHead('truncated', head.inside) : head
  }

  #noHead(problem: Problem, at: number): { readonly inside: number; readonly length: number } {
    this.refuse(problem, at)
    return { inside: at, length: 0 }
  }

  refuse(problem: Problem, offset: number): Written {
    this.fault ??= { problem, field: 'encoding', offset }
    return { der: NOTHING, next: this.#bytes.length }
  }
}

function written(tag: number, content: Element['content']): Element {
  const size = content.reduce((sum, part) => sum + sizeOf(part), 0)
  if (size < 0x80) return { head: Buffer.from([tag, size]), content, size }
  const octets: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return { head: Buffer.from([tag, 0x80 | octets.length, ...octets]), content, size }
}

const sizeOf = (part: Buffer | Element): number =>
  Buffer.isBuffer(part) ? part.length : part.head.length + part.size

function joined(element: Element): Buffer {
  const pieces: Buffer[] = []
  const collect = ({ head, content }: Element): void => {
    pieces.push(head)
    for (const part of content) {
      if (Buffer.isBuffer(part)) pieces.push(part)
      else collect(part)
    }
  }
  collect(element)
  return Buffer.concat(pieces)
}

const NOTHING: Element = { head: Buffer.alloc(0), content: [], size: 0 }
const CONSTRUCTED = 0x20
const OCTET_STRING = 0x04
/** An octet string in pieces. */
const PIECES = 0x24
/** A bag in a bag in a safe is some twenty levels deep. */
const MAX_DEPTH = 64
/** A keystore with a thousand certificates has fifteen thousand outside its octet strings; in a bag, what lies in it counts once. */
export const MAX_BER_ELEMENTS = 100_000
