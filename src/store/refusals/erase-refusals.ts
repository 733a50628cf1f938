/** Erases what is kept of a device's refusals, when the device is forgotten. */
import { sql, type SqlBool } from 'kysely'
import { inList, jsonRows } from '../engine/bulk-rows.ts'
import type { Dialect } from '../engine/engine.ts'
import type { Tx } from '../schema/tables.ts'

/** By what a refusal is one of a device's: its keys, and the ids that a CA signed for it. */
export interface DeviceMarks {
  readonly keys: readonly string[]
  readonly ids: readonly string[]
}

/** Returns how many were erased; counts of the device's share go, too. */
export async function eraseRefusals(
  tx: Tx,
  dialect: Dialect,
  { keys, ids }: DeviceMarks,
): Promise<number> {
  const held = inList(dialect, keys)
  // As a text and not as JSON: a row that another hand wrote must not stop the erasure of the others.
  const quoted = ids.map((id) => ({ quoted: JSON.stringify(id) }))
  const named = sql<SqlBool>`exists (select 1 from ${jsonRows(dialect, { quoted: 'text' }, quoted)}
    where ${sql.raw(dialect === 'sqlite' ? 'instr' : 'strpos')}(refusals.signed_ids, input.quoted) > 0)`
  const gone = await tx
    .deleteFrom('refusals')
    .where((eb) => eb.or([eb('key', 'in', held), ...(ids.length === 0 ? [] : [named])]))
    .executeTakeFirst()
  await tx
    .deleteFrom('refusals_not_kept')
    .where('known', '=', 1)
    .where('owner', 'in', held)
    .execute()
  return Number(gone.numDeletedRows)
}
