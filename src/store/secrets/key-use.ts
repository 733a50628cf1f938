/**
 * Which key new secrets are sealed with: the store's current one, which changes only forwards, inside a transaction.
 */
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { SealFailure } from '../failure.ts'
import type { Db, Tx } from '../schema/tables.ts'
import type { AuditEntry } from '../transactions.ts'
import { currentVersion } from './key-standing.ts'
import { checkValue, versionsOf, type KeyRing } from './seal.ts'

/** The store's current key; the first secret makes the newest key of the ring that one. */
export async function currentKey(
  tx: Tx,
  ring: KeyRing,
  now: Instant,
): Promise<Result<number, SealFailure>> {
  const current = await currentVersion(tx)
  const fault = await keyFault(tx, current, ring)
  if (fault !== undefined) return fail(fault)
  if (current > 0) return ok(current)
  const newest = versionsOf(ring).at(-1)
  if (newest === undefined) return fail({ kind: 'key-missing', version: 1, held: [] })
  await registerKey(tx, newest, { ring, now })
  return ok(newest)
}

/** Why this ring cannot work with the current key. */
export async function keyFault(
  db: Db,
  current: number,
  ring: KeyRing,
): Promise<SealFailure | undefined> {
  if (current === 0) return undefined
  const key = ring.keys.get(current)
  if (key === undefined) return { kind: 'key-missing', version: current, held: versionsOf(ring) }
  const row = await db
    .selectFrom('key_ring')
    .select('check_value')
    .where('version', '=', current)
    .executeTakeFirst()
  return row?.check_value === checkValue(key) ? undefined : { kind: 'key-wrong', version: current }
}

/**
 * Makes the newest key of the ring the current one where it is newer; the audit entries of that, none where it is not.
 * A ring that cannot work with the current key says nothing of the next.
 */
export async function useNewestKey(
  tx: Tx,
  ring: KeyRing,
  now: Instant,
): Promise<readonly AuditEntry[]> {
  const current = await currentVersion(tx)
  const newest = versionsOf(ring).at(-1) ?? 0
  if (newest <= current || (await keyFault(tx, current, ring)) !== undefined) return []
  await registerKey(tx, newest, { ring, now })
  return [rotationEntry(current, newest)]
}

/** What the audit trail says of a rotation. */
export const rotationEntry = (before: number, after: number): AuditEntry => ({
  action: 'key.rotate',
  subject: 'key ring',
  before: { version: before },
  after: { version: after },
})

/** Writes down that the store knows a key, by what tells it from another of its version. */
export async function registerKey(
  tx: Tx,
  version: number,
  { ring, now }: { readonly ring: KeyRing; readonly now: Instant },
): Promise<void> {
  const key = ring.keys.get(version)
  if (key === undefined) return
  await tx
    .insertInto('key_ring')
    .values({ version, check_value: checkValue(key), added_at: now })
    .execute()
}
