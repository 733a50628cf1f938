/**
 * Reads a database as it is, whichever step of the schema it is at: nothing is made, changed or upgraded.
 */
import { sql } from 'kysely'
import { fail, ok } from '../../kernel/types.ts'
import type { Dialect, Engine } from '../engine/engine.ts'
import type { Outcome } from '../failure.ts'
import { findCopies } from './copy-store.ts'
import { SCHEMA_MIGRATIONS, SCHEMA_VERSION } from './migrations.ts'
import { FORMAT, schemaVersion, tableNames } from './prepare-schema.ts'

/** What the schema of a store is that is only read. */
export interface FoundSchema {
  readonly storeId: string
  /** The newest step that was applied. */
  readonly version: number
}

/** Finds out whether a database is a store that this program can read. */
export async function readSchema(engine: Engine): Outcome<FoundSchema> {
  const { db, dialect, where } = engine
  const names = new Set(await tableNames(dialect, db))
  if (!names.has('schema_versions') || !names.has('store_meta')) {
    const [one] = [...names].sort()
    return one === undefined
      ? fail({ kind: 'store-absent', where })
      : fail({ kind: 'not-a-store', detail: `${where} holds the table ${one}` })
  }
  const version = await schemaVersion(db)
  if (version > SCHEMA_VERSION) {
    const copies = await findCopies(engine, db)
    return fail({ kind: 'schema-newer', found: version, known: SCHEMA_VERSION, copies })
  }
  const meta = await db.selectFrom('store_meta').selectAll().where('id', '=', 1).executeTakeFirst()
  if (meta?.format !== FORMAT) {
    return fail({ kind: 'not-a-store', detail: `${where} has tables of the same names` })
  }
  return ok({ storeId: meta.store_id, version })
}

/** Makes the tables of later steps on the one connection of an SQLite store: empty, and gone with it. */
export async function addMissingTables(engine: Engine, version: number): Promise<void> {
  for (const statement of temporaryTables(engine.dialect, version)) {
    await sql.raw(statement).execute(engine.db)
  }
}

/** Does the same on a connection to PostgreSQL, which is told which step was applied when it is made. */
export async function addMissingPostgresTables(
  query: (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>,
): Promise<void> {
  const [there] = await query(`select to_regclass('schema_versions') is not null as there`)
  if (there?.['there'] !== true) return
  const [newest] = await query('select max(version) as version from schema_versions')
  const version = Number(newest?.['version'] ?? 0)
  for (const statement of temporaryTables('postgres', version)) await query(statement)
}

/**
 * From the second on steps only add tables and indexes (decision 40), so that a table that is missing is an empty one. A
 * temporary table refers to no other that lasts, and nothing is written to it: what it refers to is left out.
 */
export const temporaryTables = (dialect: Dialect, version: number): readonly string[] =>
  SCHEMA_MIGRATIONS.filter((step) => step.version > version && version > 0)
    .flatMap(({ statements }) => statements(dialect))
    // An empty table needs none.
    .filter((statement) => !statement.startsWith('create index '))
    .map((statement) =>
      statement
        .replace(/^create table /, 'create temporary table ')
        .replaceAll(/ references \w+ \(\w+\)(?: on delete cascade)?/g, ''),
    )
