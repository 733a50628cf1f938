/**
 * Writes DER by hand, right or wrong, so that a test can make exactly the fault it is about. It shares no
 * line with the reader it tests.
 */

/** One tag-length-value; the length is minimal and definite. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOctets(body.length), body])
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Buffer.from([0x80 | octets.length, ...octets])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tlv(0x31, ...parts)
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.from([value ? 0xff : 0]))
export const octetString = (value: Uint8Array): Buffer => tlv(0x04, value)
export const nothing = (): Buffer => tlv(0x05)
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'))
export const printable = (text: string): Buffer => tlv(0x13, Buffer.from(text, 'latin1'))
export const ia5 = (text: string): Buffer => tlv(0x16, Buffer.from(text, 'latin1'))
export const bitString = (value: Uint8Array, unusedBits = 0): Buffer =>
  tlv(0x03, Buffer.from([unusedBits]), value)

/** The smallest two's complement form of a whole number. */
export function integer(value: number | bigint): Buffer {
  let rest = BigInt(value)
  const octets: number[] = []
  do {
    octets.unshift(Number(BigInt.asUintN(8, rest)))
    rest >>= 8n
  } while (rest !== 0n && rest !== -1n)
  const sign = (octets[0] ?? 0) & 0x80
  if (rest === 0n && sign !== 0) octets.unshift(0)
  if (rest === -1n && sign === 0) octets.unshift(0xff)
  return tlv(0x02, Buffer.from(octets))
}

/** Context-specific and constructed, `[number] EXPLICIT` or a constructed IMPLICIT. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  tlv(0xa0 | number, ...parts)

/** Context-specific and primitive, `[number] IMPLICIT`. */
export const contextPrimitive = (number: number, value: Uint8Array): Buffer =>
  tlv(0x80 | number, value)

export function oid(dotted: string): Buffer {
  const arcs = dotted.split('.').map(BigInt)
  const [first = 0n, second = 0n, ...rest] = arcs
  return tlv(0x06, Buffer.from([first * 40n + second, ...rest].flatMap(base128)))
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export function time(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/u, 'Z')
    .replaceAll(/[-:T]/gu, '')
  const year = at.getUTCFullYear()
  return year >= 1950 && year < 2050
    ? tlv(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : tlv(0x18, Buffer.from(digits, 'latin1'))
}

/** A Name with one attribute per relative distinguished name, most significant first. */
export const nameOf = (...attributes: readonly (readonly [string, string])[]): Buffer =>
  sequence(...attributes.map(([type, text]) => set(sequence(oid(type), utf8(text)))))

/** The Name `CN=text`. */
export const commonName = (text: string): Buffer => nameOf(['2.5.4.3', text])
