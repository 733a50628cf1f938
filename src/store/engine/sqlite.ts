/**
 * The embedded default: one SQLite file in WAL mode, on a thread of its own. Its pragmas, and how it waits for a
 * transaction of another process, stand in `sqlite-connection.ts`; which processes may have it in use, in `lock.ts`.
 */
import { randomUUID } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { access, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Kysely, sql } from 'kysely'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Millis, type Result } from '../../kernel/types.ts'
import type { CopyUse, Engine } from './engine.ts'
import type { StoreTrouble, TransferFailure } from '../failure.ts'
import { createPrivateFile } from './private-file.ts'
import { holdFile } from './held-file.ts'
import { newStamp } from './journal-stamp.ts'
import { FILE_REPLACED, JOURNAL_FOREIGN, type SqliteAccess } from './sqlite-connection.ts'
import { sqliteDialect, SqliteError } from './sqlite-driver.ts'
import type { Tables } from '../schema/tables.ts'

/** Where an SQLite store lies. */
export interface SqliteSettings {
  readonly kind: 'sqlite'
  readonly path: string
  /** How long a change waits for another process's; the default is 5 s, what a backup tool may hold it for. */
  readonly busyTimeout?: Millis
  /** The most the file may grow to, in octets; unbounded when left out. */
  readonly maxBytes?: number
}

/** Opens a file; whether it is a store of ours is asked later. */
export function openSqlite(settings: SqliteSettings, access: SqliteAccess = 'write'): Engine {
  const { path } = settings
  const held = holdFile(path)
  const connection = {
    path,
    file: held?.file,
    busyTimeout: settings.busyTimeout ?? 5000,
    maxBytes: settings.maxBytes,
    access,
  }
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection) })
  return {
    dialect: 'sqlite',
    where: path,
    db,
    troubleOf: (error) => troubleOf(error, path),
    consistentRead: (work) =>
      // Temporary tables are those of one connection.
      access === 'read'
        ? readAtOneMoment(db, work)
        : whileInPlace(db, () =>
            withOwnConnection(connection, (one) => readAtOneMoment(one, work)),
          ),
    backup: async (target, use) => {
      try {
        const write = () => backup(target, use, connection)
        // The first connection is in the middle of the upgrade.
        return await (use === 'before-upgrade' ? write() : whileInPlace(db, write))
      } catch (error) {
        const trouble = troubleOf(error, path)
        if (trouble === undefined) throw error
        return fail(trouble)
      }
    },
    lookAhead: () => lookAhead(path),
    // `begin immediate` is the lock already.
    lockWriters: () => Promise.resolve(),
    // Within this process `Transactions` calls its listeners; other processes find a change by their poll.
    announce: () => Promise.resolve(),
    listen: () => () => {},
    close: () => db.destroy().finally(() => held?.release()),
  }
}

/** A mount that was turned read-only is seen before the first change that it costs. */
async function lookAhead(path: string): Promise<StoreTrouble | undefined> {
  try {
    await access(path, constants.W_OK)
    return undefined
  } catch (error) {
    const code = codeOrText(error)
    // That the file is gone is told by whatever is read.
    return code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
      ? { kind: 'store-read-only', detail: `${path} may not be written (${code})` }
      : undefined
  }
}

/** Whether there is anything at the path; opening it would make an empty file. */
export const sqliteExists = ({ path }: SqliteSettings): boolean => existsSync(path)

type ConnectionSettings = Parameters<typeof sqliteDialect>[0]

/** The first connection knows what the file was when it was opened: another one is opened while that is so, and used. */
async function whileInPlace<Value>(db: Kysely<Tables>, work: () => Promise<Value>): Promise<Value> {
  const look = () => sql`select 1`.execute(db)
  await look()
  const value = await work()
  await look()
  return value
}

/**
 * Works on a second connection. It holds the file itself, too: the first one may be closed meanwhile, and closing the last
 * descriptor would take away the locks of this one.
 */
async function withOwnConnection<Value>(
  connection: ConnectionSettings,
  work: (db: Kysely<Tables>) => Promise<Value>,
): Promise<Value> {
  const held = holdFile(connection.path)
  const db = new Kysely<Tables>({ dialect: sqliteDialect({ ...connection, file: held?.file }) })
  try {
    return await work(db)
  } finally {
    await db.destroy().finally(() => held?.release())
  }
}

const readAtOneMoment = <Value>(
  db: Kysely<Tables>,
  work: (db: Kysely<Tables>) => Promise<Value>,
): Promise<Value> =>
  db.connection().execute(async (one) => {
    // DEFERRED: in WAL mode a reader sees one moment and stops no writer.
    await sql`begin deferred`.execute(one)
    try {
      return await work(one)
    } finally {
      await sql`rollback`.execute(one)
    }
  })

async function backup(
  target: string,
  use: CopyUse,
  connection: ConnectionSettings,
): Promise<Result<void, StoreTrouble | TransferFailure>> {
  if (existsSync(target)) {
    return fail({ kind: 'backup-refused', detail: `${target} exists already` })
  }
  // Two that write to one name at once do not meet; the one that ends last is refused.
  const unfinished = `${target}.unfinished-${randomUUID()}`
  try {
    createPrivateFile(unfinished)
    // A copy of one moment, without the free pages, on a connection of its own: changes go on meanwhile.
    await withOwnConnection(connection, (db) => sql`vacuum into ${unfinished}`.execute(db))
    if (use === 'backup') await stampCopy(unfinished, connection)
    await flush(unfinished)
    await nameIt(unfinished, target)
    await flush(dirname(target))
    return ok(undefined)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    const detail = error instanceof Error ? error.message : String(error)
    return fail(troubleOf(error, connection.path) ?? { kind: 'backup-refused', detail })
  }
}

/** A name that was given to another file meanwhile is left to that. */
async function nameIt(unfinished: string, target: string): Promise<void> {
  try {
    await link(unfinished, target)
    await rm(unfinished)
  } catch (error) {
    if (!WITHOUT_LINKS.has(codeOrText(error))) throw error
    await rename(unfinished, target)
  }
}

/** File systems that have one name for each file. */
export const WITHOUT_LINKS: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'ENOSYS',
])

/**
 * A backup is told from every state of the store that it was made of (`journal-stamp.ts`), and is in WAL mode already: the
 * first program that opens it does not have to change that.
 */
async function stampCopy(path: string, connection: ConnectionSettings): Promise<void> {
  const db = new Kysely<Tables>({
    dialect: sqliteDialect({ ...connection, path, file: undefined, access: 'write' }),
  })
  try {
    await sql`pragma application_id = 0`.execute(db)
    await sql`pragma user_version = ${sql.lit(newStamp())}`.execute(db)
  } finally {
    await db.destroy()
  }
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}

/** https://www.sqlite.org/rescode.html; the low octet is the primary code. */
function troubleOf(error: unknown, where: string): StoreTrouble | undefined {
  // kysely's own word, when the store was closed before the question.
  if (error instanceof Error && error.message === 'driver has already been destroyed')
    return { kind: 'store-closed' }
  if (!(error instanceof SqliteError)) return undefined
  const detail = `${error.message} (${where})`
  switch (error.errcode & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return { kind: 'store-locked', detail }
    case 3: // SQLITE_PERM
    case 8: // SQLITE_READONLY
      return { kind: 'store-read-only', detail }
    case 10: // SQLITE_IOERR
    case 14: // SQLITE_CANTOPEN
      return { kind: 'store-unavailable', detail }
    case 11: // SQLITE_CORRUPT
      return { kind: 'store-corrupt', detail, copies: [] }
    case 13: // SQLITE_FULL
      return { kind: 'store-full', detail }
    case 21: // SQLITE_MISUSE
      return { kind: 'store-closed' }
    case 26: // SQLITE_NOTADB
      return { kind: 'not-a-store', detail }
    case FILE_REPLACED:
      return { kind: 'store-replaced', detail: error.message }
    case JOURNAL_FOREIGN:
      return { kind: 'journal-foreign', detail: error.message }
    default:
      return undefined
  }
}
