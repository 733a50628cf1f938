/**
 * Connection attempts as numbers: per hour for the success rate (S4-03).
 */
import type { Selectable } from 'kysely'
import { HOUR_MS, type Instant } from '../../kernel/types.ts'
import type { Transactions } from '../transactions.ts'
import type { Answer } from '../failure.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import { AUTHENTICATIONS, type Authentication } from '../schema/vocabulary.ts'

/** Connection attempts of an hour. */
export interface HourlyAttempts {
  /** The hour's beginning. */
  readonly at: Instant
  readonly authentication: Authentication
  readonly sightings: number
}

export class AttemptCounts {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Attempts per hour since a point in time, oldest first: the success rate. */
  hourly(since: Instant): Answer<readonly HourlyAttempts[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('tallies')
        .selectAll()
        .where('hour', '>=', Math.floor(since / HOUR_MS))
        .orderBy('hour')
        .orderBy('authentication')
        .execute()
      return rows.map((row) => ({
        at: (row.hour * HOUR_MS) as Instant,
        authentication: readTallyOutcome(row),
        sightings: row.sightings,
      }))
    })
  }
}

/** Row → what an hour's attempts came to. */
export const readTallyOutcome = (row: Selectable<Tables['tallies']>): Authentication =>
  enumColumn({ table: 'tallies', key: String(row.hour), row }, 'authentication', AUTHENTICATIONS)
