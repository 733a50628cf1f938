/**
 * Points in time as they are typed: as in the configuration file, and where it is clear, as a length of time before now.
 */
import {
  explainInstantFault,
  INSTANT_WANTED,
  parseDuration,
  parseInstant,
} from '../config/reading/units.ts'
import { fail, type Instant, isoText, ok, type Result } from '../kernel/types.ts'

/** What an option takes beside a point in time. */
export interface TimeWords {
  /** A word that is passed on as it is. */
  readonly word?: string
  /** Whether `7d` is seven days ago. */
  readonly ago?: true
}

/** Reads a time, and returns it in UTC; a failure says what was wanted and what to do. */
export function readTime(text: string, { word, ago }: TimeWords): Result<string, string> {
  if (text === word) return ok(text)
  const at = parseInstant(text)
  if (at.ok) return ok(isoText(at.value))
  const length = ago === true ? parseDuration(text) : undefined
  if (length?.ok === true) return ok(isoText(Math.max(0, Date.now() - length.value) as Instant))
  if (at.failure !== 'not-an-instant') return fail(explainInstantFault(at.failure))
  if (ago === true) {
    return fail(`wanted ${INSTANT_WANTED}, or how long ago, such as 12h or 7d: ${WITH_UNIT}`)
  }
  const other = word === undefined ? '' : `, or ${word}`
  return fail(explainInstantFault(at.failure).replace(INSTANT_WANTED, INSTANT_WANTED + other))
}

const WITH_UNIT = 'write a length with its unit, or the year first and the offset from UTC'
