/** Devices with a certificate of which the version before kept as many ids as it kept of any: it may have more. */
import type { Dialect } from '../engine/engine.ts'
import type { Db } from '../schema/tables.ts'
import { subjectsOf } from './subjects.ts'

/** How many ids of one certificate a store of schema 1 has at most. */
export const FORMER_ID_LIMIT = 8

/** A device, and the subject of its last certificate. */
export interface NamedDevice {
  readonly device: string
  readonly subject: string | undefined
}

/** One page, by device. Blocked devices are refused for that. */
export async function withManyIds(
  db: Db,
  dialect: Dialect,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly NamedDevice[]> {
  const rows = await db
    .selectFrom('devices')
    .innerJoin('device_keys', 'device_keys.device', 'devices.id')
    .innerJoin('certificates', 'certificates.key', 'device_keys.key')
    .select('devices.id')
    .distinct()
    .where('devices.approval', '<>', 'blocked')
    .where('certificates.sound', '=', 1)
    // An id has no space; a quotation mark in one is written with a backslash before it.
    .where('certificates.signed_ids', 'like', Array(FORMER_ID_LIMIT).fill('%').join('","'))
    .where('devices.id', '>', after)
    .orderBy('devices.id')
    .limit(limit)
    .execute()
  const ids = rows.map(({ id }) => id)
  const subjects = await subjectsOf(db, ids, dialect)
  return ids.map((device) => ({ device, subject: subjects.get(device) }))
}
