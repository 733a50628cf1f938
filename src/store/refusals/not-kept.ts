/**
 * How many refusals were not kept, by day, code and whose they were: the store says so instead of not knowing a reference.
 */
import { sql } from 'kysely'
import type { NotKeptRefusals } from '../../fleet/kept-refusal.ts'
import { dayOf, type Instant } from '../../kernel/types.ts'
import { columnList, jsonRows, type RowShape } from '../engine/bulk-rows.ts'
import type { Dialect } from '../engine/engine.ts'
import { booleanColumn, instantColumn } from '../schema/row.ts'
import type { Db, Tx } from '../schema/tables.ts'
import type { PushedOut } from './shares.ts'

/** What gave way in the store, as counts. */
export function countPushedOut(pushedOut: readonly PushedOut[]): readonly NotKeptRefusals[] {
  const counts = new Map<
    string,
    { -readonly [Fact in keyof NotKeptRefusals]: NotKeptRefusals[Fact] }
  >()
  for (const { code, known, owner, at } of pushedOut) {
    const name = `${known} ${code} ${owner} ${dayOf(at)}`
    const before = counts.get(name)
    if (before === undefined) {
      const [first, last] = [at as Instant, at as Instant]
      counts.set(name, { code, known: known === 1, owner, refusals: 1, first, last })
      continue
    }
    before.refusals += 1
    before.first = Math.min(before.first, at) as Instant
    before.last = Math.max(before.last, at) as Instant
  }
  return [...counts.values()]
}

/** Adds counts; an owner that is new on a day that has `OWNERS_PER_DAY` is counted with all others of that kind. */
export async function addNotKept(
  tx: Tx,
  dialect: Dialect,
  notKept: readonly NotKeptRefusals[],
): Promise<void> {
  if (notKept.length === 0) return
  const rows = new Map<string, NotKeptRow>()
  const room = await roomByDay(tx, notKept)
  const there = await ownersOf(tx, [...room.keys()])
  for (const one of notKept) {
    const day = dayOf(one.last)
    const name = (owner: string) => `${day} ${Number(one.known)} ${one.code} ${owner}`
    let owner = one.owner ?? ''
    const isNew = owner !== '' && !there.has(name(owner)) && !rows.has(name(owner))
    const left = room.get(day) ?? 0
    if (isNew && left <= 0) owner = ''
    else if (isNew) room.set(day, left - 1)
    const before = rows.get(name(owner))
    rows.set(name(owner), {
      day,
      known: Number(one.known),
      code: one.code,
      owner,
      refusals: one.refusals + (before?.refusals ?? 0),
      first_at: Math.min(one.first, before?.first_at ?? one.first),
      last_at: Math.max(one.last, before?.last_at ?? one.last),
    })
  }
  const smaller = dialect === 'sqlite' ? 'min' : 'least'
  const larger = dialect === 'sqlite' ? 'max' : 'greatest'
  await sql`insert into refusals_not_kept (${columnList(COLUMNS)}) select ${columnList(COLUMNS)}
    from ${jsonRows(dialect, COLUMNS, [...rows.values()])} where true
    on conflict (day, known, code, owner) do update set
      refusals = refusals_not_kept.refusals + excluded.refusals,
      first_at = ${sql.raw(smaller)}(refusals_not_kept.first_at, excluded.first_at),
      last_at = ${sql.raw(larger)}(refusals_not_kept.last_at, excluded.last_at)`.execute(tx)
}

interface NotKeptRow {
  readonly day: number
  readonly known: number
  readonly code: string
  readonly owner: string
  readonly refusals: number
  readonly first_at: number
  readonly last_at: number
}

/** How many owners each of these days still has room for. */
async function roomByDay(
  tx: Tx,
  notKept: readonly NotKeptRefusals[],
): Promise<Map<number, number>> {
  const days = [...new Set(notKept.map(({ last }) => dayOf(last)))]
  const counted = await tx
    .selectFrom('refusals_not_kept')
    .select(({ fn }) => ['day', fn.countAll<number>().as('owners')])
    .where('day', 'in', days)
    .where('owner', '<>', '')
    .groupBy('day')
    .execute()
  const owners = new Map(counted.map((one) => [one.day, one.owners]))
  return new Map(days.map((day) => [day, OWNERS_PER_DAY - (owners.get(day) ?? 0)]))
}

async function ownersOf(tx: Tx, days: readonly number[]): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('refusals_not_kept')
    .select(['day', 'known', 'code', 'owner'])
    .where('day', 'in', days)
    .execute()
  return new Set(rows.map((row) => `${row.day} ${row.known} ${row.code} ${row.owner}`))
}

/** The largest counts since a point in time, over all days. */
export async function largestNotKept(
  db: Db,
  since: Instant,
  limit: number,
): Promise<readonly NotKeptRefusals[]> {
  const rows = await db
    .selectFrom('refusals_not_kept')
    .select(({ fn }) => [
      'known',
      'code',
      'owner',
      fn.sum<number | string>('refusals').as('refusals'),
      fn.min('first_at').as('first_at'),
      fn.max('last_at').as('last_at'),
    ])
    .where('day', '>=', dayOf(since))
    .groupBy(['known', 'code', 'owner'])
    .orderBy('refusals', 'desc')
    .orderBy('code')
    .orderBy('owner')
    .limit(limit)
    .execute()
  return rows.map((row) => {
    const at = { table: 'refusals_not_kept', key: row.code, row }
    return {
      code: row.code,
      known: booleanColumn(at, 'known'),
      owner: row.owner === '' ? undefined : row.owner,
      refusals: Number(row.refusals),
      first: instantColumn(at, 'first_at'),
      last: instantColumn(at, 'last_at'),
    }
  })
}

/** Addresses that a flood can come from are more than a store should list: 2,000 for 366 days take some 100 MB at most. */
const OWNERS_PER_DAY = 2000

const COLUMNS: RowShape = {
  day: 'int',
  known: 'int',
  code: 'text',
  owner: 'text',
  refusals: 'int',
  first_at: 'int',
  last_at: 'int',
}
