import { fail, ok, type Result } from '../kernel/types.ts'
import type { ChangeRefusal, EntityKind } from './failure.ts'

/** The version that a change was decided on (`If-Match`); `any` is `*`. */
export type ExpectedVersion = number | 'any'

/** The row as it is, if it is still the one that the change was decided on. */
export function checkVersion<Row extends { readonly version: number }>(
  row: Row | undefined,
  expected: ExpectedVersion,
  { what, key }: { readonly what: EntityKind; readonly key: string },
): Result<Row, ChangeRefusal> {
  if (row === undefined) return fail({ kind: 'not-found', what, key })
  if (expected === 'any' || expected === row.version) return ok(row)
  return fail({ kind: 'stale', what, key, expected, found: row.version })
}
