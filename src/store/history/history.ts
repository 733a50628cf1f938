/**
 * Hours, rolled up: one row for each hour (UTC), kind and name. Front ends that share a store add to the same counts; a state
 * is of the store itself, so that any of them may write it, and the last within an hour stands.
 */
import {
  COUNT_KINDS,
  OTHER_NAMES,
  STATE_KINDS,
  type CountedHour,
  type FleetStates,
  type HistoryKind,
} from '../../fleet/history.ts'
import { DAY_MS, HOUR_MS, ok, type Instant } from '../../kernel/types.ts'
import { writerOf } from '../engine/bulk-rows.ts'
import type { Answer, StoreTrouble } from '../failure.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tx } from '../schema/tables.ts'
import type { Transactions } from '../transactions.ts'
import { readPoints, type HistoryPoints, type HistoryQuestion } from './read-points.ts'

/** What one front end has to write. */
export interface HistoryBatch extends CountedHour {
  /** Names this run of the front end among all others. */
  readonly writer: string
  /** Names this batch among those of the writer: given again, it counts once. */
  readonly id: string
}

export class History {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /**
   * Adds what was counted, all of it or nothing, and sets how the fleet is. A batch may be given again where its answer was
   * lost; `isNew` says whether its counts were there already.
   */
  record(batch: HistoryBatch, fleet?: FleetStates): Answer<{ readonly isNew: boolean }> {
    const { dialect } = this.#transactions
    return this.#transactions.write<{ readonly isNew: boolean }, StoreTrouble>(async (tx) => {
      const write = writerOf(tx, dialect)
      const isNew = !(await isWritten(tx, batch))
      if (isNew) {
        await write.insert('history', {
          shape: ROW,
          rows: await countRows(tx, batch),
          onConflict: '(hour, kind, name) do update set amount = history.amount + excluded.amount',
        })
        await write.insert('history_writers', {
          shape: { writer: 'text', batch: 'text', written_at: 'int' },
          rows: [
            { writer: batch.writer, batch: batch.id, written_at: this.#transactions.clock.now() },
          ],
          onConflict:
            '(writer) do update set batch = excluded.batch, written_at = excluded.written_at',
        })
      }
      const hour = fleet === undefined ? 0 : hourOf(fleet.at)
      await write.insert('history', {
        shape: ROW,
        rows: (fleet?.states ?? []).map(({ kind, name, value }) => ({
          hour,
          kind,
          name,
          amount: value,
        })),
        onConflict: '(hour, kind, name) do update set amount = excluded.amount',
      })
      return ok({ isNew })
    })
  }

  /** What is kept of some kinds within a time, by hour or by day. */
  points(question: HistoryQuestion): Answer<HistoryPoints> {
    return this.#transactions.consistentRead((db) => readPoints(db, question))
  }

  /** Forgets the hours before a point in time, results of authentication with them. */
  forget(before: Instant): Answer<{ readonly rows: number }> {
    return this.#transactions.write<{ readonly rows: number }, StoreTrouble>(async (tx) => {
      const hour = hourOf(before)
      const gone = await tx.deleteFrom('history').where('hour', '<', hour).executeTakeFirst()
      const tallies = await tx.deleteFrom('tallies').where('hour', '<', hour).executeTakeFirst()
      const late = this.#transactions.clock.now() - WRITER_KEEP_MS
      await tx.deleteFrom('history_writers').where('written_at', '<', late).execute()
      return ok({ rows: Number(gone.numDeletedRows) + Number(tallies.numDeletedRows) })
    })
  }
}

/** Row → its kind; for an import. */
export const readHistoryKind = (row: {
  readonly hour: number
  readonly kind: string
}): HistoryKind =>
  enumColumn({ table: 'history', key: String(row.hour), row }, 'kind', [
    ...COUNT_KINDS,
    ...STATE_KINDS,
  ])

/** The answer to a batch may be lost with its connection, and then only the store knows. */
async function isWritten(tx: Tx, { writer, id }: HistoryBatch): Promise<boolean> {
  const last = await tx
    .selectFrom('history_writers')
    .select('batch')
    .where('writer', '=', writer)
    .executeTakeFirst()
  return last?.batch === id
}

/** Rows of a batch; what its hour has no row left for is counted together, by kind. */
async function countRows(tx: Tx, { at, counts }: HistoryBatch): Promise<readonly object[]> {
  const hour = hourOf(at)
  const there = await tx
    .selectFrom('history')
    .select(['kind', 'name'])
    .where('hour', '=', hour)
    .where('kind', 'in', COUNT_KINDS)
    .execute()
  const known = new Set(there.map(({ kind, name }) => `${kind} ${name}`))
  const left = new Map<string, number>(
    COUNT_KINDS.map((kind) => [
      kind,
      NAMES_PER_KIND - there.filter((row) => row.kind === kind && row.name !== OTHER_NAMES).length,
    ]),
  )
  const rows = new Map<string, { hour: number; kind: string; name: string; amount: number }>()
  for (const { kind, name, value } of counts) {
    const isKnown = known.has(`${kind} ${name}`)
    const room = left.get(kind) ?? 0
    const shown = isKnown || room > 0 ? name : OTHER_NAMES
    if (shown === name && !isKnown) {
      known.add(`${kind} ${name}`)
      left.set(kind, room - 1)
    }
    const key = `${kind} ${shown}`
    rows.set(key, { hour, kind, name: shown, amount: value + (rows.get(key)?.amount ?? 0) })
  }
  return [...rows.values()]
}

const hourOf = (at: number): number => Math.floor(at / HOUR_MS)
const ROW = { hour: 'int', kind: 'text', name: 'text', amount: 'int' } as const

/**
 * Codes are a closed list of some hundred, of which a fleet meets a dozen in an hour; more come of programs of several
 * versions. 90 days in which every hour were full would be 432,000 rows a kind.
 */
export const NAMES_PER_KIND = 200
/** Longer than a front end goes on trying to write a batch, which is a week. */
const WRITER_KEEP_MS = 8 * DAY_MS
