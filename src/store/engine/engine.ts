import type { Result } from '../../kernel/types.ts'
import type { StoreTrouble, TransferFailure } from '../failure.ts'
import type { Db, Tx } from '../schema/tables.ts'

/** Which SQL is spoken. */
export type Dialect = 'sqlite' | 'postgres'

/** What a copy is for: a program from before there were stamps goes on with one that was made before an upgrade. */
export type CopyUse = 'backup' | 'before-upgrade'

/** An `Engine` is an open database, before anything is known about what is in it. */
export interface Engine {
  /** For the few statements that SQLite and PostgreSQL spell differently. */
  readonly dialect: Dialect
  /** For people: a path, or an address without its password. */
  readonly where: string
  readonly db: Db
  /** Returns what an exception of the driver means; undefined for one that is a bug of ours. */
  troubleOf(error: unknown): StoreTrouble | undefined
  /** Makes a transaction the only writer until it ends. */
  lockWriters(tx: Tx): Promise<void>
  /** Tells other connections of a change once the transaction is committed: a hint, which may be lost. */
  announce(tx: Tx): Promise<void>
  /** Reads from a consistent view of its own, which blocks no writer and is closed after `work`. */
  consistentRead<Value>(work: (db: Db) => Promise<Value>): Promise<Value>
  /** Says why nothing could be written now, although no change was asked for; undefined where it cannot be told. */
  lookAhead(): Promise<StoreTrouble | undefined>
  /** Writes a whole copy beside a running store. */
  backup(path: string, use: CopyUse): Promise<Result<void, StoreTrouble | TransferFailure>>
  /** Calls back when another connection may have changed something: a hint, never the truth. */
  listen(hint: () => void): () => void
  close(): Promise<void>
}

/** Runs work in a transaction, which is rolled back when the work fails or throws. */
export async function inTransaction<Value, Failure>(
  db: Db,
  work: (tx: Tx) => Promise<Result<Value, Failure>>,
): Promise<Result<Value, Failure>> {
  const tx = await db.startTransaction().execute()
  try {
    const result = await work(tx)
    await (result.ok ? tx.commit() : tx.rollback()).execute()
    return result
  } catch (error) {
    if (!tx.isCommitted && !tx.isRolledBack) {
      await tx
        .rollback()
        .execute()
        // The connection is gone, and the transaction with it.
        .catch(() => {})
    }
    throw error
  }
}
