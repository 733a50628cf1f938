import type { Kysely } from 'kysely'
import type { Result } from '../../kernel/types.ts'
import type { StoreTrouble, TransferFailure } from '../failure.ts'
import type { Tables } from '../schema/tables.ts'

/** Which SQL is spoken. */
export type Dialect = 'sqlite' | 'postgres'

/** An open database, before anything is known about what is in it. The two differ in nothing above this line. */
export interface Engine {
  readonly dialect: Dialect
  /** For people: a path, or an address without its password. */
  readonly where: string
  readonly db: Kysely<Tables>
  /** What an exception of the driver means; undefined for one that is a bug of ours. */
  troubleOf(error: unknown): StoreTrouble | undefined
  /** Another consistent view that does not hold up whoever writes; closes itself after `work`. */
  consistentRead<Value>(work: (db: Kysely<Tables>) => Promise<Value>): Promise<Value>
  /** Writes a whole copy beside a running store. */
  backup(path: string): Promise<Result<void, StoreTrouble | TransferFailure>>
  /** Calls back when another connection may have changed something: a hint, never the truth. */
  listen(hint: () => void): () => void
  close(): Promise<void>
}
