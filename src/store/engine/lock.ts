/**
 * Who has a store in use: any number of serving processes together, or one that needs it alone (`tfe restore`).
 * The lock is the operating system's or the database's and ends with the process that holds it, however that ends: a
 * row or a file that says "in use" would outlive a kill, and be believed or ignored, both wrongly.
 */
import { randomInt } from 'node:crypto'
import { closeSync, fchownSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { whereItLies } from './where-it-lies.ts'
import { findPooling } from './pooler.ts'
import {
  connectionOptions,
  openLastingConnection,
  setSession,
  type PostgresSettings,
} from './postgres.ts'
import { explainStore } from '../explain.ts'
import type { StoreTrouble } from '../failure.ts'
import type { StoreSettings } from '../store.ts'

/** Serving processes share a store; what must not happen while they serve wants it alone. */
export type StoreLockMode = 'shared' | 'exclusive'

/** A `StoreLock` is held until it is released, or this process ends. */
export interface StoreLock {
  release(): Promise<void>
}

/** A `StoreLockFailure` says why a store cannot be locked. */
export type StoreLockFailure =
  | { readonly kind: 'locked-elsewhere'; readonly by: StoreLockMode }
  /** There was an error in place of an answer. */
  | { readonly kind: 'database-not-asked'; readonly detail: string }
  /** The file beside the store cannot be made or written. */
  | { readonly kind: 'not-lockable'; readonly detail: string }
  /** The lock is that of a schema, and the database has none of this name, or none for this account. */
  | { readonly kind: 'schema-absent'; readonly schema: string }
  | Extract<StoreTrouble, { readonly kind: 'store-pooled' }>

/** Locks a store, or says within a second that another process has it. */
export function lockStore(
  settings: StoreSettings,
  mode: StoreLockMode,
): Promise<Result<StoreLock, StoreLockFailure>> {
  return settings.kind === 'sqlite'
    ? lockFile(whereItLies(settings.path), mode)
    : lockDatabase(settings, mode)
}

/**
 * A file beside the store, because the store itself is locked and unlocked by every change. Beside the one that a link
 * leads to: of two names for one store each would lock another file.
 *
 * An attempt to lock it exclusively keeps others from it for a moment, also where it is refused. Of two attempts at once
 * each can be refused for the other's sake: both are made again, each after a time of its own.
 */
async function lockFile(
  store: string,
  mode: StoreLockMode,
): Promise<Result<StoreLock, StoreLockFailure>> {
  for (let attempt = 1; ; attempt += 1) {
    const locked = tryLockFile(store, mode)
    if (locked.ok || locked.failure.kind !== 'locked-elsewhere') return locked
    if (attempt < ATTEMPTS) {
      await setTimeout(randomInt(...PAUSE_MS))
      continue
    }
    if (mode === 'shared') return locked
    const shared = tryLockFile(store, 'shared')
    if (!shared.ok) return fail({ kind: 'locked-elsewhere', by: 'exclusive' })
    await shared.value.release()
    return locked
  }
}

/** A third of a second in all: an attempt takes less than a thousandth, and an operator waits for the answer. */
const ATTEMPTS = 12
const PAUSE_MS = [5, 50] as const

function tryLockFile(store: string, mode: StoreLockMode): Result<StoreLock, StoreLockFailure> {
  const path = `${store}.lock`
  let database: DatabaseSync | undefined
  try {
    createLockFile(path, store)
    database = new DatabaseSync(path, { timeout: 0 })
    // An open read transaction is a shared lock, an exclusive one excludes it.
    database.exec(mode === 'shared' ? 'begin' : 'begin exclusive')
    database.prepare('select count(*) from sqlite_master').get()
    const locked = database
    return ok({ release: () => Promise.resolve(locked.close()) })
  } catch (error) {
    database?.close()
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    if ((errcode & 0xff) === SQLITE_BUSY)
      return fail({ kind: 'locked-elsewhere', by: otherMode(mode) })
    const detail = error instanceof Error ? `${error.message} (${path})` : path
    return fail({ kind: 'not-lockable', detail })
  }
}

/**
 * Makes the file where there is none. One that is there is not opened: closing a descriptor of it would take away the
 * locks that this process has on it. What the superuser makes belongs to the account of the store, which locks it next.
 */
function createLockFile(path: string, store: string): void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (codeOrText(error) === 'EEXIST') return
    throw error
  }
  try {
    if (process.getuid?.() !== 0) return
    const { uid, gid } = statSync(store, { throwIfNoEntry: false }) ?? statSync(dirname(store))
    fchownSync(file, uid, gid)
  } finally {
    closeSync(file)
  }
}

const SQLITE_BUSY = 5

const otherMode = (mode: StoreLockMode): StoreLockMode =>
  mode === 'shared' ? 'exclusive' : 'shared'

/** An advisory lock belongs to the connection: it is kept open, and a shared lock is taken again when it breaks. */
async function lockDatabase(
  settings: PostgresSettings,
  mode: StoreLockMode,
): Promise<Result<StoreLock, StoreLockFailure>> {
  let isLocked = false as boolean | null
  let isReady = false
  let by = otherMode(mode)
  const options = connectionOptions(settings)
  try {
    const pooling = await findPooling(options)
    if (pooling !== undefined) return fail({ kind: 'store-pooled', pooling })
  } catch (error) {
    return fail(unaskable(error))
  }
  const connection = openLastingConnection(options, {
    // Until then another process could lock it exclusively; while the database is away that one cannot work either.
    retryMs: mode === 'shared' ? RETRY_MS : undefined,
    setUp: async (client) => {
      await setSession(settings, client)
      const attempt = async (as: StoreLockMode): Promise<boolean | null> => {
        const { rows } = await client.query<{ locked: boolean | null }>(
          `select ${LOCK_FUNCTIONS[as]}(${STORE_LOCK_ID}, hashtext(current_schema())) as locked`,
        )
        return rows[0]?.locked ?? null
      }
      isLocked = await attempt(mode)
      // One that came in between ends soon; without the lock the next one would come at any time.
      if (isReady && isLocked !== true) throw new Error('another process has locked it meanwhile')
      // A lock that was only asked for ends with the connection, which is closed at once.
      if (mode === 'exclusive' && isLocked === false && !(await attempt('shared'))) by = mode
    },
  })
  try {
    await connection.ready
    isReady = true
    if (isLocked === true) return ok({ release: () => connection.close() })
    await connection.close()
    // Of no schema there is no lock: PostgreSQL answers neither yes nor no.
    if (isLocked === null)
      return fail({ kind: 'schema-absent', schema: settings.schema ?? 'public' })
    return fail({ kind: 'locked-elsewhere', by })
  } catch (error) {
    await connection.close()
    return fail(unaskable(error))
  }
}

const LOCK_FUNCTIONS: Readonly<Record<StoreLockMode, string>> = {
  shared: 'pg_try_advisory_lock_shared',
  exclusive: 'pg_try_advisory_lock',
}

const unaskable = (error: unknown): StoreLockFailure => ({
  kind: 'database-not-asked',
  detail: error instanceof Error ? error.message || codeOrText(error) : String(error),
})

/** Any number of ours, and not the schema's: "tfh" in ASCII. */
const STORE_LOCK_ID = 0x746668
/** A database that restarts takes longer; asking oftener would not bring it back. */
const RETRY_MS = 1000

/** The failure in words, and what to do. */
export function explainStoreLock(failure: StoreLockFailure): string {
  if (failure.kind === 'not-lockable') {
    return `the store cannot be locked: ${failure.detail}: give the program the right to write that file, and beside the store`
  }
  if (failure.kind === 'database-not-asked') {
    return `the store cannot be locked: the database could not be asked: ${failure.detail}: see that it runs, that \`store.postgres\` names it with the right account, and that a pooler in between has as many connections as each replica needs (15)`
  }
  if (failure.kind === 'schema-absent') {
    return `found no schema ${failure.schema} in the database that its account may use, wanted the one that holds the store: make it and give the account its rights, or name another one in \`store.schema\``
  }
  if (failure.kind === 'store-pooled') {
    const { sentence, nextStep } = explainStore(failure)
    return `${sentence}: ${nextStep}`
  }
  return failure.by === 'shared'
    ? 'found a process that serves from this store, wanted none: stop every `tfe serve` on it first'
    : 'found a process that has locked this store exclusively (`tfe restore`, `tfe upgrade`, `tfe break-glass`, `tfe init`), wanted none: let it end first'
}
