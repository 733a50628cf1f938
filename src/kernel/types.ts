/**
 * The types that every module shares: brands, results, faults, points in time and their text.
 */
declare const brand: unique symbol

/** A `Base` that only its parser may mint, e.g. `Fingerprint` from `fingerprintOf`. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Milliseconds since 1970-01-01T00:00:00Z, ignoring leap seconds. */
export type Instant = Branded<number, 'Instant'>

/** Milliseconds on a clock that only goes forward, from a beginning that means nothing: for lengths of time, never for dates. */
export type Moment = Branded<number, 'Moment'>

/** A length of time in milliseconds; never negative. */
export type Millis = Branded<number, 'Millis'>

/** Lower-case hexadecimal SHA-256 of a whole certificate (DER). Names it in logs; never the key of a block: an ECDSA signature has a twin, and so has this. */
export type Fingerprint = Branded<string, 'Fingerprint'>

/** Lower-case hexadecimal SHA-256 of a SubjectPublicKeyInfo (DER): the identity of a key. */
export type KeyFingerprint = Branded<string, 'KeyFingerprint'>

/** Lower-case hexadecimal SHA-256 over everything soundness depends on: anchors, intermediates, profile, limits. */
export type TrustVersion = Branded<string, 'TrustVersion'>

/** Either a value or the reason there is none. Expected failures travel here; `throw` means a bug. */
export type Result<Value, Failure> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure }

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({
  ok: true,
  value,
})

export const fail = <Failure>(
  failure: Failure,
): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure })

/** One thing wrong with something a person wrote; `at` says where (a path, a file position). */
export interface Fault {
  readonly at: string
  readonly message: string
}

/** Adds a length of time to a point in time. */
export const plus = <Time extends Instant | Moment>(time: Time, length: Millis): Time =>
  (time + length) as Time

/** The point in time as people and logs write it: `2026-11-22T01:40:00.000Z`. */
export function isoText(instant: Instant): string {
  // ISO 8601 has no years of five digits without a sign, and Date says what is wrong with what is no time.
  if (!(instant >= 0 && instant <= END_OF_9999 && Number.isInteger(instant))) {
    return new Date(instant).toISOString()
  }
  const days = dayOf(instant)
  const time = instant - days * DAY_MS
  const seconds = Math.floor(time / 1000)
  const [hour, minute] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const thousandths = 1000 + (time % 1000)
  return `${dateText(days)}T${two(hour)}:${two(minute)}:${two(seconds % 60)}.${String(thousandths).slice(1)}Z`
}

/**
 * The Gregorian date of a day since 1970, counted in years that begin in March, so that the day that some of them have
 * more is the last one. Every line of the log has a date or three; Date's own way takes eight thousand instructions.
 */
function dateText(days: number): string {
  const sinceMarchOf0 = days + 719_468
  const era = Math.floor(sinceMarchOf0 / 146_097)
  const day = sinceMarchOf0 - era * 146_097
  const leaps = Math.floor(day / 1460) - Math.floor(day / 36_524) + Math.floor(day / 146_096)
  const year = Math.floor((day - leaps) / 365)
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const fromMarch = Math.floor((5 * ofYear + 2) / 153)
  const ofMonth = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const calendarYear = year + era * 400 + (month <= 2 ? 1 : 0)
  return `${calendarYear}-${two(month)}-${two(ofMonth)}`
}

const two = (number: number): string => (number < 10 ? `0${number}` : `${number}`)

const END_OF_9999 = 253_402_300_799_999

/** In milliseconds; no leap seconds, as in every Instant. */
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Tells the day of an instant in UTC, in days since 1970. */
export const dayOf = (instant: number): number => Math.floor(instant / DAY_MS)

/** Makes the compiler name a case that a switch leaves out. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
