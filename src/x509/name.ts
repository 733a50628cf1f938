/**
 * Distinguished names: read, and compared by RFC 5280 §7.1. `print-name.ts` prints them.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { TAG, type DerReader } from './der.ts'

/** One `type=value` of a relative distinguished name. */
export interface Attribute {
  /** Dotted decimal, e.g. `2.5.4.3`. */
  readonly oid: string
  /** The value as text; an undecodable one is `#` and the hex of its DER (RFC 4514 §2.4). */
  readonly text: string
}

/** A parsed Name (RFC 5280 §4.1.2.4). */
export interface Name {
  readonly der: Buffer
  /** In the order of the encoding: the most significant (usually country) first. */
  readonly rdns: readonly (readonly Attribute[])[]
  /**
   * Two names are the same exactly when their keys are equal (RFC 5280 §7.1); one lies within the subtree of
   * another exactly when its key begins with the other's.
   */
  readonly key: string
}

/** How a name is written out: by RFC 4514, or as OpenSSL prints RFC 2253 (`rfc2253`) and its old one line (`slash`). */
export type NameForm = 'rfc4514' | 'rfc2253' | 'slash'

/** Reads a Name; faults stay with the reader. */
export function readName(reader: DerReader): Name {
  const start = reader.position
  const inside = reader.enter(TAG.sequence)
  const der = reader.since(start)
  const rdns: Attribute[][] = []
  let key = ''
  while (inside.more) {
    if (rdns.length === MAX_RDNS) inside.refuse('too-many-elements')
    const { attributes, keys } = readRdn(inside.enter(TAG.set))
    rdns.push(attributes)
    // No normalised value holds a control character, so this can only be the end of an RDN.
    key += `${keys.length === 1 ? (keys[0] ?? '') : keys.sort().join('\u0001')}\u0000`
  }
  return { der, rdns, key }
}

/** Honest names have up to a dozen; the bound keeps a certificate full of names from costing more than its signature. */
const MAX_RDNS = 64

function readRdn(set: DerReader): { attributes: Attribute[]; keys: string[] } {
  const attributes: Attribute[] = []
  const keys: string[] = []
  // A SET OF is never empty here (RFC 5280 appendix A: SIZE (1..MAX)).
  if (!set.more) set.refuse('missing-element')
  while (set.more) {
    if (attributes.length === MAX_RDNS) set.refuse('too-many-elements')
    const pair = set.enter(TAG.sequence)
    const oid = pair.oid()
    const tag = pair.tag
    const start = pair.position
    const inside = pair.enter(tag)
    pair.end()
    const text = (ASCII_BASED.has(tag) ? inside.ascii : undefined) ?? textOf(tag, inside.rest)
    const hex = text === undefined ? `#${pair.hexSince(start)}` : ''
    attributes.push({ oid, text: text ?? hex })
    keys.push(text === undefined ? `${oid}${hex}` : `${oid}=${comparable(text)}`)
  }
  return { attributes, keys }
}

/** In these types ASCII means itself, and nearly every value is ASCII. */
const ASCII_BASED: ReadonlySet<number> = new Set([
  TAG.utf8String,
  TAG.printableString,
  TAG.ia5String,
  TAG.numericString,
  TAG.visibleString,
  TAG.teletexString,
])

/** The text of a string type; nothing when the octets are not what the type promises. */
export function textOf(tag: number, content: Buffer): string | undefined {
  switch (tag) {
    case TAG.utf8String:
      if (isAscii(content)) return content.toString('latin1')
      return isUtf8(content) ? content.toString('utf8') : undefined
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.numericString:
    case TAG.visibleString:
      return isAscii(content) ? content.toString('latin1') : undefined
    // T.61 in name only: every CA that still writes it means Latin-1, and every reader takes it so.
    case TAG.teletexString:
      return content.toString('latin1')
    case TAG.bmpString:
      return content.length % 2 === 0 ? wellFormed(bigEndian16(content)) : undefined
    case TAG.universalString:
      return content.length % 4 === 0 ? utf32(content) : undefined
    default:
      return undefined
  }
}

const bigEndian16 = (content: Buffer): string => Buffer.from(content).swap16().toString('utf16le')
const wellFormed = (text: string): string | undefined => (text.isWellFormed() ? text : undefined)

function utf32(content: Buffer): string | undefined {
  let text = ''
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at)
    if (point > 0x10ffff) return undefined
    text += String.fromCodePoint(point)
  }
  return wellFormed(text)
}

/**
 * A value made comparable (RFC 5280 §7.1, which asks for the string preparation of RFC 4518): case folded,
 * compatibility forms joined, white space at the ends dropped and elsewhere single.
 */
function comparable(text: string): string {
  const folded = PRINTABLE_ASCII.test(text) ? text.toLowerCase() : foldedUnicode(text)
  return ODD_SPACES.test(folded) ? folded.trim().replaceAll(/ {2,}/gu, ' ') : folded
}

const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/u
const ODD_SPACES = /^ | $| {2}/u

function foldedUnicode(text: string): string {
  const mapped = text
    .replaceAll(/[\t\n\v\f\r\u0085\u2028\u2029\p{Zs}]/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
  // Up and down again, so that letters that only fold together in upper case (ß and ss) meet.
  return mapped.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}
