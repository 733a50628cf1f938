/**
 * The store of the version before on PostgreSQL: its export is imported and taken back to its schema, and upgraded from
 * there as the one on SQLite.
 */
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { SCHEMA_VERSION } from '../../src/store/migrate/migrations.ts'
import { postgresBackend } from '../support/store/backends.ts'
import { backToSchema } from '../support/store/older-schema.ts'
import { findPostgres, onPostgres } from '../support/store/postgres.ts'
import type { Foretold } from './foretold.ts'
import { landedStore, unpacked, type LandedStore } from './landed-store.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

describe.skipIf(postgres.kind === 'missing')('on PostgreSQL', () => {
  const url = postgres.kind === 'found' ? postgres.url : ''

  test('the export of the version before is upgraded as its store on SQLite is', async () => {
    await using place = await postgresBackend(url).place()
    const schema = place.settings.kind === 'postgres' ? (place.settings.schema ?? '') : ''
    await using store = await landedStore(
      { 'pg.url': url, 'export.jsonl': unpacked('export.jsonl.gz') },
      `{ postgres: file:pg.url, schema: ${schema}, keys: file:tfe.keys }`,
    )
    const made = await store.run('init', '--from', 'export.jsonl', '--config', 'tfe.yaml')
    expect(made.code, made.out).toBe(0)
    await backToSchema(place, 1)
    const before = await rowsOf(url, schema)
    await using other = await landedStore()
    expect(linksIn(before)).toEqual(sqliteLinks(other.storePath))

    const foretold = await foretoldOf(store)
    expect(namesOf(foretold)).toEqual(namesOf(await foretoldOf(other)))
    expect(foretold.schema).toEqual({ found: 1, known: SCHEMA_VERSION })
    expect(await rowsOf(url, schema)).toEqual(before)

    const upgraded = await store.run('upgrade', '--confirm', '--json', '--config', 'tfe.yaml')
    expect(JSON.parse(upgraded.out)).toMatchObject({ outcome: 'upgraded' })
    const [copy, ...others] = await place.copies()
    expect(others).toEqual([])
    const { settings } = copy ?? {}
    expect(await rowsOf(url, settings?.kind === 'postgres' ? (settings.schema ?? '') : '')).toEqual(
      before,
    )
    expect((await rowsOf(url, schema))['schema_versions']).toHaveLength(SCHEMA_VERSION)
  })
})

if (postgres.kind === 'missing') test.skip(`on PostgreSQL: ${postgres.why}`, () => {})

/** Table → its rows, in an order of their own. */
async function rowsOf(
  url: string,
  schema: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const tables = await onPostgres(
    url,
    `select tablename from pg_tables where schemaname = '${schema}' order by 1`,
  )
  const rows: Record<string, readonly string[]> = {}
  for (const { tablename } of tables) {
    const all = await onPostgres(url, `select * from ${schema}.${String(tablename)}`)
    rows[String(tablename)] = all.map((row) => JSON.stringify(row)).sort()
  }
  return rows
}

/** Who is approved or blocked, and what leads to whom. */
const LINKS = {
  devices: ['id', 'approval'],
  device_keys: ['key', 'device'],
  signed_ids: ['id', 'device'],
} as const

const linksIn = (rows: Awaited<ReturnType<typeof rowsOf>>): readonly (readonly string[])[] =>
  Object.entries(LINKS).map(([table, columns]) =>
    (rows[table] ?? [])
      .map((row) => columns.map((column) => String(Reflect.get(JSON.parse(row), column))).join(' '))
      .sort(),
  )

function sqliteLinks(path: string): readonly (readonly string[])[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return Object.entries(LINKS).map(([table, columns]) =>
      database
        .prepare(`select ${columns.join(', ')} from ${table}`)
        .all()
        .map((row) => columns.map((column) => String(row[column])).join(' '))
        .sort(),
    )
  } finally {
    database.close()
  }
}

async function foretoldOf(store: LandedStore): Promise<Foretold> {
  const { out } = await store.run('upgrade', '--dry-run', '--json', '--config', 'tfe.yaml')
  return JSON.parse(out) as Foretold
}

/** What is named; the ports differ from one configuration to the next. */
const namesOf = ({ changes }: Foretold): readonly string[] =>
  changes.flatMap(({ code, touched }) => touched.map(({ kind, name }) => `${code} ${kind} ${name}`))
