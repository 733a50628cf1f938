/**
 * An SQLite connection, its pragmas and its waiting for locks, on a thread of its own. `node:sqlite` is synchronous, and
 * a walk through a million rows or an fsync must not hold up the sockets (decision 19); here it blocks this thread alone.
 */
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { FileGuard } from './file-guard.ts'
import { newStamp } from './journal-stamp.ts'
import { readRollback } from './rollback-journal.ts'
import { whereItLies } from './where-it-lies.ts'

/** Where a `Worker` finds this file. */
export const THREAD_FILE = new URL(import.meta.url)

/** How a connection is opened. */
export interface ThreadSettings {
  readonly thread: 'tfe-sqlite'
  readonly path: string
  /** Milliseconds to wait for another process's transaction. */
  readonly busyTimeout: number
  /** The most the file may grow to, in octets. */
  readonly maxBytes: number | undefined
  readonly access: SqliteAccess
  /** A descriptor of the file that stays open as long as the connection; undefined where the file cannot be looked at. */
  readonly file: number | undefined
}

/** `read`: nothing is made or changed, and the process that serves from the file goes on. */
export type SqliteAccess = 'read' | 'write'

export interface ThreadRequest {
  readonly id: number
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export type ThreadResponse =
  | {
      readonly kind: 'rows'
      readonly id: number
      readonly rows: readonly unknown[]
      readonly changes: number
    }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly message: string
      readonly errcode: number
    }

const settings: unknown = workerData
if (!isMainThread && parentPort !== null && isThreadSettings(settings)) serve(settings, parentPort)

function serve(settings: ThreadSettings, port: NonNullable<typeof parentPort>): void {
  const statements = new Map<string, StatementSync>()
  const guard =
    settings.file === undefined ? undefined : new FileGuard(settings.path, settings.file)
  let database: DatabaseSync | undefined
  let isShortened = false
  // Once one query has waited in vain for another process's transaction, those behind it wait a short time only:
  // administrators are told at once, and sightings are buffered.
  const setBusyTimeout = (busyTimeout: number): void => {
    isShortened = busyTimeout !== settings.busyTimeout
    database?.exec(`pragma busy_timeout = ${busyTimeout}`)
  }
  const close = (): void => {
    statements.clear()
    if (settings.access === 'write' && guard?.fault() !== undefined) guard.setJournalApart()
    database?.close()
    guard?.release()
    // A file that was refused is opened by nothing: SQLite would play into it what it was refused for.
    const isSound = database !== undefined && guard?.fault() === undefined
    if (settings.access === 'read' && isSound) removeCompanions(settings)
  }
  const answer = (request: ThreadRequest): ThreadResponse => {
    // What undoes a change is let through whatever became of the file.
    const isGuarded = request.sql !== ROLLBACK
    if (isGuarded) demandSoundFile(guard)
    if (database === undefined) {
      database = settings.access === 'read' ? openForReading(settings) : open(settings)
      if (settings.access === 'write') guard?.holdJournal()
    }
    const isFirstStamp = request.sql === COMMIT && stampChange(database)
    const response = execute(request, prepared(request.sql, database, statements))
    // A file without a stamp is like every other without one: from now on it is told from them.
    if (isFirstStamp) database.exec('pragma wal_checkpoint(passive)')
    if (isGuarded) demandSoundFile(guard)
    return response
  }
  port.on('message', (request: ThreadRequest) => {
    try {
      if (request.sql === CLOSE) {
        close()
        port.postMessage(closedResponse(request.id))
        return port.close()
      }
      port.postMessage(answer(request))
      if (isShortened && request.sql === BEGIN) setBusyTimeout(settings.busyTimeout)
    } catch (error) {
      const failed = failure(request.id, error)
      if (request.sql === BEGIN && database?.isTransaction === true) database.exec(ROLLBACK)
      port.postMessage(failed)
      if (isBusy(failed.errcode) && !isShortened)
        setBusyTimeout(Math.min(SHORT_BUSY_TIMEOUT_MS, settings.busyTimeout))
    }
  })
}

const closedResponse = (id: number): ThreadResponse => ({ kind: 'rows', id, rows: [], changes: 0 })

/** Neither is a code of SQLite: its primary codes end at 101. */
export const FILE_REPLACED = 0xe1
export const JOURNAL_FOREIGN = 0xe2

/** Nothing is read from a file that is not the one that was opened, and nothing that went there is acknowledged. */
function demandSoundFile(guard: FileGuard | undefined): void {
  const fault = guard?.fault()
  if (fault === undefined) return
  const errcode = fault.kind === 'replaced' ? FILE_REPLACED : JOURNAL_FOREIGN
  throw Object.assign(new Error(fault.detail), { errcode })
}

/**
 * Gives a change the stamp by which its log is known (`journal-stamp.ts`); one that wrote nothing has none. Returns whether
 * it is the first of its file.
 */
function stampChange(database: DatabaseSync): boolean {
  const { changes = 0 } = database.prepare('select total_changes() as changes').get() ?? {}
  if (changes === (stamped.get(database) ?? 0)) return false
  const { user_version: before } = database.prepare('pragma user_version').get() ?? {}
  database.exec(`pragma application_id = ${Number(before)}; pragma user_version = ${newStamp()}`)
  stamped.set(database, changes)
  return before === 0
}

/** How many rows a connection had changed when it gave its last stamp. */
const stamped = new WeakMap<DatabaseSync, unknown>()

/** What begins a change. IMMEDIATE: one that reads first and writes later could find the file taken and lose its reads. */
export const BEGIN = 'begin immediate'
export const COMMIT = 'commit'
export const ROLLBACK = 'rollback'

/** Long enough for another process's small change, short enough for a person who looks at a page. */
const SHORT_BUSY_TIMEOUT_MS = 100
/** SQLITE_BUSY and SQLITE_LOCKED. */
const isBusy = (errcode: number): boolean => (errcode & 0xff) === 5 || (errcode & 0xff) === 6

/** Not SQL; asks the thread to end. */
export const CLOSE = '--close'

function open({ path, busyTimeout, maxBytes }: ThreadSettings): DatabaseSync {
  const database = new DatabaseSync(path, {
    timeout: busyTimeout,
    enableForeignKeyConstraints: true,
  })
  try {
    return configure(database, busyTimeout, maxBytes)
  } catch (error) {
    // The next question opens it anew.
    database.close()
    throw error
  }
}

/**
 * SQLite makes the companions of a file in WAL mode beside it, for a reader too. Where it may not, and there is no `-wal`
 * with changes in it, no process has the file open: it is read as one that does not change. One with a change that another
 * program did not finish is not read: only who writes may undo that.
 */
function openForReading({ path, busyTimeout }: ThreadSettings): DatabaseSync {
  const attempt = (location: string | URL): DatabaseSync => {
    const database = new DatabaseSync(location, { readOnly: true, timeout: busyTimeout })
    try {
      // Nothing of the file is read before the first question.
      database.prepare('select count(*) from sqlite_master').get()
      database.exec('pragma temp_store = memory')
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }
  try {
    return attempt(path)
  } catch (error) {
    const primary = failure(0, error).errcode & 0xff
    const isWanting = primary === SQLITE_CANTOPEN || primary === SQLITE_READONLY
    const at = whereItLies(path)
    if (!isWanting || !existsSync(path) || sizeOf(`${at}-wal`) > 0) throw error
    if (readRollback(`${at}-journal`) !== undefined) throw unfinishedChange(at)
    const unchanging = pathToFileURL(path)
    unchanging.searchParams.set('immutable', '1')
    return attempt(unchanging)
  }
}

const unfinishedChange = (at: string): Error =>
  Object.assign(
    new Error(
      `${at}-journal undoes a change that another program did not finish, and what only reads undoes none: \`tfe serve\` does as it starts`,
    ),
    { errcode: SQLITE_CANTOPEN },
  )

const SQLITE_READONLY = 8
const SQLITE_CANTOPEN = 14

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** A reader leaves the companions that it made; the last connection that may write takes them away as it closes. */
function removeCompanions({ path, busyTimeout }: ThreadSettings): void {
  const at = whereItLies(path)
  if (!existsSync(`${at}-wal`) || sizeOf(`${at}-wal`) > 0) return
  // A change that another program begins without a log meanwhile is not ours to undo.
  if (existsSync(`${at}-journal`)) return
  try {
    const database = new DatabaseSync(path, { timeout: busyTimeout })
    try {
      database.prepare('select count(*) from sqlite_master').get()
    } finally {
      database.close()
    }
  } catch {
    // They are empty: the next process that serves from the file uses them.
  }
}

function configure(
  database: DatabaseSync,
  busyTimeout: number,
  maxBytes: number | undefined,
): DatabaseSync {
  enableWal(database, busyTimeout)
  // FULL: a change that was acknowledged survives a power cut, not only a kill.
  // 64 MiB of pages in memory, and as much of the log before it is written back: pages that many batches change are
  // then written once.
  const pragmas = ['synchronous = full', 'cache_size = -65536']
  for (const pragma of [...pragmas, 'wal_autocheckpoint = 16384']) {
    database.exec(`pragma ${pragma}`)
  }
  // The log is there from the first question on.
  database.prepare('select count(*) from sqlite_master').get()
  if (maxBytes !== undefined) {
    const size = database.prepare('pragma page_size').get()?.['page_size']
    database.exec(`pragma max_page_count = ${Math.floor(maxBytes / Number(size))}`)
  }
  return database
}

/**
 * Of several programs that turn a new file to WAL at once all but one are told at once that it is locked: SQLite does not
 * wait here, whatever the timeout says, since two that hold it for reading would wait for each other.
 */
function enableWal(database: DatabaseSync, busyTimeout: number): void {
  const deadline = performance.now() + busyTimeout
  for (;;) {
    try {
      return database.exec('pragma journal_mode = wal')
    } catch (error) {
      const { errcode } = failure(0, error)
      if (!isBusy(errcode) || performance.now() >= deadline) throw error
      // This thread is there to wait.
      Atomics.wait(SLEEP_CELL, 0, 0, RETRY_MS)
    }
  }
}

const SLEEP_CELL = new Int32Array(new SharedArrayBuffer(4))
const RETRY_MS = 10

function prepared(
  sql: string,
  database: DatabaseSync,
  statements: Map<string, StatementSync>,
): StatementSync {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const statement = database.prepare(sql)
  // Lists with filters make new texts; 500 are more than the fixed ones.
  if (statements.size >= 500) statements.clear()
  statements.set(sql, statement)
  return statement
}

function execute({ id, parameters }: ThreadRequest, statement: StatementSync): ThreadResponse {
  // What kysely and the store's modules bind is text, number, null or octets.
  const values = parameters as SQLInputValue[]
  if (statement.columns().length > 0) {
    const rows = statement.all(...values)
    return { kind: 'rows', id, rows, changes: rows.length }
  }
  return { kind: 'rows', id, rows: [], changes: Number(statement.run(...values).changes) }
}

function failure(id: number, error: unknown): ThreadResponse & { kind: 'failed' } {
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'failed', id, message, errcode }
}

function isThreadSettings(data: unknown): data is ThreadSettings {
  return typeof data === 'object' && data !== null && Reflect.get(data, 'thread') === 'tfe-sqlite'
}
