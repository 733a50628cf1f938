/** Reads rolled-up hours: as they are, or put together by day. */
import { sql, type RawBuilder } from 'kysely'
import { COUNT_KINDS, STATE_KINDS, type HistoryKind } from '../../fleet/history.ts'
import { DAY_MS, HOUR_MS, type Instant } from '../../kernel/types.ts'
import { countColumn } from '../schema/row.ts'
import type { Db } from '../schema/tables.ts'

/** How long a step of an answer is. */
export type HistoryStep = 'hour' | 'day'

export interface HistoryQuestion {
  readonly kinds: readonly HistoryKind[]
  readonly from: Instant
  /** Exclusive. */
  readonly until: Instant
  readonly step: HistoryStep
}

/** How much there was of one thing in one step. */
export interface HistoryPoint {
  /** The step's beginning. */
  readonly at: Instant
  readonly kind: HistoryKind
  readonly name: string
  readonly value: number
}

export interface HistoryPoints {
  readonly points: readonly HistoryPoint[]
  /** The beginnings of the steps in which a front end counted: what has no point there was nought. */
  readonly counted: readonly Instant[]
}

/** The milliseconds of a step. */
export const STEP_MS: Readonly<Record<HistoryStep, number>> = { hour: HOUR_MS, day: DAY_MS }

interface Row {
  readonly step: number
  readonly kind: string
  readonly name: string
  readonly amount: number | string
}

/** Reads the points, in order of time; counts of a day are added up, and of a state the last hour of the day stands. */
export async function readPoints(db: Db, question: HistoryQuestion): Promise<HistoryPoints> {
  const { kinds } = question
  const time = timeOf(question)
  const counts = COUNT_KINDS.filter((kind) => kinds.includes(kind))
  const states = STATE_KINDS.filter((kind) => kinds.includes(kind))
  const counted = await sql<{ step: number }>`select distinct ${time.step} as step from history
    where ${time.within} and kind = 'requests' order by step`.execute(db)
  const rows = [
    counts.length > 0 ? await readCounts(db, time, counts) : [],
    kinds.includes('authentication') ? await readTallies(db, time) : [],
    states.length > 0 ? await readStates(db, time, states) : [],
  ].flat()
  const at = (step: number): Instant => (step * STEP_MS[question.step]) as Instant
  return {
    points: rows.map((row) => ({
      at: at(row.step),
      kind: row.kind as HistoryKind,
      name: row.name,
      value: countColumn(placeOf(row), 'amount'),
    })),
    counted: counted.rows.map(({ step }) => at(step)),
  }
}

const placeOf = (row: Row) => ({
  table: row.kind === 'authentication' ? 'tallies' : 'history',
  key: `step ${row.step}, ${row.kind}, ${row.name}`,
  row,
})

interface Time {
  /** The number of a row's step. */
  readonly step: RawBuilder<unknown>
  readonly within: RawBuilder<unknown>
}

/** Both backends divide whole numbers into whole numbers; hours are left as they are, in the order of the primary key. */
const timeOf = ({ from, until, step }: HistoryQuestion): Time => ({
  step: step === 'hour' ? sql`hour` : sql`hour / ${sql.lit(STEP_MS[step] / HOUR_MS)}`,
  within: sql`hour >= ${Math.floor(from / HOUR_MS)} and hour < ${Math.ceil(until / HOUR_MS)}`,
})

async function readCounts(
  db: Db,
  { step, within }: Time,
  kinds: readonly string[],
): Promise<readonly Row[]> {
  const found =
    await sql<Row>`select ${step} as step, kind, name, sum(amount) as amount from history
    where ${within} and kind in (${sql.join(kinds)})
    group by ${step}, kind, name order by step, kind, name`.execute(db)
  return found.rows
}

async function readTallies(db: Db, { step, within }: Time): Promise<readonly Row[]> {
  const found =
    await sql<Row>`select ${step} as step, 'authentication' as kind, authentication as name,
      sum(sightings) as amount from tallies
    where ${within} group by ${step}, authentication order by step, name`.execute(db)
  return found.rows
}

/** Every name of a kind is written each time, so that the last hour of a day has all of them. */
async function readStates(
  db: Db,
  { step, within }: Time,
  kinds: readonly string[],
): Promise<readonly Row[]> {
  const found = await sql<Row>`select ${step} as step, kind, name, amount from history
    where (hour, kind) in (select max(hour), kind from history
      where ${within} and kind in (${sql.join(kinds)}) group by ${step}, kind)
    order by step, kind, name`.execute(db)
  return found.rows
}
