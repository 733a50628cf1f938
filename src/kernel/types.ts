/**
 * The words every room shares: what a brand is, what a failure is, what time is.
 */
declare const brand: unique symbol

/** A `Base` that only its parser may mint, e.g. `Fingerprint` from `fingerprintOf`. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Milliseconds since 1970-01-01T00:00:00Z, ignoring leap seconds. */
export type Instant = Branded<number, 'Instant'>

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
export const plus = (instant: Instant, length: Millis): Instant => (instant + length) as Instant

/** The point in time as people and logs write it: `2026-11-22T01:40:00.000Z`. */
export const isoText = (instant: Instant): string => new Date(instant).toISOString()

/** Makes the compiler list the case you forgot. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
