/** Whose ids are whose: by what a block, or the number of ids in a certificate, reaches a device. */
import { sql, type SqlBool } from 'kysely'
import { inList } from '../engine/bulk-rows.ts'
import type { Dialect } from '../engine/engine.ts'
import type { Db } from '../schema/tables.ts'
import type { DeviceRow } from './device-draft.ts'
import { enumColumn, stringListColumn } from '../schema/row.ts'
import { APPROVALS, type Approval } from '../schema/vocabulary.ts'
import { subjectsOf } from './subjects.ts'

/** A blocked device, and the ids by which its block reaches other certificates. */
export interface BlockedDevice {
  readonly device: string
  /** Its name in the inventory, or the subject of its last certificate. */
  readonly name: string | undefined
  readonly ids: readonly string[]
}

/** A certificate with a sound path that names ids, of a device that is not blocked. */
export interface IdCertificate {
  readonly fingerprint: string
  readonly device: string
  /** The device's name in the inventory, or the subject of this certificate. */
  readonly name: string
  readonly serial: string
  /** As far as they were kept. */
  readonly ids: readonly string[]
}

/** Which part of them. */
export interface IdsPageRequest {
  /** The last one of the page before. */
  readonly after: string
  readonly limit: number
  readonly dialect: Dialect
}

/** One page of all blocked devices, by device; an entry of the inventory that never showed a key is blocked by its own id. */
export async function blockedDevices(
  db: Db,
  { after, limit, dialect }: IdsPageRequest,
): Promise<readonly BlockedDevice[]> {
  const rows = await db
    .selectFrom('devices')
    .select(['id', 'inventory_id', 'inventory_name'])
    .where('approval', '=', 'blocked')
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  if (rows.length === 0) return []
  const ids = await blockingIdsOf(db, dialect, rows)
  const subjects = await subjectsOf(
    db,
    rows.map(({ id }) => id),
    dialect,
  )
  return rows.map(({ id, inventory_name: name }) => ({
    device: id,
    name: name ?? subjects.get(id),
    ids: ids.get(id) ?? [],
  }))
}

/** A device that may come to be blocked: its version, and the ids by which the block would reach other certificates. */
export interface BlockTarget {
  readonly version: number
  readonly ids: readonly string[]
}

/** Returns what a block of these devices would reach, by device; one that is not there is not in it. */
export async function blockTargets(
  db: Db,
  dialect: Dialect,
  devices: readonly string[],
): Promise<ReadonlyMap<string, BlockTarget>> {
  const rows = await db
    .selectFrom('devices')
    .select(['id', 'inventory_id', 'version'])
    .where('id', 'in', inList(dialect, devices))
    .execute()
  const ids = await blockingIdsOf(db, dialect, rows)
  return new Map(rows.map(({ id, version }) => [id, { version, ids: ids.get(id) ?? [] }]))
}

type EntryRow = Pick<DeviceRow, 'id' | 'inventory_id'>

/** The ids that devices have proven; an entry of the inventory that never showed a key is blocked by its own id besides. */
async function blockingIdsOf(
  db: Db,
  dialect: Dialect,
  devices: readonly EntryRow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = devices.map(({ id }) => id)
  const signed = Map.groupBy(await signedIdsOfDevices(db, dialect, ids), ({ device }) => device)
  const keys = await db
    .selectFrom('device_keys')
    .select('device')
    .distinct()
    .where('device', 'in', inList(dialect, ids))
    .execute()
  const withKeys = new Set(keys.map(({ device }) => device))
  return new Map(
    devices.map(({ id, inventory_id: entry }) => [
      id,
      [
        ...(signed.get(id) ?? []).map((one) => one.id),
        ...(entry === null || withKeys.has(id) ? [] : [entry]),
      ],
    ]),
  )
}

/** The ids that these devices have proven, in the order of the ids. */
export const signedIdsOfDevices = (
  db: Db,
  dialect: Dialect,
  devices: readonly string[],
): Promise<readonly { readonly id: string; readonly device: string }[]> =>
  db
    .selectFrom('signed_ids')
    .selectAll()
    .where('device', 'in', inList(dialect, devices))
    .orderBy('id')
    .execute()

/** A signed id, and what the device that it leads to is; `unapproved` where it leads to none. */
export interface IdApproval {
  readonly id: string
  readonly approval: Approval
}

/**
 * What ids lead to: their own device, unless an entry of the inventory with that id is blocked and never showed a key.
 * `ids` are asked about, and those by which the `devices` are known.
 */
export async function idApprovals(
  db: Db,
  dialect: Dialect,
  { devices, ids }: { readonly devices: readonly string[]; readonly ids: readonly string[] },
): Promise<readonly IdApproval[]> {
  if (devices.length + ids.length === 0) return []
  const signed = await signedIdsOfDevices(db, dialect, devices)
  const listed = await db
    .selectFrom('devices')
    .select('inventory_id')
    .where('id', 'in', inList(dialect, devices))
    .where('inventory_id', 'is not', null)
    .execute()
  const entries = listed.flatMap(({ inventory_id: id }) => id ?? [])
  const asked = [...new Set([...ids, ...signed.map(({ id }) => id), ...entries])]
  const proven = await db
    .selectFrom('signed_ids')
    .innerJoin('devices', 'devices.id', 'signed_ids.device')
    .select(['signed_ids.id', 'signed_ids.device', 'devices.approval'])
    .where('signed_ids.id', 'in', inList(dialect, asked))
    .execute()
  const blocked = await db
    .selectFrom('devices')
    .select('inventory_id')
    .where('inventory_id', 'in', inList(dialect, asked))
    .where('approval', '=', 'blocked')
    .where(hasNoKey)
    .execute()
  const approvals = new Map<string, Approval>(asked.map((id) => [id, 'unapproved']))
  for (const row of proven) {
    const at = { table: 'devices', key: row.device, row } as const
    approvals.set(row.id, enumColumn(at, 'approval', APPROVALS))
  }
  for (const { inventory_id: id } of blocked) if (id !== null) approvals.set(id, 'blocked')
  return [...approvals].map(([id, approval]) => ({ id, approval }))
}

/** Of a device: it never showed a key, or its keys went to others. */
export const hasNoKey = sql<SqlBool>`not exists (select 1 from device_keys where device = devices.id)`

/** One page, by certificate. A certificate without a sound path names whatever it likes: its ids are asked about nowhere. */
export async function certificatesWithIds(
  db: Db,
  { after, limit }: IdsPageRequest,
): Promise<readonly IdCertificate[]> {
  const rows = await db
    .selectFrom('certificates')
    .innerJoin('device_keys', 'device_keys.key', 'certificates.key')
    .innerJoin('devices', 'devices.id', 'device_keys.device')
    .select([
      'certificates.fingerprint',
      'certificates.serial',
      'certificates.subject',
      'certificates.signed_ids',
      'devices.id',
      'devices.inventory_name',
    ])
    .where('devices.approval', '<>', 'blocked')
    .where('certificates.sound', '=', 1)
    .where('certificates.signed_ids', '<>', '[]')
    .where('certificates.fingerprint', '>', after)
    .orderBy('certificates.fingerprint')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    fingerprint: row.fingerprint,
    device: row.id,
    name: row.inventory_name ?? row.subject,
    serial: row.serial,
    ids: stringListColumn({ table: 'certificates', key: row.fingerprint, row }, 'signed_ids'),
  }))
}
