/**
 * Days and lengths of time in words.
 */
import { countText } from './count-text.ts'
import { DAY_MS, isoText, type Instant, type Millis } from './types.ts'

/** `2027-11-22 (UTC)`: a day of a certificate is the same in every zone. */
export const dayText = (instant: Instant): string => `${isoText(instant).slice(0, 10)} (UTC)`

/** `2026-11-22T10:00:00Z`: certificates count whole seconds, so nothing finer is shown. */
export const timestampText = (instant: Instant): string =>
  `${new Date(instant - (instant % 1000)).toISOString().slice(0, 19)}Z`

/** `30 days`, `12 hours`, `90 seconds`: the largest unit that leaves no rest. */
export function durationText(length: Millis): string {
  const [size, name] = UNITS.find(([size]) => length > 0 && length % size === 0) ?? [1, 'ms']
  return name === 'ms' ? `${length} ms` : countText(length / size, name)
}

/** `in 41 days`, `9 days ago`, `today`. */
export function relativeDayText(instant: Instant, now: Instant): string {
  const days = Math.trunc((instant - now) / DAY_MS)
  if (days === 0) return instant >= now ? 'in less than a day' : 'less than a day ago'
  return days > 0 ? `in ${countText(days, 'day')}` : `${countText(-days, 'day')} ago`
}

/** `until 2027-11-22 (UTC), in 41 days`, or that it has expired. */
export const expiryText = (notAfter: Instant, now: Instant): string =>
  notAfter < now
    ? `EXPIRED ${relativeDayText(notAfter, now)}`
    : `until ${dayText(notAfter)}, ${relativeDayText(notAfter, now)}`

/** `3 days ago`, `2 hours ago`, `40 minutes ago`: lists live for hours, so days are too coarse. */
export function ageText(instant: Instant, now: Instant): string {
  const age = now - instant
  if (age < 0) return 'later than now'
  const [size, name] = UNITS.find(([size]) => age >= size) ?? [1000, 'second']
  return `${countText(Math.floor(age / size), name)} ago`
}

const UNITS: readonly (readonly [number, string])[] = [
  [DAY_MS, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
]
