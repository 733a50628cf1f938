/**
 * Who used a sync port: connections that carried octets both ways, by known device or else by address. A bare handshake
 * is none of these: any scanner makes one, and it would keep the port open for as long as the port is looked back on.
 */
import { sql, type Selectable } from 'kysely'
import { countedNetwork } from '../../kernel/network.ts'
import type { Instant } from '../../kernel/types.ts'
import { addExchange, type Exchange } from '../../fleet/sighting.ts'
import type { LinkedExchange } from './linked.ts'
import type { Dialect } from '../engine/engine.ts'
import { inList, writerOf } from '../engine/bulk-rows.ts'
import type { Answer } from '../failure.ts'
import { countColumn, instantColumn, orUndefined } from '../schema/row.ts'
import type { Db, Tables, Tx } from '../schema/tables.ts'
import type { Transactions } from '../transactions.ts'

/** A `SyncPortCaller` is a device or an address whose connections carried octets both ways. */
export interface SyncPortCaller {
  /** Undefined where no certificate led to a known device. */
  readonly device: string | undefined
  /** The last one; empty for the sum of those that found no place of their own. */
  readonly address: string
  readonly connections: number
  readonly octetsIn: number
  readonly octetsOut: number
  readonly firstSeen: Instant
  readonly lastSeen: Instant
}

export class SyncPortCallers {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** The callers since a point in time, the last one first; unknown ones before known devices. */
  list(listener: string, since: Instant, limit = SHOWN): Answer<readonly SyncPortCaller[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('sync_port_callers')
        .selectAll()
        .where('listener', '=', listener)
        .where('last_seen', '>=', since)
        .orderBy(sql`device is not null`)
        .orderBy('last_seen', 'desc')
        .orderBy('caller')
        .limit(limit)
        .execute()
      return rows.map(readCaller)
    })
  }
}

/**
 * Connections of no known device since a point in time: those that carried octets both ways, and what a program of
 * schema 2 noted, which counted bare handshakes, too.
 */
export async function unidentifiedOn(db: Db, listener: string, since: Instant): Promise<number> {
  const { connections } = await db
    .selectFrom('sync_port_callers')
    .select(sql<number | string | null>`sum(connections)`.as('connections'))
    .where('listener', '=', listener)
    .where('device', 'is', null)
    .where('last_seen', '>=', since)
    .executeTakeFirstOrThrow()
  const before = await db
    .selectFrom('unidentified')
    .select('sightings')
    .where('listener', '=', listener)
    .where('last_seen', '>=', since)
    .executeTakeFirst()
  return Number(connections ?? 0) + (before?.sightings ?? 0)
}

/** Writes what a batch says of sync ports. */
export async function writeExchanges(
  tx: Tx,
  dialect: Dialect,
  exchanges: readonly LinkedExchange[],
): Promise<void> {
  if (exchanges.length === 0) return
  const callers = new Map<string, Caller>()
  for (const { at, listener, device, exchange } of exchanges) {
    const caller =
      device === undefined ? `address ${countedNetwork(exchange.address)}` : `device ${device}`
    add(callers, { listener, caller, device, exchange, firstSeen: at, lastSeen: at })
  }
  const kept = await withinBound(tx, dialect, [...callers.values()])
  const ours = (column: string): string => `${column} = sync_port_callers.${column}`
  const sums = ['connections', 'octets_in', 'octets_out'].map(
    (column) => `${ours(column)} + excluded.${column}`,
  )
  const lasts = ['address', 'last_seen'].map(
    (column) => `${column} = case when excluded.last_seen >= sync_port_callers.last_seen
      then excluded.${column} else sync_port_callers.${column} end`,
  )
  await writerOf(tx, dialect).insert('sync_port_callers', {
    shape: {
      listener: 'text',
      caller: 'text',
      device: 'text',
      address: 'text',
      connections: 'int',
      octets_in: 'int',
      octets_out: 'int',
      first_seen: 'int',
      last_seen: 'int',
    },
    rows: kept.map(({ exchange, firstSeen, lastSeen, ...it }) => ({
      ...it,
      address: exchange.address,
      connections: exchange.connections,
      octets_in: exchange.octetsIn,
      octets_out: exchange.octetsOut,
      first_seen: firstSeen,
      last_seen: lastSeen,
    })),
    onConflict: `(listener, caller) do update set ${[...sums, ...lasts].join(', ')}`,
  })
}

interface Caller {
  readonly listener: string
  readonly caller: string
  readonly device: string | undefined
  readonly exchange: Exchange
  readonly firstSeen: number
  readonly lastSeen: number
}

function add(callers: Map<string, Caller>, it: Caller): void {
  const key = `${it.listener}\n${it.caller}`
  const before = callers.get(key)
  callers.set(key, {
    ...it,
    exchange: addExchange(it.exchange, before?.exchange),
    firstSeen: Math.min(it.firstSeen, before?.firstSeen ?? it.firstSeen),
    lastSeen: Math.max(it.lastSeen, before?.lastSeen ?? 0),
  })
}

/** Unknown callers past the bound share one row, so that none is lost; what is known of devices stands in their own rows. */
async function withinBound(
  tx: Tx,
  dialect: Dialect,
  wanted: readonly Caller[],
): Promise<readonly Caller[]> {
  const names = wanted.map(({ caller }) => caller)
  const there = await tx
    .selectFrom('sync_port_callers')
    .select(['listener', 'caller'])
    .where('caller', 'in', inList(dialect, names))
    .execute()
  const rows = new Set(there.map(({ listener, caller }) => `${listener}\n${caller}`))
  const counts = await tx
    .selectFrom('sync_port_callers')
    .select(['listener', IS_KNOWN.as('known'), sql<number>`count(*)`.as('callers')])
    .groupBy(['listener', IS_KNOWN])
    .execute()
  // A fleet of many devices on the port leaves unknown callers their places.
  const placeOf = (listener: string, isKnown: boolean): string => `${listener}\n${isKnown}`
  const taken = new Map(
    counts.map(({ listener, known, callers }) => [placeOf(listener, known === 1), callers]),
  )
  const kept = new Map<string, Caller>()
  for (const it of wanted) {
    const place = placeOf(it.listener, it.device !== undefined)
    const many = taken.get(place) ?? 0
    if (!rows.has(`${it.listener}\n${it.caller}`)) {
      if (many >= CALLERS_PER_LISTENER) {
        if (it.device === undefined) {
          add(kept, { ...it, caller: OTHERS, exchange: { ...it.exchange, address: '' } })
        }
        continue
      }
      taken.set(place, many + 1)
    }
    add(kept, it)
  }
  return [...kept.values()]
}

function readCaller(row: Selectable<Tables['sync_port_callers']>): SyncPortCaller {
  const at = { table: 'sync_port_callers', key: `${row.listener}, ${row.caller}`, row }
  return {
    device: orUndefined(row.device),
    address: row.address,
    connections: countColumn(at, 'connections'),
    octetsIn: countColumn(at, 'octets_in'),
    octetsOut: countColumn(at, 'octets_out'),
    firstSeen: instantColumn(at, 'first_seen'),
    lastSeen: instantColumn(at, 'last_seen'),
  }
}

const IS_KNOWN = sql<number>`case when device is null then 0 else 1 end`

/** Networks of unknown callers come without a number, and so many known devices beside them; a person who closes the port looks through as many. */
export const CALLERS_PER_LISTENER = 1000
const SHOWN = 100
/** The row of unknown callers past the bound. */
const OTHERS = 'others'
