/**
 * Rows by their primary key, and optimistic locking: a change says which version of a row it was decided on, and fails
 * as `stale` when that is another one now.
 */
import { sql, type RawBuilder, type Selectable } from 'kysely'
import { fail, ok, type Result } from '../kernel/types.ts'
import type { Outcome, ChangeRefusal, EntityKind, StoreFailure } from './failure.ts'
import { PRIMARY_KEYS, type ExportedTable } from './schema/exported-tables.ts'
import type { Db, Tables, Tx } from './schema/tables.ts'
import type { Topic } from './schema/vocabulary.ts'
import type { Actor, AuditEntry, ChangeResult, Transactions } from './transactions.ts'

/** An `ExpectedVersion` is the version that a change was decided on (`If-Match`); `any` is `*`. */
export type ExpectedVersion = number | 'any'

/** A row that is not there counts as version 0 for a change that may create it. */
export const ABSENT = { version: 0 }

/** Returns a row as it is, if it is still the one that the change was decided on. */
export function checkVersion<Row extends { readonly version: number }>(
  row: Row | undefined,
  expected: ExpectedVersion,
  { what, key }: { readonly what: EntityKind; readonly key: string },
): Result<Row, ChangeRefusal> {
  if (row === undefined) return fail({ kind: 'not-found', what, key })
  if (expected === 'any' || expected === row.version) return ok(row)
  return fail({ kind: 'stale', what, key, expected, found: row.version })
}

/** Returns the row with a primary key, whose parts are in the order of `PRIMARY_KEYS`. */
export async function findRow<Table extends ExportedTable>(
  db: Db,
  table: Table,
  ...key: readonly string[]
): Promise<Selectable<Tables[Table]> | undefined> {
  const { rows } = await sql<Selectable<Tables[Table]>>`select * from ${sql.table(table)}
    where ${hasKey(table, key)}`.execute(db)
  return rows[0]
}

const hasKey = (table: ExportedTable, key: readonly string[]): RawBuilder<unknown> =>
  sql`(${sql.raw(PRIMARY_KEYS[table])}) = (${sql.join(key)})`

/** A `Removal` is what `removeRow` has to know of a row. */
export interface Removal<Table extends ExportedTable> {
  readonly table: Table
  readonly what: EntityKind
  /** The parts of the primary key; the last one names the row in a failure. */
  readonly key: readonly string[]
  /** `any` for a row that has no versions. */
  readonly expected: ExpectedVersion
  readonly entry: (row: Selectable<Tables[Table]>) => AuditEntry
  /** What snapshots fetch anew, under the subject of the entry; undefined for a row that they do not depend on. */
  readonly topic?: Topic
}

/** Deletes a row, if it is still the one that the change was decided on. */
export function removeRow<Table extends ExportedTable>(
  transactions: Transactions,
  actor: Actor,
  removal: Removal<Table>,
): Outcome<void> {
  return transactions.change<void>(actor, (tx) => removeWithin(tx, removal))
}

/** Does so within a transaction that has asked something first. */
export async function removeWithin<Table extends ExportedTable>(
  tx: Tx,
  { table, what, key, expected, entry, topic }: Removal<Table>,
): Promise<Result<ChangeResult<void>, StoreFailure>> {
  const row = await findRow(tx, table, ...key)
  const named = { what, key: key.at(-1) ?? '' }
  const found = checkVersion(row && { ...ABSENT, ...row }, expected, named)
  if (!found.ok) return found
  await sql`delete from ${sql.table(table)} where ${hasKey(table, key)}`.execute(tx)
  const audited = entry(found.value)
  const { subject } = audited
  return ok({
    value: undefined,
    entries: [audited],
    notices: topic === undefined ? [] : [{ topic, subject }],
  })
}
