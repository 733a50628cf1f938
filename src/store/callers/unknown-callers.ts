/**
 * Devices that no certificate tells apart, in numbers: requests that would be refused if certificates were required,
 * by listener, row and code, and the ids that clients without a certificate give themselves. Any client can make any
 * number of requests and name any id, so that both label and warn, and neither count towards a state nor open anything.
 *
 * For charts and metrics: `requests` sums up over days, `days` has one sum for each day.
 */
import { sql, type Selectable } from 'kysely'
import { DAY_MS, dayOf, ok, type Instant } from '../../kernel/types.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { Answer, Outcome } from '../failure.ts'
import { boundedLimit, pageOf, parseCursor, type Page, type PageRequest } from '../page.ts'
import { countColumn, instantColumn } from '../schema/row.ts'
import type { Db, Tables } from '../schema/tables.ts'
import type { Transactions } from '../transactions.ts'

/** Where something was met. A connection that was closed before a request, and a sync port, have no row: `route` is empty. */
export interface MetAt {
  /** Empty where a day had more kinds than are told apart. */
  readonly listener: string
  readonly route: string
  /** What it would be refused with. */
  readonly code: string
}

/** Requests of unknown devices that would be refused if certificates were required. */
export interface UnknownRequests extends MetAt {
  readonly requests: number
  /** Of these, those whose client gave itself an id. */
  readonly named: number
  readonly lastSeen: Instant
}

/** An id that a client without a certificate gave itself, and where it did so last. */
export interface UncertifiedId extends MetAt {
  readonly id: string
  readonly requests: number
  readonly firstSeen: Instant
  readonly lastSeen: Instant
  /** The entry of the inventory that has this id. */
  readonly device: { readonly id: string; readonly name: string | undefined } | undefined
}

/** How many entries of the inventory were named at one place. */
export interface NamedDevices extends MetAt {
  readonly devices: number
  readonly lastSeen: Instant
}

export class UnknownCallers {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Requests since the day of a point in time, by listener, row and code; the most first. */
  requests(since: Instant): Answer<readonly UnknownRequests[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('would_refuse')
        .select(['listener', 'route', 'code'])
        .select(({ fn }) => [
          fn.sum<number | string>('requests').as('requests'),
          fn.sum<number | string>('named').as('named'),
          fn.max<number>('last_seen').as('last_seen'),
        ])
        .where('day', '>=', dayOf(since))
        .groupBy(['listener', 'route', 'code'])
        .orderBy('requests', 'desc')
        .orderBy('listener')
        .orderBy('route')
        .orderBy('code')
        .execute()
      return rows.map((row) => {
        const { listener, route, code } = row
        const at = { table: 'would_refuse', key: [listener, route, code].join(', '), row }
        return {
          listener,
          route,
          code,
          requests: countColumn(at, 'requests'),
          named: countColumn(at, 'named'),
          lastSeen: instantColumn(at, 'last_seen'),
        }
      })
    })
  }

  /** Requests of each day since the day of a point in time, oldest first; a day without any is left out. */
  days(since: Instant): Answer<readonly { readonly at: Instant; readonly requests: number }[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('would_refuse')
        .select('day')
        .select(({ fn }) => fn.sum<number | string>('requests').as('requests'))
        .where('day', '>=', dayOf(since))
        .groupBy('day')
        .orderBy('day')
        .execute()
      return rows.map((row) => {
        const at = { table: 'would_refuse', key: `day ${row.day}`, row }
        return {
          at: (countColumn(at, 'day') * DAY_MS) as Instant,
          requests: countColumn(at, 'requests'),
        }
      })
    })
  }

  /** One page of the ids that belong to no device with a certificate, along the ids. */
  async ids(since: Instant, request: PageRequest): Outcome<Page<UncertifiedId>> {
    const cursor = parseCursor(request.after, 'string')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      const rows = await unsettled(db, since)
        .select([
          'said.id',
          'said.listener',
          'said.route',
          'said.code',
          'said.requests',
          'said.first_seen',
          'said.last_seen',
          'devices.id as device',
          'devices.inventory_name as name',
        ])
        .where('said.id', '>', String(cursor.value?.[0] ?? ''))
        .orderBy('said.id')
        .limit(boundedLimit(request.limit) + 1)
        .execute()
      return pageOf(rows, request, {
        item: (row): UncertifiedId => ({
          ...saidIn(row),
          device: row.device === null ? undefined : { id: row.device, name: row.name ?? undefined },
        }),
        cursor: ({ id }) => [id, ''],
      })
    })
  }

  /** How many such ids there are. */
  countIds(since: Instant): Answer<number> {
    return this.#transactions.read(async (db) => {
      const { many } = await unsettled(db, since)
        .select(({ fn }) => fn.countAll<number>().as('many'))
        .executeTakeFirstOrThrow()
      return many
    })
  }

  /** What was said of some ids, by id; for entries of an inventory. */
  saidOf(ids: readonly string[]): Answer<ReadonlyMap<string, Omit<UncertifiedId, 'device'>>> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('uncertified_ids')
        .selectAll()
        .where('id', 'in', inList(this.#transactions.dialect, ids))
        .execute()
      return new Map(rows.map((row) => [row.id, saidIn(row)]))
    })
  }

  /** Entries of the inventory that never showed a certificate and were named, by where they were last; the most first. */
  namedDevices(since: Instant): Answer<readonly NamedDevices[]> {
    return this.#transactions.read(async (db) => {
      const rows = await unsettled(db, since)
        .select(['said.listener', 'said.route', 'said.code'])
        .select(({ fn }) => [
          fn.countAll<number>().as('many'),
          fn.max<number>('said.last_seen').as('last_seen'),
        ])
        .where('devices.last_seen', '=', 0)
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('silent_devices')
                .select('silent_devices.device')
                .whereRef('silent_devices.device', '=', 'devices.id'),
            ),
          ),
        )
        .groupBy(['said.listener', 'said.route', 'said.code'])
        .orderBy('many', 'desc')
        .orderBy('said.listener')
        .orderBy('said.route')
        .orderBy('said.code')
        .execute()
      return rows.map(({ many, last_seen: lastSeen, ...met }) => ({
        ...met,
        devices: many,
        lastSeen: lastSeen as Instant,
      }))
    })
  }

  /** Forgets what was seen before a point in time. */
  forget(before: Instant): Outcome<void> {
    return this.#transactions.write<void, never>(async (tx) => {
      await tx.deleteFrom('would_refuse').where('day', '<', dayOf(before)).execute()
      await tx.deleteFrom('sensitive_results').where('day', '<', dayOf(before)).execute()
      await tx.deleteFrom('uncertified_ids').where('last_seen', '<', before).execute()
      await tx.deleteFrom('sync_port_callers').where('last_seen', '<', before).execute()
      return ok(undefined)
    })
  }
}

/**
 * An id says nothing any more by which a device is known that has shown a certificate, where that is signed; where the
 * device merely calls itself so, only if it showed a new key since: a device with a certificate cannot hide others by
 * saying their ids.
 */
const unsettled = (db: Db, since: Instant) =>
  db
    .selectFrom('uncertified_ids as said')
    .leftJoin('devices', 'devices.inventory_id', 'said.id')
    .where('said.last_seen', '>=', since)
    .where(sql<boolean>`coalesce(devices.not_after, 0) = 0`)
    .where(
      sql<boolean>`not exists (select 1 from devices as shown
        join device_keys on device_keys.device = shown.id and device_keys.first_seen >= said.last_seen
        where shown.reported_id = said.id and shown.not_after > 0)`,
    )

const saidIn = (
  row: Omit<Selectable<Tables['uncertified_ids']>, 'in_inventory'>,
): Omit<UncertifiedId, 'device'> => {
  const at = { table: 'uncertified_ids', key: row.id, row }
  return {
    id: row.id,
    listener: row.listener,
    route: row.route,
    code: row.code,
    requests: countColumn(at, 'requests'),
    firstSeen: instantColumn(at, 'first_seen'),
    lastSeen: instantColumn(at, 'last_seen'),
  }
}
