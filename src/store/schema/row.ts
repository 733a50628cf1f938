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

/** A `RowRef` is the row that is being read, and what a failure calls it. */
export interface RowRef<Row extends object> {
  readonly table: string
  readonly key: string
  readonly row: Row
}

type Column<Row extends object> = keyof Row & string

/** Reads one of a closed list of texts. */
export function enumColumn<Row extends object, Value extends string>(
  at: RowRef<Row>,
  column: Column<Row>,
  allowed: readonly Value[],
): Value {
  const value: unknown = at.row[column]
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  const wanted = allowed.map((one) => JSON.stringify(one)).join(' or ')
  return throwUnknownRow(at, column, { found: JSON.stringify(value), wanted })
}

/** Reads one of a closed list of texts, or NULL. */
export const optionalEnumColumn = <Row extends object, Value extends string>(
  at: RowRef<Row>,
  column: Column<Row>,
  allowed: readonly Value[],
): Value | undefined => (at.row[column] === null ? undefined : enumColumn(at, column, allowed))

/** Reads a point in time that has to be there. */
export function instantColumn<Row extends object>(at: RowRef<Row>, column: Column<Row>): Instant {
  const value: unknown = at.row[column]
  if (isInteger(value) && value >= 0) return value as Instant
  return throwUnknownRow(at, column, { found: String(value), wanted: 'milliseconds since 1970' })
}

/** Reads a date that a certificate claims: before 1970 as well, since anybody can make one that says so. */
export function untrustedDateColumn<Row extends object>(
  at: RowRef<Row>,
  column: Column<Row>,
): Instant {
  const value: unknown = at.row[column]
  if (isInteger(value)) return value as Instant
  const wanted = 'milliseconds since or before 1970'
  return throwUnknownRow(at, column, { found: String(value), wanted })
}

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)

/** Reads a count. */
export function countColumn<Row extends object>(at: RowRef<Row>, column: Column<Row>): number {
  const value: unknown = at.row[column]
  // PostgreSQL's driver gives a sum as a text.
  const count = typeof value === 'string' && value !== '' ? Number(value) : value
  if (isInteger(count) && count >= 0) return count
  return throwUnknownRow(at, column, { found: String(value), wanted: 'a whole number from 0' })
}

/** Reads a point in time where NULL and 0 stand for never. */
export const optionalInstant = (value: number | null): Instant | undefined =>
  value === null || value === 0 ? undefined : (value as Instant)

/** Reads a column of yes and no. */
export function booleanColumn<Row extends object>(at: RowRef<Row>, column: Column<Row>): boolean {
  const value: unknown = at.row[column]
  if (value === 0 || value === 1) return value === 1
  return throwUnknownRow(at, column, { found: String(value), wanted: '0 or 1' })
}

/** Reads a column of JSON. */
export function jsonColumn<Row extends object>(at: RowRef<Row>, column: Column<Row>): unknown {
  try {
    const value: unknown = JSON.parse(String(at.row[column]))
    return value
  } catch {
    return throwUnknownRow(at, column, { found: 'text that is no JSON', wanted: 'JSON' })
  }
}

/** Reads a column of a JSON list of texts. */
export function stringListColumn<Row extends object>(
  at: RowRef<Row>,
  column: Column<Row>,
): readonly string[] {
  const value = jsonColumn(at, column)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  return throwUnknownRow(at, column, { found: 'other JSON', wanted: 'a list of texts' })
}

/** Ends the reading of a row. */
export function throwUnknownRow<Row extends object>(
  { table, key }: RowRef<Row>,
  column: Column<Row>,
  { found, wanted }: { readonly found: string; readonly wanted: string },
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

/** A store whose only row of a table is gone has forgotten it; a guessed latch would admit devices without certificates. */
export const throwNoRow = (table: string): never =>
  throwUnknownRow({ table, key: '1', row: { id: 1 } }, 'id', { found: 'no row', wanted: 'one row' })

/** Returns a column as TypeScript says NULL. */
export const orUndefined = <Value>(value: Value | null): Value | undefined => value ?? undefined
