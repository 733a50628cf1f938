/**
 * What is saved of attempts (S2-19): the results of authentication per hour, and those of requests for sensitive rows
 * per day, which stand for the documents' decryption of secure data. While certificates are recorded both are saved,
 * because they say whether a fleet is ready (S2-07); once the latch is thrown, as administrators chose.
 */
import type { Selectable } from 'kysely'
import type { Sighting } from '../../fleet/sighting.ts'
import { DAY_MS, HOUR_MS, dayOf, type Instant } from '../../kernel/types.ts'
import type { Dialect } from '../engine/engine.ts'
import { writerOf } from '../engine/bulk-rows.ts'
import type { Answer } from '../failure.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tables, Tx } from '../schema/tables.ts'
import { VERDICTS, type Verdict } from '../schema/vocabulary.ts'
import type { Transactions } from '../transactions.ts'
import { mergeRows, withinDayBound, type DayRowKind } from './day-rows.ts'

/** Requests for a sensitive row on one day. */
export interface SensitiveResults {
  /** The day's beginning. */
  readonly at: Instant
  readonly listener: string
  readonly route: string
  readonly verdict: Verdict
  readonly code: string
  readonly requests: number
}

export class AttemptResults {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Results of requests for sensitive rows since the day of a point in time, oldest first. */
  sensitive(since: Instant): Answer<readonly SensitiveResults[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('sensitive_results')
        .selectAll()
        .where('day', '>=', dayOf(since))
        .orderBy('day', 'desc')
        .orderBy('listener', 'desc')
        .orderBy('route', 'desc')
        .orderBy('verdict', 'desc')
        .orderBy('code', 'desc')
        .limit(SHOWN)
        .execute()
      // Of more than are shown the oldest are left out.
      return rows.toReversed().map(readSensitiveResults)
    })
  }
}

/** Row → what requests for a sensitive row came to. */
export const readSensitiveResults = (
  row: Selectable<Tables['sensitive_results']>,
): SensitiveResults => ({
  at: (row.day * DAY_MS) as Instant,
  listener: row.listener,
  route: row.route,
  verdict: enumColumn(
    { table: 'sensitive_results', key: `${row.day} ${row.listener} ${row.route}`, row },
    'verdict',
    VERDICTS,
  ),
  code: row.code,
  requests: row.requests,
})

/** Writes what is to be saved of a batch. */
export async function writeResults(
  tx: Tx,
  dialect: Dialect,
  { sightings, saved }: ResultsToWrite,
): Promise<void> {
  const { state, saveAuthentication, saveDecryption } = saved
  if (state === 'recording' || saveAuthentication) await writeTallies(tx, dialect, sightings)
  if (state === 'recording' || saveDecryption) await writeSensitive(tx, dialect, sightings)
}

/** A batch, and what administrators chose to save. */
export interface ResultsToWrite {
  readonly sightings: readonly Sighting[]
  readonly saved: {
    readonly state: 'recording' | 'required'
    readonly saveAuthentication: boolean
    readonly saveDecryption: boolean
  }
}

/** The success rate over time: one row per hour and outcome. */
async function writeTallies(
  tx: Tx,
  dialect: Dialect,
  sightings: readonly Sighting[],
): Promise<void> {
  const tallies = new Map<string, { hour: number; authentication: string; sightings: number }>()
  for (const { at, authentication, count } of sightings) {
    const hour = Math.floor(at / HOUR_MS)
    const name = `${hour} ${authentication}`
    const before = tallies.get(name)?.sightings ?? 0
    tallies.set(name, { hour, authentication, sightings: before + count })
  }
  await writerOf(tx, dialect).insert('tallies', {
    shape: { hour: 'int', authentication: 'text', sightings: 'int' },
    rows: [...tallies.values()],
    onConflict:
      '(hour, authentication) do update set sightings = tallies.sightings + excluded.sightings',
  })
}

async function writeSensitive(
  tx: Tx,
  dialect: Dialect,
  sightings: readonly Sighting[],
): Promise<void> {
  const rows = mergeRows(
    sightings
      .filter(({ sensitive }) => sensitive === true)
      .map(({ at, listener, row: route = '', verdict, code, count: requests }) => ({
        day: dayOf(at),
        listener,
        route,
        verdict,
        code,
        requests,
      })),
    RESULTS,
  )
  if (rows.length === 0) return
  const there = await tx
    .selectFrom('sensitive_results')
    .selectAll()
    .where('day', 'in', [...new Set(rows.map(({ day }) => day))])
    .execute()
  await writerOf(tx, dialect).insert('sensitive_results', {
    shape: {
      day: 'int',
      listener: 'text',
      route: 'text',
      verdict: 'text',
      code: 'text',
      requests: 'int',
    },
    rows: withinDayBound(rows, there, RESULTS),
    onConflict: `(day, listener, route, verdict, code) do update set
      requests = sensitive_results.requests + excluded.requests`,
  })
}

const RESULTS: DayRowKind<Selectable<Tables['sensitive_results']>> = {
  keyOf: ({ day, listener, route, verdict, code }) =>
    [day, listener, route, verdict, code].join('\n'),
  merge: (row, before) => ({ ...row, requests: row.requests + before.requests }),
}

/** What one answer holds. */
const SHOWN = 10_000
