/**
 * The audit trail, as it is read. `transactions.ts` writes it, in the transaction of the change itself, and an import takes
 * its rows along; what changes nothing in the store has an entry of its own.
 */
import type { Selectable } from 'kysely'
import type { Instant } from '../../kernel/types.ts'
import type { Transactions, Actor, AuditEntry } from '../transactions.ts'
import type { Outcome } from '../failure.ts'
import { boundedLimit, pageOf, parseCursor, type Page, type PageRequest } from '../page.ts'
import { instantColumn, jsonColumn } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'

/** Who did what, from where, when, and what it was before and after. */
export interface AuditRow {
  readonly id: number
  readonly at: Instant
  readonly who: string
  readonly from: string
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
  /** The revision of the store that the change made. */
  readonly revision: number
}

export interface AuditQuery extends PageRequest {
  readonly who?: string | undefined
  readonly action?: string | undefined
  readonly subject?: string | undefined
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
}

export class Audit {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Adds an entry about what an administrator did beside the store: nothing else in it changes. */
  note(actor: Actor, entry: AuditEntry): Outcome<void> {
    return this.#transactions.note(actor, entry)
  }

  /** Newest first. */
  async list(request: AuditQuery): Outcome<Page<AuditRow>> {
    const cursor = parseCursor(request.after, 'number')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc')
      if (cursor.value !== undefined) query = query.where('id', '<', Number(cursor.value[0]))
      for (const column of ['who', 'action', 'subject'] as const) {
        const value = request[column]
        if (value !== undefined) query = query.where(column, '=', value)
      }
      if (request.since !== undefined) query = query.where('at', '>=', request.since)
      if (request.until !== undefined) query = query.where('at', '<', request.until)
      const rows = await query.limit(boundedLimit(request.limit) + 1).execute()
      return pageOf(rows, request, { item: readAuditRow, cursor: ({ id }) => [id, ''] })
    })
  }
}

/** Row → audit row. */
export function readAuditRow(row: Selectable<Tables['audit']>): AuditRow {
  const at = { table: 'audit', key: String(row.id), row }
  const read = (column: 'before' | 'after'): unknown => {
    return row[column] === null ? undefined : jsonColumn(at, column)
  }
  return {
    id: row.id,
    at: instantColumn(at, 'at'),
    who: row.who,
    from: row.origin,
    action: row.action,
    subject: row.subject,
    before: read('before'),
    after: read('after'),
    revision: row.revision,
  }
}
