/**
 * Facts that show their own names: an explanation made of them says `{limit}` where the log says a number.
 */
import { isoText, type Instant } from '../../src/kernel/types.ts'
import { DerReader, TAG } from '../../src/x509/der.ts'
import { readName, type Name } from '../../src/x509/name.ts'

/** Numbers that stand for names; no sentence of ours holds one of nine digits. */
const NUMBERS = new Map<string, number>()
const FIRST = 100_000_001

/** A number, shown as `{name}`. */
export function amount(name: string): number {
  const known = NUMBERS.get(name)
  if (known !== undefined) return known
  const number = FIRST + NUMBERS.size
  NUMBERS.set(name, number)
  return number
}

/** A point in time, shown as `{name}`. */
export const instant = (name: string): Instant => amount(name) as Instant

/** A distinguished name, shown as `CN={name}`. */
export function distinguishedName(name: string): Name {
  const value = tagged(TAG.utf8String, Buffer.from(`{${name}}`))
  const pair = tagged(TAG.sequence, Buffer.concat([COMMON_NAME, value]))
  return readName(DerReader.over(tagged(TAG.sequence, tagged(TAG.set, pair))))
}

/** 2.5.4.3 in DER. */
const COMMON_NAME = Buffer.from('0603550403', 'hex')

/** DER of content that is shorter than 128 octets. */
const tagged = (tag: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag, content.length]), content])

/** Puts the names where their numbers stand. */
export function withNames(text: string): string {
  let named = text
  for (const [name, number] of NUMBERS) {
    named = named
      .replaceAll(isoText(number as Instant), `{${name}}`)
      .replaceAll(String(number), `{${name}}`)
  }
  return named
}
