/**
 * Devices as people look at them: lists, search, one device whole, and the numbers of the charts.
 */
import { sql, type SelectQueryBuilder, type SqlBool } from 'kysely'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { keySubject } from './approvals.ts'
import type { Book, By, Db } from '../transactions.ts'
import { chartCells, type ChartCell } from './charts.ts'
import {
  behind,
  conditions,
  wordsOf,
  type AgentMinimum,
  type DeviceFilter,
} from './device-filter.ts'
import { readCertificate, readDevice, type Device, type DeviceCertificate } from './device.ts'
import type { StoreFailure, StoreTrouble } from '../failure.ts'
import { keptUnder, type KeptCertificate } from './retained-certificates.ts'
import type { DeviceRow } from './device-draft.ts'
import { boundedLimit, pageOf, parseCursor, type Cursor, type Page, type PageAsk } from '../page.ts'
import type { Tables } from '../schema/tables.ts'
import { asExpected, type Expected } from '../version.ts'

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
export interface DeviceAsk extends PageAsk {
  readonly filter: DeviceFilter
  /** `newest` is `first-seen` backwards. A search is in the order of what was found, whatever this says. */
  readonly order: 'first-seen' | 'last-seen' | 'newest'
  readonly minimums: readonly AgentMinimum[]
}

export class Devices {
  readonly #book: Book
  constructor(book: Book) {
    this.#book = book
  }

  /** One page of a list or search; its cost follows the page, not the fleet, unless filters leave almost nothing. */
  async list(ask: DeviceAsk): Promise<Result<Page<Device>, StoreFailure>> {
    const words = wordsOf(ask.filter.text)
    const [first] = words
    if (first !== undefined) return await this.#search(ask, first, words)
    const byTime = ask.order === 'last-seen'
    const cursor = parseCursor(ask.after, byTime ? 'number' : 'string')
    if (!cursor.ok) return cursor
    return await this.#book.read(async (db) => {
      let query = filtered(db, ask)
      query = ORDERS[ask.order](query, cursor.value)
      const rows = await query.limit(boundedLimit(ask.limit) + 1).execute()
      return pageOf(rows, ask, {
        item: readDevice,
        cursor: (row) => (byTime ? [row.last_seen, row.id] : [row.id, '']),
      })
    })
  }

  async #search(
    ask: DeviceAsk,
    first: string,
    words: readonly string[],
  ): Promise<Result<Page<Device>, StoreFailure>> {
    const cursor = parseCursor(ask.after, 'string')
    if (!cursor.ok) return cursor
    return await this.#book.read(async (db) => {
      let query = filtered(db, ask)
        .innerJoin('search_terms as found', 'found.device', 'devices.id')
        .where('found.term', '>=', first)
        .where('found.term', '<', behind(first))
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
      const rows = await query.limit(boundedLimit(ask.limit) + 1).execute()
      return pageOf(rows, ask, {
        item: (row) => readDevice(row),
        cursor: (row) => [row.found_term, row.id],
      })
    })
  }

  /** How many devices a filter means; walks through what it leaves. */
  count(
    filter: DeviceFilter,
    minimums: readonly AgentMinimum[],
  ): Promise<Result<number, StoreTrouble>> {
    return this.#book.read(async (db) => {
      let query = db
        .selectFrom('devices')
        .where((the) => the.and(conditions(the, filter, minimums)))
      for (const word of wordsOf(filter.text)) query = query.where(hasTerm(word))
      const { devices } = await query
        .select(({ fn }) => fn.countAll<number>().as('devices'))
        .executeTakeFirstOrThrow()
      return devices
    })
  }

  /** One device whole. */
  find(id: string): Promise<Result<DeviceDetail | undefined, StoreTrouble>> {
    return this.#book.read(async (db) => {
      const row = await db.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirst()
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

  /** Every chart's numbers in one walk along an index; the sum over the cells is the number of devices. */
  charts(minimums: readonly AgentMinimum[]): Promise<Result<readonly ChartCell[], StoreTrouble>> {
    return this.#book.read(async (db) => {
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

  /** How many devices were refused last, by the code of the refusal. */
  refusals(): Promise<Result<ReadonlyMap<string, number>, StoreTrouble>> {
    return this.#book.read(async (db) => {
      const rows = await db
        .selectFrom('devices')
        .select(['code'])
        .select(({ fn }) => fn.countAll<number>().as('devices'))
        .where('verdict', '=', 'refuse')
        .groupBy('code')
        .orderBy('code')
        .execute()
      return new Map(rows.map(({ code, devices }) => [code ?? 'unknown', devices]))
    })
  }

  /** The last sound certificates of the devices under a setting, those that end first before the others. */
  async kept(setting: string, ask: PageAsk): Promise<Result<Page<KeptCertificate>, StoreFailure>> {
    const cursor = parseCursor(ask.after, 'number')
    if (!cursor.ok) return cursor
    const limit = boundedLimit(ask.limit)
    const { dialect } = this.#book
    return await this.#book.read((db) =>
      keptUnder(db, setting, { cursor: cursor.value, limit, dialect }),
    )
  }

  /** Forgets a device with its certificates, so that it is new when it comes back; never a blocked one. */
  forget(by: By, id: string, expected: Expected): Promise<Result<void, StoreFailure>> {
    return this.#book.change<void, StoreFailure>(by, async (tx) => {
      const row = await tx.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirst()
      const found = asExpected(row, expected, { what: 'device', key: id })
      if (!found.ok) return found
      const before = readDevice(found.value)
      if (before.approval === 'blocked') return fail({ kind: 'device-blocked', device: id })
      const keys = await tx
        .selectFrom('device_keys')
        .select('key')
        .where('device', '=', id)
        .execute()
      await tx
        .deleteFrom('certificates')
        .where('key', 'in', tx.selectFrom('device_keys').select('key').where('device', '=', id))
        .execute()
      for (const table of ['device_keys', 'signed_ids', 'search_terms'] as const) {
        await tx.deleteFrom(table).where('device', '=', id).execute()
      }
      await tx.deleteFrom('devices').where('id', '=', id).execute()
      return ok({
        value: undefined,
        entries: [{ action: 'device.forget', subject: id, before }],
        // Its keys by name: nobody can ask afterwards which they were, and whoever judges holds them as approved.
        touched: [id, ...keys.map(({ key }) => keySubject(key))].map(
          (subject) => ({ topic: 'approval', subject }) as const,
        ),
      })
    })
  }
}

type Query = SelectQueryBuilder<Tables, 'devices', DeviceRow>

const filtered = (db: Db, { filter, minimums }: DeviceAsk): Query =>
  db
    .selectFrom('devices')
    .selectAll('devices')
    .where((the) => the.and(conditions(the, filter, minimums)))

const ORDERS: Readonly<
  Record<DeviceAsk['order'], (query: Query, after: Cursor | undefined) => Query>
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
    and also.term >= ${word} and also.term < ${behind(word)})`
