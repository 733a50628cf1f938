/**
 * Many rows as one parameter: the statement's text stays the same whatever their number, so it is prepared once,
 * and a batch of thousands is a few statements instead of thousands.
 */
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../schema/tables.ts'
import type { Dialect } from './engine.ts'

/** Column → type of the rows that are put in. */
export type RowShape = Readonly<Record<string, 'text' | 'int'>>

/** A table expression named `input` that holds the rows. */
export function jsonRows(
  dialect: Dialect,
  shape: RowShape,
  rows: readonly object[],
): RawBuilder<unknown> {
  const names = Object.keys(shape)
  const data = JSON.stringify(
    rows.map((row) =>
      Object.fromEntries(names.map((name) => [name, Reflect.get(row, name) ?? null])),
    ),
  )
  if (dialect === 'sqlite') {
    const columns = names.map((name) => `json_extract(value, '$.${name}') as ${name}`).join(', ')
    return sql`(select ${sql.raw(columns)} from json_each(${data})) as input`
  }
  const columns = names
    .map((name) => `${name} ${shape[name] === 'int' ? 'bigint' : 'text'}`)
    .join(', ')
  return sql`jsonb_to_recordset(${data}::jsonb) as input (${sql.raw(columns)})`
}

/** The columns of a shape, for `insert into … (…) select … from input`. */
export const columnList = (shape: RowShape): RawBuilder<unknown> =>
  sql.raw(Object.keys(shape).join(', '))

/** The right-hand side of `in`, for any number of texts. */
export const inList = (dialect: Dialect, texts: readonly string[]): RawBuilder<string> =>
  dialect === 'sqlite'
    ? sql<string>`(select value from json_each(${JSON.stringify(texts)}))`
    : sql<string>`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`

/** Statements whose text does not depend on how many rows they carry. */
export interface RowWriter {
  insert(table: string, rows: Insertion): Promise<void>
  update(table: string, rows: UpdateRows): Promise<void>
}

interface Insertion {
  readonly shape: RowShape
  readonly rows: readonly object[]
  readonly onConflict?: string
}

interface UpdateRows {
  readonly key: string
  readonly shape: RowShape
  readonly rows: readonly object[]
}

/** Writes rows of any number with the same statements. */
export const writerOf = (tx: Tx, dialect: Dialect): RowWriter => ({
  async insert(table, { shape, rows, onConflict }) {
    if (rows.length === 0) return
    const conflict = onConflict === undefined ? '' : ` on conflict ${onConflict}`
    await sql`insert into ${sql.raw(table)} (${columnList(shape)}) select ${columnList(shape)}
      from ${jsonRows(dialect, shape, rows)} where true${sql.raw(conflict)}`.execute(tx)
  },
  async update(table, { key, shape, rows }) {
    if (rows.length === 0) return
    const sets = Object.keys(shape).map((name) => `${name} = input.${name}`)
    await sql`update ${sql.raw(table)} set ${sql.raw(sets.join(', '))}
      from ${jsonRows(dialect, { [key]: 'text', ...shape }, rows)}
      where ${sql.raw(`${table}.${key} = input.${key}`)}`.execute(tx)
  },
})
