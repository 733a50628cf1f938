/**
 * Row → domain. A column that holds what this program does not know makes the row unknown: it is refused by name,
 * never guessed (a standing that read as "current" by default would admit a fleet).
 */
import type { Instant } from '../../kernel/types.ts'
import type { UnknownRowFailure } from '../failure.ts'

/** Thrown out of a query and caught in `transactions.ts`, where the driver's exceptions are: to the caller it is a value. */
export class UnknownRow extends Error {
  readonly failure: UnknownRowFailure
  constructor(failure: UnknownRowFailure) {
    super(`unknown row in ${failure.table}`)
    this.failure = failure
  }
}

/** Which row is being read. */
export interface RowRef {
  readonly table: string
  readonly key: string
}

/** A word out of a closed list. */
export function enumColumn<Value extends string>(
  value: string,
  allowed: readonly Value[],
  at: RowRef & { readonly column: string },
): Value {
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  return throwUnknownRow(
    JSON.stringify(value),
    allowed.map((one) => JSON.stringify(one)).join(' or '),
    at,
  )
}

/** A word out of a closed list, or none. */
export const optionalEnumColumn = <Value extends string>(
  value: string | null,
  allowed: readonly Value[],
  at: RowRef & { readonly column: string },
): Value | undefined => (value === null ? undefined : enumColumn(value, allowed, at))

/** A point in time that has to be there. */
export function instantColumn(
  value: number | null,
  at: RowRef & { readonly column: string },
): Instant {
  if (value !== null && Number.isSafeInteger(value) && value >= 0) return value as Instant
  return throwUnknownRow(String(value), 'milliseconds since 1970', at)
}

/** A date that a certificate claims: before 1970 as well, since anybody can make one that says so. */
export function untrustedDateColumn(
  value: number,
  at: RowRef & { readonly column: string },
): Instant {
  if (Number.isSafeInteger(value)) return value as Instant
  return throwUnknownRow(String(value), 'milliseconds since or before 1970', at)
}

/** A point in time, or never. */
export const optionalInstant = (value: number | null): Instant | undefined =>
  value === null || value === 0 ? undefined : (value as Instant)

/** A column of yes and no. */
export function booleanColumn(value: number, at: RowRef & { readonly column: string }): boolean {
  if (value === 0 || value === 1) return value === 1
  return throwUnknownRow(String(value), '0 or 1', at)
}

/** A column of JSON. */
export function jsonColumn(text: string, at: RowRef & { readonly column: string }): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return throwUnknownRow('text that is no JSON', 'JSON', at)
  }
}

/** A column of a JSON list of texts. */
export function stringListColumn(
  text: string,
  at: RowRef & { readonly column: string },
): readonly string[] {
  const value = jsonColumn(text, at)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  return throwUnknownRow('other JSON', 'a list of texts', at)
}

/** Ends the reading of a row. */
export function throwUnknownRow(
  found: string,
  wanted: string,
  { table, key, column }: RowRef & { readonly column: string },
): never {
  throw new UnknownRow({
    kind: 'unknown-row',
    table,
    key,
    column,
    found: found.slice(0, 80),
    wanted,
  })
}

/** NULL as TypeScript says it. */
export const orUndefined = <Value>(value: Value | null): Value | undefined => value ?? undefined

/** `undefined` as SQL says it. */
export const orNull = <Value>(value: Value | undefined): Value | null => value ?? null
