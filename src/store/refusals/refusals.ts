/**
 * Refusals that are kept, so that a reference leads to its reason: written in batches, read by people, bounded by age and
 * by shares (`shares.ts`).
 */
import { sql, type SqlBool } from 'kysely'
import type { NotKeptRefusals, RefusalBatch, RefusalOutcome } from '../../fleet/kept-refusal.ts'
import { dayOf, fail, ok, type Instant } from '../../kernel/types.ts'
import { writerOf } from '../engine/bulk-rows.ts'
import type { Answer, Outcome, StoreFailure, StoreTrouble } from '../failure.ts'
import {
  boundedLimit,
  pageOf,
  parseCursor,
  prefixEnd,
  type Page,
  type PageRequest,
} from '../page.ts'
import type { Db } from '../schema/tables.ts'
import type { Transactions } from '../transactions.ts'
import { refusalsWithoutErased } from './erased-devices.ts'
import { addNotKept, countPushedOut, largestNotKept } from './not-kept.ts'
import { readRefusal, REFUSAL_COLUMNS, refusalRow, type StoredRefusal } from './refusal-row.ts'
import { makeRoom } from './shares.ts'

/** Which refusals are listed; what is left out matches any. */
export interface RefusalFilter {
  /** The beginning of the reference. */
  readonly reference?: string | undefined
  /** Our id of a device: refusals of the keys that it holds now. */
  readonly device?: string | undefined
  readonly key?: string | undefined
  readonly code?: string | undefined
  readonly listener?: string | undefined
  readonly address?: string | undefined
  readonly outcome?: RefusalOutcome | undefined
  readonly since?: Instant | undefined
  /** Before this. */
  readonly until?: Instant | undefined
}

/** How many refusals are kept, and which replica writes. */
export interface KeepingRules {
  /** Known devices have half of it. */
  readonly rows: number
  readonly instance: string
}

/** A `ReferenceAnswer` says what the store knows of a reference. */
export type ReferenceAnswer =
  | { readonly kind: 'found'; readonly refusal: StoredRefusal }
  /** What was asked begins several; the newest ones, at most `AMBIGUOUS_LIMIT`. */
  | { readonly kind: 'ambiguous'; readonly refusals: readonly StoredRefusal[] }
  /** Never issued, too old, or one of those that were counted and not kept: the largest counts. */
  | { readonly kind: 'unknown'; readonly notKept: readonly NotKeptRefusals[] }

export class Refusals {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /**
   * Takes in a batch, all of it or nothing; a batch that failed may be given again. What has to give way is counted as not
   * kept, in the same transaction; the answer says how many those were.
   */
  record(
    batch: RefusalBatch,
    { rows, instance }: KeepingRules,
  ): Outcome<{ readonly pushedOut: number }> {
    const found = batch.refusals.length
    if (found > BATCH_LIMIT) {
      return Promise.resolve(fail({ kind: 'too-many', what: 'refusal', found, limit: BATCH_LIMIT }))
    }
    const { dialect } = this.#transactions
    return this.#transactions.write<{ readonly pushedOut: number }, StoreFailure>(async (tx) => {
      const { refusals, notKept } = await refusalsWithoutErased(
        tx,
        batch,
        this.#transactions.clock.now(),
      )
      await writerOf(tx, dialect).insert('refusals', {
        shape: REFUSAL_COLUMNS,
        rows: refusals.map((one) => refusalRow(one, instance)),
        onConflict: '(reference) do nothing',
      })
      const pushedOut = await makeRoom(tx, rows)
      await addNotKept(tx, dialect, [...notKept, ...countPushedOut(pushedOut)])
      return ok({ pushedOut: pushedOut.length })
    })
  }

  /** What is known of a reference, or of the only one that begins like this. */
  find(reference: string): Answer<ReferenceAnswer> {
    return this.#transactions.read(async (db): Promise<ReferenceAnswer> => {
      const exact = await selected(db).where('reference', '=', reference).executeTakeFirst()
      if (exact !== undefined) return { kind: 'found', refusal: readRefusal(exact) }
      // One that names its request is whole: that it begins another says nothing of it.
      const isWhole = /-\d/u.test(reference)
      const begun = selected(db)
        .where('reference', '>=', reference)
        .where('reference', '<', prefixEnd(reference))
        .orderBy('refusals.id', 'desc')
        .limit(AMBIGUOUS_LIMIT)
      const rows = isWhole ? [] : await begun.execute()
      const [first, ...others] = rows.map(readRefusal)
      if (first === undefined) {
        return { kind: 'unknown', notKept: await largestNotKept(db, 0 as Instant, COUNTS_LIMIT) }
      }
      return others.length === 0
        ? { kind: 'found', refusal: first }
        : { kind: 'ambiguous', refusals: [first, ...others] }
    })
  }

  /** Newest first. */
  async list(request: PageRequest & RefusalFilter): Outcome<Page<StoredRefusal>> {
    const cursor = parseCursor(request.after, 'number')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      let query = selected(db).orderBy('refusals.at', 'desc').orderBy('refusals.id', 'desc')
      if (cursor.value !== undefined) {
        const [at, id] = cursor.value
        query = query.where(
          sql<SqlBool>`(refusals.at, refusals.id) < (${at}, ${/^\d{1,15}$/.test(id) ? Number(id) : 0})`,
        )
      }
      for (const column of ['key', 'code', 'listener', 'address', 'outcome'] as const) {
        const value = request[column]
        if (value !== undefined) query = query.where(`refusals.${column}`, '=', value)
      }
      const { device, reference, since, until } = request
      if (device !== undefined) {
        const keys = db.selectFrom('device_keys').select('key').where('device', '=', device)
        query = query.where('refusals.key', 'in', keys)
      }
      if (reference !== undefined) {
        query = query
          .where('reference', '>=', reference)
          .where('reference', '<', prefixEnd(reference))
      }
      if (since !== undefined) query = query.where('refusals.at', '>=', since)
      if (until !== undefined) query = query.where('refusals.at', '<', until)
      const rows = await query.limit(boundedLimit(request.limit) + 1).execute()
      return pageOf(rows, request, {
        item: readRefusal,
        cursor: ({ at, id }) => [at, String(id)],
      })
    })
  }

  /** The largest counts of refusals that were not kept since then, by code and whose they were. */
  notKept(since: Instant, limit: number): Answer<readonly NotKeptRefusals[]> {
    return this.#transactions.read((db) => largestNotKept(db, since, boundedLimit(limit)))
  }

  /** Deletes what is older; counts of the days before go with it. */
  deleteBefore(before: Instant): Answer<{ readonly refusals: number }> {
    return this.#transactions.write<{ readonly refusals: number }, StoreTrouble>(async (tx) => {
      const gone = await tx.deleteFrom('refusals').where('at', '<', before).executeTakeFirst()
      await tx.deleteFrom('refusals_not_kept').where('day', '<', dayOf(before)).execute()
      return ok({ refusals: Number(gone.numDeletedRows) })
    })
  }
}

/** Refusals with the device that holds their key now. */
const selected = (db: Db) =>
  db
    .selectFrom('refusals')
    .leftJoin('device_keys', 'device_keys.key', 'refusals.key')
    .selectAll('refusals')
    .select('device_keys.device')

/** What one call takes: a transaction of some 50 ms. */
const BATCH_LIMIT = 5000
/** Enough to see that more was wanted. */
const AMBIGUOUS_LIMIT = 10
/** What an operator reads of counts beside an answer. */
const COUNTS_LIMIT = 10
