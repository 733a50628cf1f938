/**
 * Connection attempts as numbers: per hour for the success rate (S4-03), and those that nobody can be told from.
 */
import type { Instant, Result } from '../../kernel/types.ts'
import type { Book } from '../transactions.ts'
import type { StoreTrouble } from '../failure.ts'
import { word } from '../schema/row.ts'
import { AUTHENTICATIONS, type Authentication } from '../schema/vocabulary.ts'

/** Connection attempts of an hour. */
export interface Tally {
  /** The hour's beginning. */
  readonly at: Instant
  readonly authentication: Authentication
  readonly sightings: number
}

export class Attempts {
  readonly #book: Book
  constructor(book: Book) {
    this.#book = book
  }

  /** Attempts per hour since a point in time, oldest first: the success rate. */
  tallies(since: Instant): Promise<Result<readonly Tally[], StoreTrouble>> {
    return this.#book.read(async (db) => {
      const rows = await db
        .selectFrom('tallies')
        .selectAll()
        .where('hour', '>=', Math.floor(since / HOUR))
        .orderBy('hour')
        .orderBy('authentication')
        .execute()
      return rows.map(({ hour, authentication, sightings }) => {
        const at = { table: 'tallies', key: String(hour), column: 'authentication' }
        return {
          at: (hour * HOUR) as Instant,
          authentication: word(authentication, AUTHENTICATIONS, at),
          sightings,
        }
      })
    })
  }

  /** Connections without a certificate that could not be told to be a known device, per listener. */
  unidentified(): Promise<
    Result<
      readonly {
        readonly listener: string
        readonly sightings: number
        readonly lastSeen: Instant
      }[],
      StoreTrouble
    >
  > {
    return this.#book.read(async (db) => {
      const rows = await db.selectFrom('unidentified').selectAll().orderBy('listener').execute()
      return rows.map(({ listener, sightings, last_seen }) => ({
        listener,
        sightings,
        lastSeen: last_seen as Instant,
      }))
    })
  }
}

const HOUR = 3_600_000
