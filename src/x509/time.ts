/**
 * The times of a certificate (RFC 5280 §4.1.2.5): seconds always present, Greenwich always meant.
 */
import type { Instant } from '../kernel/types.ts'
import { TAG, type DerReader } from './der.ts'

/** A time, and whether its form is the one that its year asks for (UTCTime through 2049, GeneralizedTime after). */
export interface CertificateTime {
  readonly at: Instant
  readonly formFits: boolean
}

/** Reads a Time; the first millisecond of the second that it names. */
export function readTime(reader: DerReader): CertificateTime {
  const isUtc = reader.tag === TAG.utcTime
  const content = reader.content(isUtc ? TAG.utcTime : TAG.generalizedTime)
  const digits = isUtc ? 12 : 14
  const at = isZulu(content, digits) ? instantOf(content, digits - 10) : undefined
  if (at === undefined) {
    reader.refuse('time-malformed')
    return { at: 0 as Instant, formFits: true }
  }
  // Year 2050 begins here; before it UTCTime is the form (§4.1.2.5).
  return { at, formFits: isUtc === at < FIRST_OF_2050 }
}

const FIRST_OF_2050 = Date.UTC(2050, 0, 1)

function isZulu(content: Buffer, digits: number): boolean {
  if (content.length !== digits + 1 || content[digits] !== 0x5a) return false
  for (let index = 0; index < digits; index += 1) {
    const octet = content[index] ?? 0
    if (octet < 0x30 || octet > 0x39) return false
  }
  return true
}

function instantOf(content: Buffer, yearDigits: number): Instant | undefined {
  const written = numberIn(content, 0, yearDigits)
  const century = written < 50 ? 2000 : 1900
  const year = yearDigits === 4 ? written : century + written
  const month = numberIn(content, yearDigits, 2)
  const day = numberIn(content, yearDigits + 2, 2)
  const hour = numberIn(content, yearDigits + 4, 2)
  const minute = numberIn(content, yearDigits + 6, 2)
  const second = numberIn(content, yearDigits + 8, 2)
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return (date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000) as Instant
}

/** The decimal number that so many digits spell. */
function numberIn(content: Buffer, from: number, digits: number): number {
  let value = 0
  for (let index = from; index < from + digits; index += 1) {
    value = value * 10 + (content[index] ?? 0) - 0x30
  }
  return value
}
