/**
 * Settings that the portal edits, one JSON document per key. What is in them is checked by the modules that
 * store and read them.
 */
import { ok, type Instant } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome } from '../failure.ts'
import { instantColumn, jsonColumn } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import {
  ABSENT,
  checkVersion,
  findRow,
  removeRow,
  type ExpectedVersion,
} from '../versioned-rows.ts'
import type { Selectable } from 'kysely'

export interface SettingsDocument {
  readonly name: string
  readonly body: unknown
  /** Counts from 1; 0 stands for a document that is not there. */
  readonly version: number
  readonly updatedAt: Instant
}

export class Documents {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Returns the document of that name, if there is one. */
  find(name: string): Answer<SettingsDocument | undefined> {
    return this.#transactions.read(async (db) => {
      const row = await findRow(db, 'documents', name)
      return row && readDocument(row)
    })
  }

  /** All of them, by name. */
  list(): Answer<readonly SettingsDocument[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db.selectFrom('documents').selectAll().orderBy('name').execute()
      return rows.map(readDocument)
    })
  }

  /** Writes a document; `expected` 0 is for one that must not be there yet. */
  put(
    actor: Actor,
    { name, body }: { readonly name: string; readonly body: unknown },
    expected: ExpectedVersion,
  ): Outcome<SettingsDocument> {
    return this.#transactions.change<SettingsDocument>(actor, async (tx, now) => {
      const before = await findRow(tx, 'documents', name)
      const found = checkVersion(before ?? ABSENT, expected, {
        what: 'settings document',
        key: name,
      })
      if (!found.ok) return found
      const version = found.value.version + 1
      const row = { name, body: JSON.stringify(body), version, updated_at: now }
      await tx
        .insertInto('documents')
        .values(row)
        .onConflict((one) => one.column('name').doUpdateSet(row))
        .execute()
      return ok({
        value: readDocument(row),
        entries: [
          {
            action: 'document.put',
            subject: name,
            before: before && readDocument(before).body,
            after: body,
          },
        ],
        notices: [{ topic: 'document', subject: name }],
      })
    })
  }

  /** Takes a document away, so that the default holds again. */
  remove(actor: Actor, name: string, expected: ExpectedVersion): Outcome<void> {
    return removeRow(this.#transactions, actor, {
      table: 'documents',
      what: 'settings document',
      key: [name],
      expected,
      entry: (row) => ({
        action: 'document.remove',
        subject: name,
        before: readDocument(row).body,
      }),
      topic: 'document',
    })
  }
}

/** Row → document. */
export function readDocument(row: Selectable<Tables['documents']>): SettingsDocument {
  const at = { table: 'documents', key: row.name, row }
  return {
    name: row.name,
    body: jsonColumn(at, 'body'),
    version: row.version,
    updatedAt: instantColumn(at, 'updated_at'),
  }
}
