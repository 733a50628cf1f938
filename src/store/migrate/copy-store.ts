/**
 * Copies a store beside itself before its schema is upgraded (decision 40): an SQLite file to a file beside it, the tables
 * of PostgreSQL to a schema beside theirs. The program before serves from the copy as it did from the store.
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { sql } from 'kysely'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Engine } from '../engine/engine.ts'
import type { StoreTrouble } from '../failure.ts'
import type { Db, Tx } from '../schema/tables.ts'
import { SCHEMA_MIGRATIONS, SCHEMA_VERSION } from './migrations.ts'

/** Which store is copied, and when. */
export interface CopyOptions {
  /** The schema that it has. */
  readonly version: number
  readonly now: Instant
}

/**
 * Makes the copy within the transaction that will upgrade the store, so that no change falls between the two; returns its
 * path, or the name of its schema.
 */
export async function copyStore(
  engine: Engine,
  tx: Tx,
  options: CopyOptions,
): Promise<Result<string, StoreTrouble>> {
  const copy = await copyName(engine, tx, options.now)
  const refused = (detail: string): Result<string, StoreTrouble> =>
    fail({ kind: 'copy-failed', dialect: engine.dialect, from: options.version, copy, detail })
  if (engine.dialect === 'sqlite') {
    // On a connection of its own, which sees the file as it was before this transaction.
    const written = await engine.backup(copy, 'before-upgrade')
    if (written.ok) return ok(copy)
    return refused('detail' in written.failure ? written.failure.detail : written.failure.kind)
  }
  try {
    await copySchema(tx, copy, options)
    return ok(copy)
  } catch (error) {
    const trouble = engine.troubleOf(error)
    if (trouble === undefined) throw error
    return refused('detail' in trouble ? trouble.detail : trouble.kind)
  }
}

/** In the letters that a schema's name may have without quotes, too. */
const MARK = 'before_schema_'

async function copyName(engine: Engine, db: Db, now: Instant): Promise<string> {
  const time = new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
  if (engine.dialect === 'sqlite') {
    return `${engine.where}.before-schema-${SCHEMA_VERSION}-${time}`
  }
  const suffix = `_${MARK}${SCHEMA_VERSION}_${time.toLowerCase()}`
  return (await currentSchema(db)).slice(0, LONGEST_NAME - suffix.length) + suffix
}

/** PostgreSQL cuts what is longer, without a word (NAMEDATALEN - 1). */
const LONGEST_NAME = 63

async function currentSchema(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db)
  return rows[0]?.name ?? 'public'
}

/** The migrations make the structures, so that the latch, the indexes and the references are there. */
async function copySchema(tx: Tx, copy: string, { version }: CopyOptions): Promise<void> {
  const original = await currentSchema(tx)
  const { rows: paths } = await sql<{ path: string }>`
    select current_setting('search_path') as path`.execute(tx)
  await sql`create schema ${sql.id(copy)}`.execute(tx)
  await sql`select set_config('search_path', quote_ident(${copy}), true)`.execute(tx)
  await sql`create table schema_versions (version bigint not null primary key, applied_at bigint not null)`.execute(
    tx,
  )
  for (const step of SCHEMA_MIGRATIONS.filter((one) => one.version <= version)) {
    for (const statement of step.statements('postgres')) await sql.raw(statement).execute(tx)
  }
  for (const table of await tablesInOrder(tx)) await copyRows(tx, { table, original, copy })
  await sql`select set_config('search_path', ${paths[0]?.path ?? 'public'}, true)`.execute(tx)
}

/** Those that others refer to first. A table refers only to tables that were made before it. */
async function tablesInOrder(tx: Tx): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' order by oid`.execute(tx)
  return rows.map(({ name }) => name)
}

interface TableCopy {
  readonly table: string
  readonly original: string
  readonly copy: string
}

async function copyRows(tx: Tx, { table, original, copy }: TableCopy): Promise<void> {
  const { rows: columns } = await sql<{ name: string; identity: boolean }>`
    select column_name as name, is_identity = 'YES' as identity from information_schema.columns
    where table_schema = ${copy} and table_name = ${table} order by ordinal_position`.execute(tx)
  const names = sql.join(columns.map(({ name }) => sql.id(name)))
  await sql`insert into ${sql.id(copy, table)} (${names})
    select ${names} from ${sql.id(original, table)}`.execute(tx)
  for (const { name } of columns.filter(({ identity }) => identity)) {
    // Numbers that were given out are not given out again, whatever became of their rows.
    const sequenceOf = (schema: string) =>
      sql`pg_get_serial_sequence(${`"${schema.replaceAll('"', '""')}"."${table}"`}, ${name})`
    const { rows } = await sql<{ sequence: string }>`
      select ${sequenceOf(original)} as sequence`.execute(tx)
    const given = sql.raw(rows[0]?.sequence ?? '')
    await sql`select setval(${sequenceOf(copy)}, last_value, is_called) from ${given}`.execute(tx)
  }
}

/** Returns the copies of a store that upgrades left beside it, the newest first, at most three. */
export async function findCopies(engine: Engine, db: Db): Promise<readonly string[]> {
  const names = engine.dialect === 'sqlite' ? fileCopies(engine.where) : await schemaCopies(db)
  // Their names end with the time.
  return names.toSorted((one, other) => (timeIn(one) < timeIn(other) ? 1 : -1)).slice(0, 3)
}

const timeIn = (name: string): string => name.slice(-'20260101t000000z'.length)

function fileCopies(path: string): readonly string[] {
  const folder = dirname(path)
  if (!existsSync(folder)) return []
  const beginning = `${basename(path)}.before-schema-`
  return readdirSync(folder)
    .filter((name) => name.startsWith(beginning))
    .filter((name) => /^\d+-\d{8}T\d{6}Z$/.test(name.slice(beginning.length)))
    .map((name) => join(folder, name))
}

/** Long names of schemas are cut in those of their copies: the id of the store tells whose copy one is. */
async function schemaCopies(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select nspname as name from pg_namespace
    where nspname ~ ${`_${MARK}[0-9]+_[0-9]{8}t[0-9]{6}z$`}`.execute(db)
  const copies: string[] = []
  for (const { name } of rows) {
    const meta = sql.id(name, 'store_meta')
    const { rows: same } = await sql`select 1 from ${meta} as copied join store_meta
      on store_meta.store_id = copied.store_id where store_meta.id = 1`.execute(db)
    if (same.length > 0) copies.push(name)
  }
  return copies
}
