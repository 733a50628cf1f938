/**
 * Who has a store in use: any number of serving processes together, or one that needs it alone (`tfe restore`).
 * The lock is the operating system's or the database's and ends with the process that holds it, however that ends: a
 * row or a file that says "in use" would outlive a kill, and be believed or ignored, both wrongly.
 */
import { DatabaseSync } from 'node:sqlite'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { createPrivateFile } from './private-file.ts'
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

/** Locks a store, or says at once that another process has it. */
export function lockStore(
  settings: StoreSettings,
  mode: StoreLockMode,
): Promise<Result<StoreLock, StoreLockFailure>> {
  return settings.kind === 'sqlite'
    ? Promise.resolve(lockFile(`${whereItLies(settings.path)}.lock`, mode))
    : lockDatabase(settings, mode)
}

/**
 * A file beside the store, because the store itself is locked and unlocked by every change. Beside the one that a link
 * leads to: of two names for one store each would lock another file.
 */
function lockFile(path: string, mode: StoreLockMode): Result<StoreLock, StoreLockFailure> {
  let database: DatabaseSync | undefined
  try {
    createPrivateFile(path)
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

const SQLITE_BUSY = 5

const otherMode = (mode: StoreLockMode): StoreLockMode =>
  mode === 'shared' ? 'exclusive' : 'shared'

/** An advisory lock belongs to the connection: it is kept open, and a shared lock is taken again when it breaks. */
async function lockDatabase(
  settings: PostgresSettings,
  mode: StoreLockMode,
): Promise<Result<StoreLock, StoreLockFailure>> {
  const lockFunction = mode === 'shared' ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock'
  let isLocked = false as boolean | null
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
      const { rows } = await client.query<{ locked: boolean | null }>(
        `select ${lockFunction}(${STORE_LOCK_ID}, hashtext(current_schema())) as locked`,
      )
      isLocked = rows[0]?.locked ?? null
    },
  })
  try {
    await connection.ready
    if (isLocked === true) return ok({ release: () => connection.close() })
    await connection.close()
    // Of no schema there is no lock: PostgreSQL answers neither yes nor no.
    if (isLocked === null)
      return fail({ kind: 'schema-absent', schema: settings.schema ?? 'public' })
    return fail({ kind: 'locked-elsewhere', by: otherMode(mode) })
  } catch (error) {
    await connection.close()
    return fail(unaskable(error))
  }
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
    return `the store cannot be locked: ${failure.detail}: give the program the right to write beside it`
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
    : 'found a process that has locked this store exclusively (`tfe restore`, `tfe upgrade`, `tfe break-glass`), wanted none: let it end first'
}
