/**
 * The whole store as lines of JSON and back, on either backend: a header, one line per row, a trailer that tells
 * whether anything is missing. Secrets travel sealed; their keys travel apart (`key-ring.ts`).
 */
import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { sql } from 'kysely'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import { noteWithin, type Actor, type AuditEntry, type Transactions } from '../transactions.ts'
import type { Dialect, Engine } from '../engine/engine.ts'
import { rowCount, rowsOf, type Row } from './exported-rows.ts'
import type { Outcome, StoreFailure } from '../failure.ts'
import { copyToSend, type CopyToSend } from './copy-to-send.ts'
import { readRow } from './read-row.ts'
import { UnknownRow } from '../schema/row.ts'
import { SqliteError } from '../engine/sqlite-driver.ts'
import { SCHEMA_VERSION } from '../migrate/migrations.ts'
import { FORMAT } from '../migrate/prepare-schema.ts'
import { EXPORTED } from '../schema/exported-tables.ts'
import type { Tx } from '../schema/tables.ts'

export interface TransferSummary {
  readonly rows: number
  readonly revision: number
}

/** Takes a line without its line end; resolves when it wants the next. */
export type LineSink = (line: string) => Promise<void>

export class Transfer {
  readonly #transactions: Transactions
  readonly #engine: Engine
  constructor(transactions: Transactions, engine: Engine) {
    this.#transactions = transactions
    this.#engine = engine
  }

  /**
   * Writes everything as of one moment, while changes go on. Sessions, the feed and instances are left out. The
   * export is audited before its first line, in case the client hangs up before the last.
   */
  async export(actor: Actor, sink: LineSink): Outcome<TransferSummary> {
    const done = await this.#transactions.consistentRead<Result<TransferSummary, StoreFailure>>(
      async (db) => {
        const digest = createHash('sha256')
        const writeLine = async (value: unknown): Promise<void> => {
          const line = JSON.stringify(value)
          digest.update(line).update('\n')
          await sink(line)
        }
        const { revision, store_id: store } = await db
          .selectFrom('store_meta')
          .selectAll()
          .executeTakeFirstOrThrow()
        const after = { rows: await rowCount(db), revision }
        // Nothing in the store changes, and yet an administrator has all of it from now on.
        const entry = { action: 'store.export', subject: 'store', after }
        const noted = await this.#transactions.note(actor, entry)
        if (!noted.ok) return noted
        await writeLine({ format: FORMAT, export: 1, schema: SCHEMA_VERSION, store, revision })
        let rows = 0
        for (const table of EXPORTED) {
          for await (const row of rowsOf(db, table)) {
            await writeLine({ table, row: encodedRow(row) })
            rows += 1
          }
        }
        await sink(JSON.stringify({ end: true, rows, sha256: digest.digest('hex') }))
        return ok({ rows, revision })
      },
    )
    return done.ok ? done.value : done
  }

  /** Takes an export into a store that has nothing in it yet: all of it, or nothing. */
  import(actor: Actor, lines: AsyncIterable<string>): Outcome<TransferSummary> {
    return this.#transactions.change<TransferSummary>(actor, async (tx) => {
      for (const table of EXPORTED) {
        if (PREFILLED_TABLES.has(table)) continue
        const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(tx)
        if (rows.length > 0) return fail({ kind: 'import-into-used', table })
      }
      const imported = await importRows(tx, lines, this.#transactions.dialect)
      if (!imported.ok) return imported
      return ok({
        value: imported.value,
        entries: [importEntry(imported.value)],
        notices: [{ topic: 'enforcement', subject: 'enforcement' }],
      })
    })
  }

  /** Makes a copy of a running store that is to be sent away. One that could not be audited is given to no client. */
  async copyToSend(actor: Actor): Outcome<CopyToSend> {
    const copy = await copyToSend(this.#engine)
    if (!copy.ok) return copy
    const { file, octets } = copy.value
    const entry = { action: 'store.backup', subject: 'store', after: { octets } }
    const noted = await this.#transactions.note(actor, entry)
    if (noted.ok) return copy
    await file.close()
    return noted
  }

  /** Copies a running store to a file that does not exist yet. A copy that could not be audited is deleted. */
  async backup(actor: Actor, path: string): Outcome<void> {
    const done = await this.#engine.backup(path, 'backup')
    if (!done.ok) return done
    const { size: octets } = await stat(path)
    const entry = { action: 'store.backup', subject: 'store', after: { octets } }
    const noted = await this.#transactions.note(actor, entry)
    if (!noted.ok) await rm(path, { force: true })
    return noted
  }
}

/**
 * Takes an export into a store in the transaction that makes it: what is ended in between leaves no store that lacks the
 * decisions of the export.
 */
export async function importInto(
  tx: Tx,
  lines: AsyncIterable<string>,
  {
    dialect,
    actor,
    now,
  }: { readonly dialect: Dialect; readonly actor: Actor; readonly now: Instant },
): Outcome<TransferSummary> {
  const imported = await importRows(tx, lines, dialect)
  if (imported.ok) await noteWithin(tx, { actor, now, entry: importEntry(imported.value) })
  return imported
}

async function importRows(
  tx: Tx,
  lines: AsyncIterable<string>,
  dialect: Dialect,
): Outcome<ImportSummary> {
  const imported = await importLines(tx, lines)
  if (imported.ok && dialect === 'postgres') {
    await sql`select setval(pg_get_serial_sequence('audit', 'id'), (select coalesce(max(id), 0) + 1 from audit))`.execute(
      tx,
    )
  }
  return imported
}

const importEntry = ({ rows, store }: ImportSummary): AuditEntry => ({
  action: 'store.import',
  subject: 'store',
  after: { rows, from: store },
})

/** Tables that a new store has its first rows in; the import replaces them. */
const PREFILLED_TABLES: ReadonlySet<string> = new Set(['enforcement', 'oauth'])

/** Octets have no JSON: they travel as `{ "base64": … }`. */
const encodedRow = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
    ]),
  )

interface ImportSummary extends TransferSummary {
  readonly store: string
}

async function importLines(tx: Tx, lines: AsyncIterable<string>): Outcome<ImportSummary> {
  const digest = createHash('sha256')
  let number = 0
  let rows = 0
  let header: Header | undefined
  const malformed = (detail: string) =>
    fail<StoreFailure>({ kind: 'import-malformed', line: number, detail })
  for await (const line of lines) {
    number += 1
    const value = parsed(line)
    if (value === undefined) return malformed('found text that is no JSON object')
    if (header === undefined) {
      if (value['format'] !== FORMAT || value['export'] !== 1) {
        return malformed('found no header, wanted the first line of an export')
      }
      const schema = Number(value['schema'])
      // Steps of the schema only add tables (decision 40): an older export has all that was there.
      if (!(Number.isInteger(schema) && schema >= 1 && schema <= SCHEMA_VERSION)) {
        return fail({ kind: 'import-other-schema', found: schema, wanted: SCHEMA_VERSION })
      }
      header = { store: String(value['store']), revision: Number(value['revision']) }
      digest.update(line).update('\n')
      continue
    }
    if (value['end'] === true) {
      if (value['rows'] !== rows || value['sha256'] !== digest.digest('hex')) {
        return malformed(
          'found a trailer that counts other rows: the export is incomplete or was altered',
        )
      }
      return ok({ ...header, rows })
    }
    digest.update(line).update('\n')
    const fault = await importRow(tx, value)
    if (fault !== undefined) return malformed(fault)
    rows += 1
  }
  return malformed('found the end of the file, wanted the trailer: the export is incomplete')
}

interface Header {
  readonly store: string
  readonly revision: number
}

/** Writes one row, or says what is wrong with it. */
async function importRow(tx: Tx, { table: name, row }: Row): Promise<string | undefined> {
  const table = EXPORTED.find((one) => one === name)
  if (table === undefined)
    return `found the table ${JSON.stringify(name)}, which this schema has not`
  if (!isRow(row)) return 'found no row'
  const columns = await tableColumns(tx, table)
  const extra = Object.keys(row).find((column) => !columns.has(column))
  if (extra !== undefined)
    return `table ${table}: found the column ${JSON.stringify(extra)}, which this schema has not`
  const missing = [...columns].find((column) => !(column in row))
  if (missing !== undefined) return `table ${table}: found no column ${missing}`
  const values = Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, decodedValue(value)]),
  )
  try {
    readRow(table, values)
    await put(tx, table, values)
    return undefined
  } catch (error) {
    if (error instanceof UnknownRow) {
      const { key, column, found, wanted } = error.failure
      return `table ${table}, row ${key}, column ${column}: found ${found}, wanted ${wanted}`
    }
    if (isConstraint(error)) return `table ${table}: ${error.message}`
    throw error
  }
}

/** The database's own rules: a key twice, two current settings, text where a number belongs. */
const isConstraint = (error: unknown): error is Error =>
  error instanceof Error &&
  (error instanceof SqliteError
    ? error.errcode % 256 === 19 || error.errcode % 256 === 20
    : 'code' in error && /^2[23]/.test(String(error.code)))

async function put(tx: Tx, table: string, values: Row): Promise<void> {
  if (PREFILLED_TABLES.has(table)) await replaceSingleRow(tx, table, values)
  else {
    const names = Object.keys(values).map((column) => sql.ref(column))
    const fields = Object.values(values).map((value) => sql`${value}`)
    await sql`insert into ${sql.table(table)} (${sql.join(names)}) values (${sql.join(fields)})`.execute(
      tx,
    )
  }
}

/** A new store may begin as `required`; no administrator has thrown that latch yet, and what is restored counts. */
async function replaceSingleRow(tx: Tx, table: string, values: Row): Promise<void> {
  if (values['state'] === 'recording') {
    await sql`update enforcement set state = 'recording', glass_broken = glass_broken + 1
      where state = 'required'`.execute(tx)
  }
  const sets = Object.entries(values).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  await sql`update ${sql.table(table)} set ${sql.join(sets)}`.execute(tx)
}

const knownColumns = new WeakMap<Tx, Map<string, ReadonlySet<string>>>()

async function tableColumns(tx: Tx, table: string): Promise<ReadonlySet<string>> {
  const known = knownColumns.get(tx) ?? new Map<string, ReadonlySet<string>>()
  knownColumns.set(tx, known)
  const columns = known.get(table)
  if (columns !== undefined) return columns
  const tables = await tx.introspection.getTables()
  for (const { name, columns } of tables) known.set(name, new Set(columns.map(({ name }) => name)))
  return known.get(table) ?? new Set()
}

function parsed(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRow(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const decodedValue = (value: unknown): unknown =>
  isRow(value) && typeof value['base64'] === 'string'
    ? Buffer.from(value['base64'], 'base64')
    : value
