/** Whose ids are whose: by what a block, or the number of ids in a certificate, reaches a device. */
import { inList } from '../engine/bulk-rows.ts'
import type { Dialect } from '../engine/engine.ts'
import type { Db } from '../schema/tables.ts'
import { stringListColumn } from '../schema/row.ts'
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
  const listed = inList(
    dialect,
    rows.map(({ id }) => id),
  )
  const signed = await db
    .selectFrom('signed_ids')
    .selectAll()
    .where('device', 'in', listed)
    .orderBy('id')
    .execute()
  const keys = await db
    .selectFrom('device_keys')
    .select('device')
    .distinct()
    .where('device', 'in', listed)
    .execute()
  const withKeys = new Set(keys.map(({ device }) => device))
  const subjects = await subjectsOf(
    db,
    rows.map(({ id }) => id),
    dialect,
  )
  const signedOf = Map.groupBy(signed, ({ device }) => device)
  return rows.map(({ id, inventory_id: entry, inventory_name: name }) => ({
    device: id,
    name: name ?? subjects.get(id),
    ids: [
      ...(signedOf.get(id) ?? []).map((one) => one.id),
      ...(entry === null || withKeys.has(id) ? [] : [entry]),
    ],
  }))
}

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
