/**
 * The deny list: keys, and serial numbers of an issuer's key. Never certificate fingerprints: an ECDSA signature has
 * a twin (decision 9).
 */
import type { Selectable } from 'kysely'
import { fail, ok, type Instant, type KeyFingerprint } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { Answer, Outcome } from '../failure.ts'
import { instantColumn, throwUnknownRow, enumColumn, type RowRef } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import { DENY_KINDS } from '../schema/vocabulary.ts'
import { findRow, removeRow } from '../versioned-rows.ts'

/** Whom an entry means. */
export type DenyTarget =
  | { readonly kind: 'key'; readonly key: KeyFingerprint }
  | { readonly kind: 'serial'; readonly issuerKey: KeyFingerprint; readonly serial: string }

export interface DenyEntry {
  readonly denied: DenyTarget
  /** Why, in the administrator's words. */
  readonly note: string
  readonly createdBy: string
  readonly createdAt: Instant
}

export class Denials {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** All entries, oldest first. */
  list(): Answer<readonly DenyEntry[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('deny_entries')
        .selectAll()
        .orderBy('created_at')
        .orderBy('kind')
        .orderBy('value')
        .execute()
      return rows.map(readDenyEntry)
    })
  }

  /** The entries among these that there are, named as in the feed: by kind and value. */
  named(
    wanted: readonly { readonly kind: DenyTarget['kind']; readonly value: string }[],
  ): Answer<readonly DenyEntry[]> {
    const { dialect } = this.#transactions
    const values = wanted.map(({ value }) => value)
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('deny_entries')
        .selectAll()
        .where('value', 'in', inList(dialect, values))
        .execute()
      return rows
        .filter((row) => wanted.some(({ kind, value }) => row.kind === kind && row.value === value))
        .map(readDenyEntry)
    })
  }

  add(actor: Actor, denied: DenyTarget, note: string): Outcome<DenyEntry> {
    const { kind, value } = denyColumns(denied)
    return this.#transactions.change<DenyEntry>(actor, async (tx, now) => {
      const existing = await findRow(tx, 'deny_entries', kind, value)
      if (existing !== undefined) {
        return fail({ kind: 'already-exists', what: 'deny entry', key: value })
      }
      const row = { kind, value, note, created_by: actor.who, created_at: now }
      await tx.insertInto('deny_entries').values(row).execute()
      return ok({
        value: readDenyEntry(row),
        entries: [{ action: 'deny.add', subject: `${kind}:${value}`, after: { note } }],
        notices: [{ topic: 'deny', subject: `${kind}:${value}` }],
      })
    })
  }

  remove(actor: Actor, denied: DenyTarget): Outcome<void> {
    const { kind, value } = denyColumns(denied)
    return removeRow(this.#transactions, actor, {
      table: 'deny_entries',
      what: 'deny entry',
      key: [kind, value],
      expected: 'any',
      entry: ({ note }) => ({
        action: 'deny.remove',
        subject: `${kind}:${value}`,
        before: { note },
      }),
      topic: 'deny',
    })
  }
}

/** The kind and the value of an entry, as the feed and the overlay name it, too. */
export const denyColumns = (
  denied: DenyTarget,
): { readonly kind: DenyTarget['kind']; readonly value: string } =>
  denied.kind === 'key'
    ? { kind: 'key', value: denied.key }
    : { kind: 'serial', value: `${denied.issuerKey}:${denied.serial}` }

type DenyRow = Selectable<Tables['deny_entries']>

/** Row → entry. */
export function readDenyEntry(row: DenyRow): DenyEntry {
  const at = { table: 'deny_entries', key: `${row.kind}:${row.value}`, row }
  const kind = enumColumn(at, 'kind', DENY_KINDS)
  return {
    denied: kind === 'key' ? { kind, key: row.value as KeyFingerprint } : serialOf(at),
    note: row.note,
    createdBy: row.created_by,
    createdAt: instantColumn(at, 'created_at'),
  }
}

function serialOf(at: RowRef<DenyRow>): DenyTarget {
  const [, issuerKey, serial] = /^([0-9a-f]{64}):(-?[0-9a-f]+)$/.exec(at.row.value) ?? []
  if (issuerKey === undefined || serial === undefined) {
    return throwUnknownRow(at, 'value', { found: at.row.value, wanted: '<issuer key>:<serial>' })
  }
  return { kind: 'serial', issuerKey: issuerKey as KeyFingerprint, serial }
}
