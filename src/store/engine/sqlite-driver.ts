/**
 * What kysely needs to speak to the SQLite thread: one connection, lent to one user at a time, so that a
 * transaction is never interleaved with another caller's query.
 */
import { Worker } from 'node:worker_threads'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import {
  BEGIN,
  CLOSE,
  COMMIT,
  ROLLBACK,
  THREAD_FILE,
  type ThreadResponse,
  type ThreadSettings,
} from './sqlite-connection.ts'

/** SQLite said no; `errcode` is its extended result code. */
export class SqliteError extends Error {
  readonly errcode: number
  constructor(message: string, errcode: number) {
    super(message)
    this.errcode = errcode
  }
}

/** kysely's view of one SQLite file. */
export const sqliteDialect = (settings: Omit<ThreadSettings, 'thread'>): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new ThreadDriver({ ...settings, thread: 'tfe-sqlite' }),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
})

class ThreadDriver implements Driver {
  readonly #connection: ThreadConnection
  readonly #waiting: (() => void)[] = []
  #inUse = false

  constructor(settings: ThreadSettings) {
    this.#connection = new ThreadConnection(settings)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#inUse) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#inUse = true
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift()
    // Handed on while it still counts as lent, or a newcomer could slip in between.
    if (next !== undefined) next()
    else this.#inUse = false
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(BEGIN))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(COMMIT))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(ROLLBACK))
  }

  async destroy(): Promise<void> {
    await this.#connection.close()
  }
}

interface Pending {
  readonly resolve: (result: QueryResult<unknown>) => void
  readonly reject: (error: Error) => void
}

class ThreadConnection implements DatabaseConnection {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #ended: Error | undefined

  constructor(settings: ThreadSettings) {
    // Its own flags: those of a test runner or a debugger are not the thread's business.
    this.#worker = new Worker(THREAD_FILE, { workerData: settings, execArgv: [] })
    this.#worker.on('message', (response: ThreadResponse) => this.#receive(response))
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : CLOSED))
    this.#worker.on('exit', () => this.#end(CLOSED))
  }

  executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#lastId += 1
    const id = this.#lastId
    this.#worker.postMessage({ id, sql, parameters }, [])
    return new Promise((resolve, reject) => {
      // The rows are what the query's type says they are; the row readers check what is in them.
      this.#pending.set(id, { resolve: (result) => resolve(result as QueryResult<Row>), reject })
    })
  }

  // oxlint-disable-next-line require-yield -- kysely's interface wants it, and nothing here streams.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('the store pages through what is long; it never streams')
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    await this.executeQuery(CompiledQuery.raw(CLOSE)).catch(() => this.#worker.terminate())
    await exited
  }

  #receive(response: ThreadResponse): void {
    const pending = this.#pending.get(response.id)
    this.#pending.delete(response.id)
    if (response.kind === 'failed')
      pending?.reject(new SqliteError(response.message, response.errcode))
    else pending?.resolve({ rows: [...response.rows], numAffectedRows: BigInt(response.changes) })
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}

/** SQLITE_MISUSE: the connection is not there any more. */
const CLOSED = new SqliteError('the connection is closed', 21)
