/**
 * Devices as people look at them: lists, search, one device whole, and the numbers of the charts.
 */
import { inList } from '../engine/bulk-rows.ts'
import { sql, type SelectQueryBuilder, type SqlBool } from 'kysely'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import { idSubject, keySubject } from './approvals.ts'
import type { Transactions, Actor } from '../transactions.ts'
import { chartCells, type ChartCell } from './charts.ts'
import { expiringDevices } from './expiring.ts'
import { departureCounts, type DepartingByCode, type DepartureCount } from './departing-devices.ts'
import { conditions, searchWords, type AgentMinimum, type DeviceFilter } from './device-filter.ts'
import { readCertificate, readDevice, type Device, type DeviceCertificate } from './device.ts'
import type { Answer, Outcome } from '../failure.ts'
import {
  blockedDevices,
  blockTargets,
  certificatesWithIds,
  signedIdsOfDevices,
  type BlockedDevice,
  type BlockTarget,
  type IdCertificate,
  type IdsPageRequest,
} from './ids-by-device.ts'
import { retainedUnder, type RetainedCertificate } from './retained-certificates.ts'
import type { DeviceRow } from './device-draft.ts'
import { subjectsOf } from './subjects.ts'
import { deleteTraces } from './write-plan.ts'
import { noteErasure } from '../refusals/erased-devices.ts'
import { eraseRefusals } from '../refusals/erase-refusals.ts'
import {
  boundedLimit,
  pageOf,
  parseCursor,
  prefixEnd,
  type Cursor,
  type Page,
  type PageRequest,
} from '../page.ts'
import type { Db, Tables } from '../schema/tables.ts'
import { checkVersion, findRow, type ExpectedVersion } from '../versioned-rows.ts'

/** One device with everything that is kept of it. */
export interface DeviceDetail {
  readonly device: Device
  /** Newest first, at most 100. */
  readonly certificates: readonly DeviceCertificate[]
  readonly keys: readonly string[]
  /** Ids that a trusted CA signed for it. */
  readonly signedIds: readonly string[]
}

/** What to list, and in which order. */
export interface DeviceListRequest extends PageRequest {
  readonly filter: DeviceFilter
  /** `newest` is `first-seen` backwards. A search is in the order of what was found, whatever this says. */
  readonly order: 'first-seen' | 'last-seen' | 'newest'
  readonly minimums: readonly AgentMinimum[]
}

export class Devices {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** One page of a list or search; its cost follows the page, not the fleet, unless filters leave almost nothing. */
  async list(request: DeviceListRequest): Outcome<Page<Device>> {
    const words = searchWords(request.filter.text)
    const [first] = words
    if (first !== undefined) return await this.#search(request, first, words)
    const byTime = request.order === 'last-seen'
    const cursor = parseCursor(request.after, byTime ? 'number' : 'string')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      let query = filtered(db, request)
      query = ORDERS[request.order](query, cursor.value)
      const rows = await query.limit(boundedLimit(request.limit) + 1).execute()
      return pageOf(rows, request, {
        item: readDevice,
        cursor: (row) => (byTime ? [row.last_seen, row.id] : [row.id, '']),
      })
    })
  }

  async #search(
    request: DeviceListRequest,
    first: string,
    words: readonly string[],
  ): Outcome<Page<Device>> {
    const cursor = parseCursor(request.after, 'string')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      let query = filtered(db, request)
        .innerJoin('search_terms as found', 'found.device', 'devices.id')
        .where('found.term', '>=', first)
        .where('found.term', '<', prefixEnd(first))
        // A device that several terms lead to is shown at the first of them.
        .where(
          sql<SqlBool>`not exists (select 1 from search_terms as earlier where earlier.device = found.device
            and earlier.term >= ${first} and earlier.term < found.term)`,
        )
        .select('found.term as found_term')
        .orderBy('found.term')
        .orderBy('found.device')
      for (const word of words.slice(1)) query = query.where(hasTerm(word))
      if (cursor.value !== undefined) {
        const [term, device] = cursor.value
        query = query.where(sql<SqlBool>`(found.term, found.device) > (${term}, ${device})`)
      }
      const rows = await query.limit(boundedLimit(request.limit) + 1).execute()
      return pageOf(rows, request, {
        item: (row) => readDevice(row),
        cursor: (row) => [row.found_term, row.id],
      })
    })
  }

  /** How many devices a filter means; walks through what it leaves. */
  count(filter: DeviceFilter, minimums: readonly AgentMinimum[]): Answer<number> {
    return this.#transactions.read(async (db) => {
      let query = db.selectFrom('devices').where((eb) => eb.and(conditions(eb, filter, minimums)))
      for (const word of searchWords(filter.text)) query = query.where(hasTerm(word))
      const { devices } = await query
        .select(({ fn }) => fn.countAll<number>().as('devices'))
        .executeTakeFirstOrThrow()
      return devices
    })
  }

  /** One device whole. */
  find(id: string): Answer<DeviceDetail | undefined> {
    return this.#transactions.read(async (db) => {
      const row = await findRow(db, 'devices', id)
      if (row === undefined) return undefined
      const certificates = await db
        .selectFrom('certificates')
        .innerJoin('device_keys', 'device_keys.key', 'certificates.key')
        .selectAll('certificates')
        .where('device_keys.device', '=', id)
        .orderBy('certificates.last_seen', 'desc')
        .orderBy('certificates.fingerprint')
        .limit(100)
        .execute()
      const keys = await db
        .selectFrom('device_keys')
        .select('key')
        .where('device', '=', id)
        .orderBy('first_seen', 'desc')
        .limit(100)
        .execute()
      const ids = await db
        .selectFrom('signed_ids')
        .select('id')
        .where('device', '=', id)
        .orderBy('id')
        .limit(100)
        .execute()
      return {
        device: readDevice(row),
        certificates: certificates.map(readCertificate),
        keys: keys.map(({ key }) => key),
        signedIds: ids.map(({ id }) => id),
      }
    })
  }

  /** The subject of the last certificate of each of these; ids without one are not in it. */
  subjects(ids: readonly string[]): Answer<ReadonlyMap<string, string>> {
    const { dialect } = this.#transactions
    return this.#transactions.read((db) => subjectsOf(db, ids, dialect))
  }

  /** One page of the blocked devices with the ids that their block reaches by, by device. */
  blocked(page: Omit<IdsPageRequest, 'dialect'>): Answer<readonly BlockedDevice[]> {
    const { dialect } = this.#transactions
    return this.#transactions.read((db) => blockedDevices(db, { ...page, dialect }))
  }

  /** What a block of these devices would reach, by device; one that is not there is not in it. */
  blockTargets(ids: readonly string[]): Answer<ReadonlyMap<string, BlockTarget>> {
    const { dialect } = this.#transactions
    return this.#transactions.read((db) => blockTargets(db, dialect, ids))
  }

  /** One page of the certificates that name ids, of devices that are not blocked, by fingerprint. */
  certificatesWithIds(page: Omit<IdsPageRequest, 'dialect'>): Answer<readonly IdCertificate[]> {
    const { dialect } = this.#transactions
    return this.#transactions.read((db) => certificatesWithIds(db, { ...page, dialect }))
  }

  /** Every chart's numbers in one walk along an index; the sum over the cells is the number of devices. */
  charts(minimums: readonly AgentMinimum[]): Answer<readonly ChartCell[]> {
    return this.#transactions.read(async (db) => {
      const columns = [
        'class',
        'authentication',
        'approval',
        'awaiting',
        'migration',
        'agent_rank',
      ] as const
      const rows = await db
        .selectFrom('devices')
        .select(columns)
        .select(({ fn }) => fn.countAll<number>().as('devices'))
        .groupBy(columns)
        .execute()
      return chartCells(rows, minimums)
    })
  }

  /** How many devices of each setting have a certificate that ends before the first edge, before the second, …, or later. */
  expiring(edges: readonly Instant[]): Answer<ReadonlyMap<string, readonly number[]>> {
    return this.#transactions.read((db) => expiringDevices(db, edges))
  }

  /** How many devices depart from the server's documents, by code. */
  departures(departing: DepartingByCode): Answer<readonly DepartureCount[]> {
    return this.#transactions.read((db) => departureCounts(db, departing))
  }

  /**
   * The last sound certificates of the devices under a setting, those that end first before the others; the last ones of
   * devices that are under none, where it is undefined.
   */
  async retainedCertificates(
    setting: string | undefined,
    request: PageRequest,
  ): Outcome<Page<RetainedCertificate>> {
    const cursor = parseCursor(request.after, 'number')
    if (!cursor.ok) return cursor
    const limit = boundedLimit(request.limit)
    const { dialect } = this.#transactions
    return await this.#transactions.read((db) =>
      retainedUnder(db, setting, { cursor: cursor.value, limit, dialect }),
    )
  }

  /** Forgets a device with its certificates and refusals, so that it is new when it comes back, and what it met before is not taken in any more; never a blocked one. */
  forget(actor: Actor, id: string, expected: ExpectedVersion): Outcome<void> {
    return this.#transactions.change<void>(actor, async (tx, now) => {
      const row = await findRow(tx, 'devices', id)
      const found = checkVersion(row, expected, { what: 'device', key: id })
      if (!found.ok) return found
      const before = readDevice(found.value)
      if (before.approval === 'blocked') return fail({ kind: 'device-blocked', device: id })
      const keys = await tx
        .selectFrom('device_keys')
        .select('key')
        .where('device', '=', id)
        .execute()
      const ids = await signedIdsOfDevices(tx, this.#transactions.dialect, [id])
      await tx
        .deleteFrom('certificates')
        .where('key', 'in', tx.selectFrom('device_keys').select('key').where('device', '=', id))
        .execute()
      const erased = await eraseRefusals(tx, this.#transactions.dialect, {
        keys: keys.map(({ key }) => key),
        ids: ids.map((one) => one.id),
      })
      const named = [before.inventory?.id, before.reportedId, ...ids.map((one) => one.id)]
      await tx
        .deleteFrom('uncertified_ids')
        .where(
          'id',
          'in',
          inList(
            this.#transactions.dialect,
            named.filter((one) => one !== undefined),
          ),
        )
        .execute()
      await tx.deleteFrom('devices').where('id', '=', id).execute()
      await deleteTraces(tx, this.#transactions.dialect, [id])
      const marks = {
        keys: keys.map(({ key }) => key),
        ids: named.filter((one) => one !== undefined),
      }
      await noteErasure(tx, marks, now)
      return ok({
        value: undefined,
        entries: [
          { action: 'device.forget', subject: id, before, after: { refusalsErased: erased } },
        ],
        // Its keys and ids by name: afterwards the store no longer knows them, and snapshots hold them as approved.
        notices: [
          id,
          ...keys.map(({ key }) => keySubject(key)),
          ...ids.map((one) => idSubject(one.id)),
        ].map((subject) => ({ topic: 'approval', subject }) as const),
      })
    })
  }
}

type DeviceQuery = SelectQueryBuilder<Tables, 'devices', DeviceRow>

const filtered = (db: Db, { filter, minimums }: DeviceListRequest): DeviceQuery =>
  db
    .selectFrom('devices')
    .selectAll('devices')
    .where((eb) => eb.and(conditions(eb, filter, minimums)))

const ORDERS: Readonly<
  Record<DeviceListRequest['order'], (query: DeviceQuery, after: Cursor | undefined) => DeviceQuery>
> = {
  'first-seen': (query, after) => {
    const ordered = query.orderBy('devices.id')
    return after === undefined ? ordered : ordered.where('devices.id', '>', String(after[0]))
  },
  newest: (query, after) => {
    const ordered = query.orderBy('devices.id', 'desc')
    return after === undefined ? ordered : ordered.where('devices.id', '<', String(after[0]))
  },
  'last-seen': (query, after) => {
    const ordered = query.orderBy('devices.last_seen', 'desc').orderBy('devices.id', 'desc')
    if (after === undefined) return ordered
    return ordered.where(sql<SqlBool>`(devices.last_seen, devices.id) < (${after[0]}, ${after[1]})`)
  },
}

const hasTerm = (word: string) =>
  sql<SqlBool>`exists (select 1 from search_terms as also where also.device = devices.id
    and also.term >= ${word} and also.term < ${prefixEnd(word)})`
