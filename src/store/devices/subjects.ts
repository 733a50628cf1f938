/** How people know a device: by the subject of its last certificate, sound or not. */
import type { Dialect } from '../engine/engine.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { Db } from '../schema/tables.ts'

/** Id → subject, of those that have shown a certificate. Two that were shown in the same hour: the lower fingerprint. */
export async function subjectsOf(
  db: Db,
  ids: readonly string[],
  dialect: Dialect,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('device_keys')
    .innerJoin('certificates', 'certificates.key', 'device_keys.key')
    .select(['device_keys.device', 'certificates.subject'])
    .where('device_keys.device', 'in', inList(dialect, ids))
    // The last of each stays in the map: the order of `find`, backwards.
    .orderBy('certificates.last_seen')
    .orderBy('certificates.fingerprint', 'desc')
    .execute()
  return new Map(rows.map(({ device, subject }) => [device, subject]))
}
