/**
 * Brings a database to the schema of this program, or says why it cannot be one of ours.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { sql } from 'kysely'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import { inTransaction, type Dialect, type Engine } from '../engine/engine.ts'
import type { Outcome } from '../failure.ts'
import { noteWithin, type Actor } from '../transactions.ts'
import { copyStore, findCopies } from './copy-store.ts'
import { SCHEMA_MIGRATIONS, SCHEMA_VERSION } from './migrations.ts'
import type { EnforcementState } from '../schema/vocabulary.ts'
import type { Db, Tx } from '../schema/tables.ts'

/** What a store that is made now begins with. */
export interface InitialSettings {
  readonly enforcement: EnforcementState
  /** Writes more into it before it is there for others; on a failure no store is made. */
  readonly fill?: (
    tx: Tx,
    made: { readonly dialect: Dialect; readonly now: Instant },
  ) => Outcome<unknown>
}

/** What the schema of an opened store is. */
export interface PreparedSchema {
  readonly storeId: string
  /** Whether it was made just now. */
  readonly created: boolean
  /** The schema that it had before; 0 for a store that was made. */
  readonly schemaFound: number
  /** Where the copy lies that was made before it was upgraded; undefined where it was not. */
  readonly copy: string | undefined
}

/** How a schema is made or upgraded. */
export interface PrepareOptions {
  /** Undefined: an empty database is a fault (decision 5). */
  readonly initialSettings: InitialSettings | undefined
  readonly now: Instant
  /** Who upgrades it. */
  readonly actor: Actor
}

/** Makes or upgrades the schema in one transaction; a store that is upgraded is copied first. */
export async function prepareSchema(
  engine: Engine,
  options: PrepareOptions,
): Outcome<PreparedSchema> {
  let copy: string | undefined
  const takeCopyBack = async (): Promise<void> => {
    // In PostgreSQL it went with the transaction. A store that was not upgraded needs none, and a start that is tried
    // again and again would fill the disk with them.
    if (copy !== undefined && engine.dialect === 'sqlite') await rm(copy, { force: true })
  }
  try {
    const done = await inTransaction(engine.db, async (tx) => {
      if (engine.dialect === 'postgres') {
        // A large store takes its time, and those that start meanwhile wait for it.
        await sql`set local statement_timeout = '30min'`.execute(tx)
        // Two replicas that start together take turns.
        await sql`select pg_advisory_xact_lock(${SCHEMA_LOCK_ID})`.execute(tx)
      }
      return await prepare(engine, tx, { ...options, copied: (made) => (copy = made) })
    })
    if (!done.ok) await takeCopyBack()
    return done
  } catch (error) {
    await takeCopyBack()
    throw error
  }
}

/** Any number of ours: "tfe" in ASCII. */
const SCHEMA_LOCK_ID = 0x746665

async function prepare(
  engine: Engine,
  tx: Tx,
  {
    initialSettings,
    now,
    actor,
    copied,
  }: PrepareOptions & { readonly copied: (copy: string) => void },
): Outcome<PreparedSchema> {
  const names = new Set(await tableNames(engine.dialect, tx))
  const isOurs = names.has('schema_versions') && names.has('store_meta')
  if (!isOurs) {
    if (names.size > 0) {
      const [one = ''] = [...names].sort()
      return fail({ kind: 'not-a-store', detail: `${engine.where} holds the table ${one}` })
    }
    if (initialSettings === undefined) return fail({ kind: 'store-absent', where: engine.where })
    await sql`create table schema_versions (version bigint not null primary key, applied_at bigint not null)`.execute(
      tx,
    )
  }
  const found = isOurs ? await schemaVersion(tx) : 0
  if (found > SCHEMA_VERSION) {
    const copies = await findCopies(engine, tx)
    return fail({ kind: 'schema-newer', found, known: SCHEMA_VERSION, copies })
  }
  const isOlder = found > 0 && found < SCHEMA_VERSION
  if (isOlder) await engine.lockWriters(tx)
  const copy = isOlder ? await copyStore(engine, tx, { version: found, now }) : ok(undefined)
  if (!copy.ok) return copy
  if (copy.value !== undefined) copied(copy.value)
  for (const { version, statements } of SCHEMA_MIGRATIONS) {
    if (version <= found) continue
    for (const statement of statements(engine.dialect)) await sql.raw(statement).execute(tx)
    await tx.insertInto('schema_versions').values({ version, applied_at: now }).execute()
  }
  if (copy.value !== undefined) {
    const after = { from: found, to: SCHEMA_VERSION, copy: copy.value }
    const entry = { action: 'store.upgrade', subject: 'store', after }
    await noteWithin(tx, { actor, now, entry })
  }
  if (!isOurs && initialSettings !== undefined) {
    await insertInitialRows(tx, initialSettings, now)
    const filled = await initialSettings.fill?.(tx, { dialect: engine.dialect, now })
    if (filled?.ok === false) return filled
  }
  const meta = await tx.selectFrom('store_meta').selectAll().where('id', '=', 1).executeTakeFirst()
  if (meta === undefined || meta.format !== FORMAT) {
    return fail({ kind: 'not-a-store', detail: `${engine.where} has tables of the same names` })
  }
  return ok({ storeId: meta.store_id, created: !isOurs, schemaFound: found, copy: copy.value })
}

/** The newest step that was applied. */
export async function schemaVersion(db: Db): Promise<number> {
  const row = await db
    .selectFrom('schema_versions')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirst()
  return row?.version ?? 0
}

/** What every store says of itself. */
export const FORMAT = 'trusted-front-end'

async function insertInitialRows(
  tx: Tx,
  { enforcement }: InitialSettings,
  now: Instant,
): Promise<void> {
  await tx
    .insertInto('store_meta')
    .values({
      id: 1,
      format: FORMAT,
      store_id: randomUUID(),
      revision: 0,
      feed_from: 0,
      created_at: now,
    })
    .execute()
  await tx
    .insertInto('enforcement')
    .values({
      id: 1,
      state: enforcement,
      since: now,
      save_authentication: 1,
      save_decryption: 1,
      glass_broken: 0,
      version: 1,
    })
    .execute()
  await tx
    .insertInto('oauth')
    .values({ id: 1, mutual: 'not-configured', legacy: 'enabled', version: 1, updated_at: now })
    .execute()
}

/** The tables in the place that a store has to itself; temporary ones are not among them. */
export async function tableNames(dialect: Dialect, db: Db): Promise<readonly string[]> {
  const { rows } =
    dialect === 'sqlite'
      ? await sql<{ name: string }>`select name from sqlite_master where type = 'table'
          and name not like 'sqlite_%'`.execute(db)
      : await sql<{ name: string }>`select table_name as name from information_schema.tables
          where table_schema = current_schema()`.execute(db)
  return rows.map(({ name }) => name)
}
