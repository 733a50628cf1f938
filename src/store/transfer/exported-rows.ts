/**
 * What an export consists of: the rows of every table that travels.
 */
import { sql, type RawBuilder } from 'kysely'
import { TICKET_SECRET } from '../secrets/secret-limits.ts'
import { EXPORTED, PRIMARY_KEYS, type ExportedTable } from '../schema/exported-tables.ts'
import type { Db } from '../schema/tables.ts'

/** A row of any table, as the database has it. */
export type Row = Readonly<Record<string, unknown>>

/** How many rows an export has. */
export async function rowCount(db: Db): Promise<number> {
  let sum = 0
  for (const table of EXPORTED) {
    const { rows } = await sql<{ count: number }>`select count(*) as count
      from ${sql.table(table)} where ${exportFilter(table)}`.execute(db)
    sum += rows[0]?.count ?? 0
  }
  return sum
}

/** The rows of a table along its primary key, some at a time. */
export async function* rowsOf(db: Db, table: ExportedTable): AsyncGenerator<Row> {
  const order = sql.raw(PRIMARY_KEYS[table])
  const names = PRIMARY_KEYS[table].split(', ')
  let after: readonly unknown[] | undefined
  for (;;) {
    const afterLast =
      after === undefined
        ? sql``
        : sql`and (${order}) > (${sql.join(after.map((value) => sql`${value}`))})`
    const { rows } = await sql<Row>`select * from ${sql.table(table)}
      where ${exportFilter(table)} ${afterLast} order by ${order} limit ${PAGE}`.execute(db)
    yield* rows
    const last = rows.at(-1)
    if (rows.length < PAGE || last === undefined) return
    after = names.map((name) => last[name])
  }
}

/** All but one: a copy of that would decrypt recorded TLS sessions for a person who finds the key ring later. */
const exportFilter = (table: ExportedTable): RawBuilder<unknown> =>
  table === 'secrets' ? sql`name <> ${TICKET_SECRET}` : sql`1 = 1`

/** Rows in memory at a time; a row has at most a few KiB. */
const PAGE = 1000
