/** When the certificates of devices end: how many of each enrollment setting end within which time. */
import { sql } from 'kysely'
import type { Instant } from '../../kernel/types.ts'
import type { Db } from '../schema/tables.ts'

/**
 * Counts devices by the setting of their last sound certificate and by when it ends: before the first edge, before the
 * second, and so on; at last those that end later than all of them. Devices that are blocked are left out. One walk along
 * an index.
 */
export async function expiringDevices(
  db: Db,
  edges: readonly Instant[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const whens = edges.map((edge, at) => sql`when not_after < ${edge} then ${sql.lit(at)}`)
  const { rows } = await sql<{ setting: string; part: number; devices: number }>`
    select setting, part, count(*) as devices from (
      select setting, case ${sql.join(whens, sql` `)} else ${sql.lit(edges.length)} end as part from devices
      where setting is not null and approval <> 'blocked') as parts
    group by setting, part`.execute(db)
  const counts = new Map<string, number[]>()
  for (const { setting, part, devices } of rows) {
    const parts = counts.get(setting) ?? Array.from({ length: edges.length + 1 }, () => 0)
    parts[part] = devices
    counts.set(setting, parts)
  }
  return counts
}
