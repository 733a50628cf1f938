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
  const at = timeIn(content, 0, content.length, isUtc)
  if (at === undefined) {
    reader.refuse('time-malformed')
    return { at: 0 as Instant, formFits: true }
  }
  // Year 2050 begins here; before it UTCTime is the form (§4.1.2.5).
  return { at, formFits: isUtc === at < FIRST_OF_2050 }
}

const FIRST_OF_2050 = Date.UTC(2050, 0, 1)

/** The time whose content stands in `bytes[from, to)`; nothing when it is none. Cuts nothing out. */
export function timeIn(
  bytes: Buffer,
  from: number,
  to: number,
  isUtc: boolean,
): Instant | undefined {
  const digits = isUtc ? 12 : 14
  return isZulu(bytes, from, { to, digits }) ? instantOf(bytes, from, digits - 10) : undefined
}

function isZulu(
  bytes: Buffer,
  from: number,
  { to, digits }: { readonly to: number; readonly digits: number },
): boolean {
  if (to - from !== digits + 1 || bytes[to - 1] !== 0x5a) return false
  for (let at = from; at < to - 1; at += 1) {
    const octet = bytes[at] ?? 0
    if (octet < 0x30 || octet > 0x39) return false
  }
  return true
}

function instantOf(bytes: Buffer, from: number, yearDigits: number): Instant | undefined {
  const written = numberIn(bytes, from, yearDigits)
  const century = written < 50 ? 2000 : 1900
  const year = yearDigits === 4 ? written : century + written
  const month = numberIn(bytes, from + yearDigits, 2)
  const day = numberIn(bytes, from + yearDigits + 2, 2)
  const hour = numberIn(bytes, from + yearDigits + 4, 2)
  const minute = numberIn(bytes, from + yearDigits + 6, 2)
  const second = numberIn(bytes, from + yearDigits + 8, 2)
  if (hour > 23 || minute > 59 || second > 59) return undefined
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  const days = daysBefore(year, month) + day - 1
  return ((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000) as Instant
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/**
 * Days from 1970 to the first of a month, negative before. A `Date` would take the years 0 to 99 for 1900 to 1999,
 * and a revocation list has a million times.
 */
function daysBefore(year: number, month: number): number {
  // Counted from March, so that the day a leap year adds is the last one of its year.
  const months = year * 12 + month - 3
  const years = Math.floor(months / 12)
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  return years * 365 + leaps + Math.floor((153 * (months - years * 12) + 2) / 5) - MARCH_0_TO_1970
}

/** Days from the first of March of the year 0 to the first of January 1970. */
const MARCH_0_TO_1970 = 719_468

/** The decimal number that so many digits spell. */
function numberIn(bytes: Buffer, from: number, digits: number): number {
  let value = 0
  for (let index = from; index < from + digits; index += 1) {
    value = value * 10 + (bytes[index] ?? 0) - 0x30
  }
  return value
}
