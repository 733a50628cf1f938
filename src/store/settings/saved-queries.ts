/**
 * Queries with a name: each segment of a chart is one (S2-10), and operators save their own.
 */
import type { Selectable } from 'kysely'
import { randomUUID } from 'node:crypto'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome } from '../failure.ts'
import { instantColumn, jsonColumn, enumColumn } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import { findRow, removeRow, type ExpectedVersion } from '../versioned-rows.ts'
import { QUERY_ORIGINS, type QueryOrigin } from '../schema/vocabulary.ts'

export interface SavedQuery {
  readonly id: string
  readonly name: string
  readonly origin: QueryOrigin
  /** What was saved, as plain data; it is parsed where it is run. */
  readonly query: unknown
  readonly createdBy: string
  readonly createdAt: Instant
  readonly version: number
}

export interface NewQuery {
  readonly name: string
  readonly origin: QueryOrigin
  readonly query: unknown
}

export class SavedQueries {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  list(): Answer<readonly SavedQuery[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db.selectFrom('saved_queries').selectAll().orderBy('name').execute()
      return rows.map(readSavedQuery)
    })
  }

  find(id: string): Answer<SavedQuery | undefined> {
    return this.#transactions.read(async (db) => {
      const row = await findRow(db, 'saved_queries', id)
      return row && readSavedQuery(row)
    })
  }

  /** Saves a query under a new name; a chart's query that is there already is given back as it is. */
  save(actor: Actor, { name, origin, query }: NewQuery): Outcome<SavedQuery> {
    return this.#transactions.change<SavedQuery>(actor, async (tx, now) => {
      const existing = await tx
        .selectFrom('saved_queries')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst()
      if (existing !== undefined) {
        const same = existing.origin === origin && existing.query === JSON.stringify(query)
        if (!same) return fail({ kind: 'already-exists', what: 'saved query', key: name })
        return ok({ value: readSavedQuery(existing) })
      }
      const row = {
        id: randomUUID(),
        name,
        origin,
        query: JSON.stringify(query),
        created_by: actor.who,
        created_at: now,
        version: 1,
      }
      await tx.insertInto('saved_queries').values(row).execute()
      return ok({
        value: readSavedQuery(row),
        entries: [{ action: 'query.save', subject: name, after: { origin, query } }],
      })
    })
  }

  remove(actor: Actor, id: string, expected: ExpectedVersion): Outcome<void> {
    return removeRow(this.#transactions, actor, {
      table: 'saved_queries',
      what: 'saved query',
      key: [id],
      expected,
      entry: (row) => {
        const { name, query } = readSavedQuery(row)
        return { action: 'query.remove', subject: name, before: { query } }
      },
    })
  }
}

/** Row → query. */
export function readSavedQuery(row: Selectable<Tables['saved_queries']>): SavedQuery {
  const at = { table: 'saved_queries', key: row.id, row }
  return {
    id: row.id,
    name: row.name,
    origin: enumColumn(at, 'origin', QUERY_ORIGINS),
    query: jsonColumn(at, 'query'),
    createdBy: row.created_by,
    createdAt: instantColumn(at, 'created_at'),
    version: row.version,
  }
}
