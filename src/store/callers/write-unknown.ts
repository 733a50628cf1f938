/**
 * What unknown devices did, written with the batch of sightings that it came in, so that a batch that is given again
 * counts once: requests that would be refused if certificates were required, and the ids that clients without a
 * certificate give themselves. Replicas add to the same rows.
 */
import { sql, type Selectable } from 'kysely'
import { dayOf } from '../../kernel/types.ts'
import type { UnknownSighting } from './linked.ts'
import type { Dialect } from '../engine/engine.ts'
import { inList, writerOf } from '../engine/bulk-rows.ts'
import type { Tables, Tx } from '../schema/tables.ts'
import { mergeRows, withinDayBound, type DayRow, type DayRowKind } from './day-rows.ts'

/** Writes what a batch says of them. */
export async function writeUnknown(
  tx: Tx,
  dialect: Dialect,
  unknown: readonly UnknownSighting[],
): Promise<void> {
  const refusable = unknown.filter(
    ({ sighting: { wouldRefuse, verdict, code } }) =>
      wouldRefuse === true || (verdict === 'refuse' && code === 'no-certificate'),
  )
  await writeRequests(
    tx,
    dialect,
    refusable.filter(({ sighting }) => sighting.wouldRefuse === true),
  )
  await writeIds(tx, dialect, refusable)
}

interface RequestsRow extends DayRow {
  readonly named: number
  readonly last_seen: number
}

const REQUESTS: DayRowKind<RequestsRow> = {
  keyOf: ({ day, listener, route, code }) => [day, listener, route, code].join('\n'),
  merge: (row, before) => ({
    ...row,
    requests: row.requests + before.requests,
    named: row.named + before.named,
    last_seen: Math.max(row.last_seen, before.last_seen),
  }),
}

async function writeRequests(
  tx: Tx,
  dialect: Dialect,
  unknown: readonly UnknownSighting[],
): Promise<void> {
  const rows = mergeRows(
    unknown.map(({ sighting: { at, listener, row: route = '', code, count, reportedId } }) => ({
      day: dayOf(at),
      listener,
      route,
      code,
      requests: count,
      named: reportedId === undefined ? 0 : count,
      last_seen: at,
    })),
    REQUESTS,
  )
  if (rows.length === 0) return
  const there = await tx
    .selectFrom('would_refuse')
    .selectAll()
    .where('day', 'in', [...new Set(rows.map(({ day }) => day))])
    .execute()
  await writerOf(tx, dialect).insert('would_refuse', {
    shape: {
      day: 'int',
      listener: 'text',
      route: 'text',
      code: 'text',
      requests: 'int',
      named: 'int',
      last_seen: 'int',
    },
    rows: withinDayBound(rows, there, REQUESTS),
    onConflict: `(day, listener, route, code) do update set
      requests = would_refuse.requests + excluded.requests, named = would_refuse.named + excluded.named,
      last_seen = case when excluded.last_seen > would_refuse.last_seen then excluded.last_seen
        else would_refuse.last_seen end`,
  })
}

type IdRow = Selectable<Tables['uncertified_ids']>

async function writeIds(
  tx: Tx,
  dialect: Dialect,
  unknown: readonly UnknownSighting[],
): Promise<void> {
  const rows = new Map<string, IdRow>()
  // In the order of time: the last place counts.
  for (const { sighting, label } of unknown) {
    const { at, listener, row: route = '', code, count, reportedId: id } = sighting
    if (id === undefined || label === undefined) continue
    const before = rows.get(id)
    rows.set(id, {
      id,
      listener,
      route,
      code,
      in_inventory: label === 'inventory' ? 1 : 0,
      requests: count + (before?.requests ?? 0),
      first_seen: before?.first_seen ?? at,
      last_seen: at,
    })
  }
  if (rows.size === 0) return
  const kept = await idsWithinBound(tx, dialect, [...rows.values()])
  await writerOf(tx, dialect).insert('uncertified_ids', {
    shape: {
      id: 'text',
      listener: 'text',
      route: 'text',
      code: 'text',
      in_inventory: 'int',
      requests: 'int',
      first_seen: 'int',
      last_seen: 'int',
    },
    rows: kept,
    onConflict: `(id) do update set requests = uncertified_ids.requests + excluded.requests,
      in_inventory = excluded.in_inventory,
      ${['listener', 'route', 'code', 'last_seen'].map(newest).join(', ')}`,
  })
}

/** Of several replicas one may be late: the newest place is kept. */
const newest = (column: string): string =>
  `${column} = case when excluded.last_seen >= uncertified_ids.last_seen then excluded.${column}
    else uncertified_ids.${column} end`

/** Ids of the inventory always have a place; of others, which any client can make up, so many have. */
async function idsWithinBound(
  tx: Tx,
  dialect: Dialect,
  wanted: readonly IdRow[],
): Promise<readonly IdRow[]> {
  const unlisted = wanted.filter((row) => row.in_inventory === 0)
  if (unlisted.length === 0) return wanted
  const there = await tx
    .selectFrom('uncertified_ids')
    .select('id')
    .where(
      'id',
      'in',
      inList(
        dialect,
        unlisted.map(({ id }) => id),
      ),
    )
    .execute()
  const known = new Set(there.map(({ id }) => id))
  const counts = await tx
    .selectFrom('uncertified_ids')
    .select(['listener', sql<number>`count(*)`.as('ids')])
    .where('in_inventory', '=', 0)
    .groupBy('listener')
    .execute()
  const perListener = new Map(counts.map(({ listener, ids }) => [listener, ids]))
  let all = counts.reduce((sum, { ids }) => sum + ids, 0)
  return wanted.filter(({ id, listener, in_inventory: inInventory }) => {
    if (inInventory === 1 || known.has(id)) return true
    const many = perListener.get(listener) ?? 0
    if (many >= IDS_PER_LISTENER || all >= IDS) return false
    perListener.set(listener, many + 1)
    all += 1
    return true
  })
}

/** As many as a person may still look through. One listener's flood leaves room for what is said on the others. */
export const IDS_PER_LISTENER = 2000
export const IDS = 10_000
