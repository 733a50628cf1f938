/**
 * Who opens transactions. Every admin change, its audit row and its place in the feed are one transaction; there
 * is one writer at a time on both backends, so no change ever meets half of another.
 */
import type { Clock } from '../kernel/ports.ts'
import { fail, ok, type Instant, type Result } from '../kernel/types.ts'
import { inTransaction, type Dialect, type Engine } from './engine/engine.ts'
import type { Answer, Outcome, StoreFailure, StoreTrouble } from './failure.ts'
import { UnknownRow } from './schema/row.ts'
import type { Db, Tx } from './schema/tables.ts'
import type { Topic } from './schema/vocabulary.ts'

/** Who changes something, and from where: an administrator at an address, `cli`, or a part of the program. */
export interface Actor {
  readonly who: string
  readonly from: string
}

/** A change that was made, and what has to be written down about it. */
export interface ChangeResult<Value> {
  readonly value: Value
  readonly entries?: readonly AuditEntry[]
  readonly notices?: readonly ChangeNotice[]
}

/** One row of the audit trail; `before` and `after` are plain data without secrets. */
export interface AuditEntry {
  readonly action: string
  readonly subject: string
  readonly before?: unknown
  readonly after?: unknown
}

/** Something that a snapshot may have to fetch anew. */
export interface ChangeNotice {
  readonly topic: Topic
  readonly subject: string
}

/** An open store's transactions. */
export class Transactions {
  readonly dialect: Dialect
  readonly clock: Clock
  readonly #engine: Engine
  readonly #listeners = new Set<(revision: number) => void>()

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.dialect = engine.dialect
    this.clock = clock
  }

  /** Asks something; the driver's exceptions and unknown rows become values here and nowhere else. */
  async read<Value>(work: (db: Db) => Promise<Value>): Answer<Value> {
    try {
      return ok(await work(this.#engine.db))
    } catch (error) {
      return fail(this.#troubleOf(error))
    }
  }

  /** Asks for several things as of one moment, without blocking a writer. */
  async consistentRead<Value>(work: (db: Db) => Promise<Value>): Answer<Value> {
    try {
      return ok(await this.#engine.consistentRead(work))
    } catch (error) {
      return fail(this.#troubleOf(error))
    }
  }

  /** An admin change: all of it, or a reason and nothing of it. */
  async change<Value, Failure extends StoreFailure = StoreFailure>(
    actor: Actor,
    work: (tx: Tx, now: Instant) => Promise<Result<ChangeResult<Value>, Failure>>,
  ): Promise<Result<Value, Failure | StoreTrouble>> {
    let revision: number | undefined
    const done = await this.write(async (tx) => {
      const now = this.clock.now()
      const changed = await work(tx, now)
      if (!changed.ok) return changed
      const { value, entries = [], notices = [] } = changed.value
      if (entries.length > 0 || notices.length > 0) {
        revision = await nextRevision(tx)
        await recordChange({ tx, actor, now, revision, entries, notices })
        if (revision % PRUNE_EVERY === 0) await pruneFeed(tx, revision - FEED_RETENTION)
        await this.#engine.announce(tx)
      }
      return ok(value)
    })
    if (done.ok && revision !== undefined) this.#notify(revision)
    return done
  }

  /** Adds an entry about what an administrator did beside the store: nothing else in it changes. */
  note(actor: Actor, entry: AuditEntry): Outcome<void> {
    return this.change<void>(actor, () =>
      Promise.resolve(ok({ value: undefined, entries: [entry] })),
    )
  }

  /** A transaction that is no admin change: nothing is audited, and the revision stays. */
  async write<Value, Failure extends StoreFailure>(
    work: (tx: Tx) => Promise<Result<Value, Failure>>,
  ): Promise<Result<Value, Failure | StoreTrouble>> {
    try {
      return await inTransaction(this.#engine.db, async (tx) => {
        // One writer at a time, as SQLite has it anyway: no deadlocks, no lost linking, and revisions commit in order.
        await this.#engine.lockWriters(tx)
        return await work(tx)
      })
    } catch (error) {
      return fail(this.#troubleOf(error))
    }
  }

  /** Calls back after each change of this process, with its revision. */
  onChange(listener: (revision: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #notify(revision: number): void {
    for (const listener of this.#listeners) listener(revision)
  }

  /** What is left after this is a bug, and is thrown on. */
  #troubleOf(error: unknown): StoreTrouble {
    if (error instanceof UnknownRow) return error.failure
    const trouble = this.#engine.troubleOf(error)
    if (trouble === undefined) throw error
    return trouble
  }
}

/** An instance that is further behind reads everything anew; so many changes are days of administration, or minutes of a
 * new fleet. */
const FEED_RETENTION = 10_000
const PRUNE_EVERY = 1000

/** Forgets changes up to a revision. */
export async function pruneFeed(tx: Tx, upTo: number): Promise<void> {
  await tx.deleteFrom('changes').where('revision', '<=', upTo).execute()
  await tx
    .updateTable('store_meta')
    .set({ feed_from: upTo })
    .where('feed_from', '<', upTo)
    .execute()
}

/** Adds an entry within a transaction of another kind, which nothing else is told of. */
export async function noteWithin(
  tx: Tx,
  {
    actor,
    now,
    entry,
  }: { readonly actor: Actor; readonly now: Instant; readonly entry: AuditEntry },
): Promise<void> {
  const revision = await nextRevision(tx)
  await recordChange({ tx, actor, now, revision, entries: [entry], notices: [] })
}

async function nextRevision(tx: Tx): Promise<number> {
  const { revision } = await tx
    .updateTable('store_meta')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', 1)
    .returning('revision')
    .executeTakeFirstOrThrow()
  return revision
}

interface ChangeRecord {
  readonly tx: Tx
  readonly actor: Actor
  readonly now: Instant
  readonly revision: number
  readonly entries: readonly AuditEntry[]
  readonly notices: readonly ChangeNotice[]
}

async function recordChange({
  tx,
  actor,
  now,
  revision,
  entries,
  notices,
}: ChangeRecord): Promise<void> {
  for (const chunk of chunks(entries)) {
    await tx
      .insertInto('audit')
      .values(
        chunk.map(({ action, subject, before, after }) => ({
          at: now,
          who: actor.who,
          origin: actor.from,
          action,
          subject,
          before: jsonOrNull(before),
          after: jsonOrNull(after),
          revision,
        })),
      )
      .execute()
  }
  for (const chunk of chunks(notices)) {
    await tx
      .insertInto('changes')
      .values(chunk.map(({ topic, subject }) => ({ revision, topic, subject })))
      .onConflict((one) => one.doNothing())
      .execute()
  }
}

const jsonOrNull = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

/** In pieces of 500: a statement with more parameters than a backend takes would fail whole. */
export function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += 500) yield items.slice(start, start + 500)
}
