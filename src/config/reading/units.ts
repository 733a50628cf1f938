/**
 * Lengths of time and sizes as people write them. A number without a unit is refused: 30 is half a minute to
 * one reader and half an hour to the next.
 */
import {
  fail,
  type Instant,
  type Millis,
  ok,
  type Result,
  unreachable,
} from '../../kernel/types.ts'

/** `1d 12h`, `90s`, `500ms`: descending units, each at most once. */
export const DURATION_PATTERN =
  '^(?=[0-9])(?:[0-9]{1,6}d ?)?(?:[0-9]{1,8}h ?)?(?:[0-9]{1,8}m(?!s) ?)?(?:[0-9]{1,9}s ?)?(?:[0-9]{1,12}ms)?$'

/** `512B`, `16KiB`, `2GiB`: powers of 1024, as the units say. */
export const SIZE_PATTERN = '^[0-9]{1,9}(?:B|KiB|MiB|GiB)$'

/** A day, or a second with its offset from UTC; thousandths are read, further decimals are not. */
export const INSTANT_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$'

/** Reads a length of time. */
export function parseDuration(text: string): Result<Millis, 'not-a-length'> {
  if (!new RegExp(DURATION_PATTERN).test(text)) return fail('not-a-length')
  let total = 0
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|s|m|h|d)/g)) {
    total += Number(count) * (MILLIS.get(unit ?? '') ?? 0)
  }
  return ok(total as Millis)
}

/** Reads a size in octets. */
export function parseSize(text: string): Result<number, 'not-a-size'> {
  const found = /^([0-9]{1,9})(B|KiB|MiB|GiB)$/.exec(text)
  if (found === null) return fail('not-a-size')
  return ok(Number(found[1]) * (OCTETS.get(found[2] ?? '') ?? 0))
}

/** Why a text is no point in time. */
export type InstantFault = 'no-such-day' | 'no-such-time' | 'not-an-instant'

/**
 * Reads a day (its first moment, UTC) or a second; the 30th of February is refused, not moved to March, and so are 24:00
 * and leap seconds, which are no instants of ours.
 */
export function parseInstant(text: string): Result<Instant, InstantFault> {
  if (!new RegExp(INSTANT_PATTERN).test(text)) return fail('not-an-instant')
  const day = text.slice(0, 10)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) {
    return fail('no-such-day')
  }
  if (text.length === day.length) return ok(midnight as Instant)
  // Date.parse takes 24:00 for the next day.
  const instant = text.slice(11, 13) === '24' ? Number.NaN : Date.parse(text)
  return Number.isNaN(instant) ? fail('no-such-time') : ok(instant as Instant)
}

/** What a point in time is written as. */
export const INSTANT_WANTED =
  'a day such as 2026-03-01 (UTC) or a second such as 2026-03-01T12:00:00Z'
export const INSTANT_ADVICE = 'write the year first and say the offset from UTC'

/** Says what was wanted in place of a text that is no point in time, and what to do. */
export function explainInstantFault(why: InstantFault): string {
  switch (why) {
    case 'no-such-day':
      return 'wanted a day that exists: correct it'
    case 'no-such-time':
      return 'wanted a time from 00:00:00 to 23:59:59 and an offset of less than a day: correct it'
    case 'not-an-instant':
      return `wanted ${INSTANT_WANTED}: ${INSTANT_ADVICE}`
    default:
      return unreachable(why)
  }
}

const MILLIS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const OCTETS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])
