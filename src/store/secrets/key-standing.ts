/**
 * What may be said of secrets and keys without opening any.
 */
import type { Instant } from '../../kernel/types.ts'
import type { SealFailure } from '../failure.ts'
import type { Db } from '../schema/tables.ts'
import { instancesLacking, type InstanceSeen } from './instances.ts'
import { checkValue, versionsOf, type KeyRing } from './seal.ts'

/** What may be said of a secret without opening it. */
export interface SecretFacts {
  readonly name: string
  readonly keyVersion: number
  readonly version: number
  readonly updatedAt: Instant
}

/** Where the fleet of instances stands with its keys. */
export interface KeyStatus {
  /** What new secrets are sealed with; 0 before the first key. */
  readonly current: number
  /** Since when it is; undefined before the first key. */
  readonly currentSince: Instant | undefined
  /** What this instance holds. */
  readonly held: readonly number[]
  /** Why this instance cannot work with the current key. */
  readonly fault: SealFailure | undefined
  /** Secrets that are still sealed with another key. */
  readonly left: number
  /** Instances that reported since a given time and lack the current key (S2-22). */
  readonly lacking: readonly InstanceSeen[]
  /** The key that a rotation would make the current one, and who lacks it; undefined where this instance holds none newer. */
  readonly next: NextKey | undefined
}

/** A key that is in the ring of an instance and not in use. */
export interface NextKey {
  readonly version: number
  readonly lacking: readonly InstanceSeen[]
}

/** The key that new secrets are sealed with; 0 before the first. */
export async function currentVersion(db: Db): Promise<number> {
  const row = await db
    .selectFrom('key_ring')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirst()
  return row?.version ?? 0
}

/** How many secrets are sealed with another key. */
export async function countUnderOtherKeys(db: Db, current: number): Promise<number> {
  const { left } = await db
    .selectFrom('secrets')
    .select(({ fn }) => fn.countAll<number>().as('left'))
    .where('key_version', '<>', current)
    .executeTakeFirstOrThrow()
  return left
}

/** The current key by its check value, with the instances that lack it. */
export async function currentKeyStanding(
  db: Db,
  current: number,
  times: { readonly since: Instant; readonly now: Instant },
): Promise<Pick<KeyStatus, 'currentSince' | 'lacking'>> {
  if (current === 0) return { currentSince: undefined, lacking: [] }
  const row = await db
    .selectFrom('key_ring')
    .select(['check_value', 'added_at'])
    .where('version', '=', current)
    .executeTakeFirst()
  const key = { version: current, check: row?.check_value }
  return {
    currentSince: row?.added_at as Instant | undefined,
    lacking: await instancesLacking(db, key, times),
  }
}

/** The key that a rotation by this ring would bring. */
export async function nextKey(
  db: Db,
  { current, ring }: { readonly current: number; readonly ring: KeyRing },
  times: { readonly since: Instant; readonly now: Instant },
): Promise<NextKey | undefined> {
  const version = versionsOf(ring).at(-1) ?? 0
  const key = ring.keys.get(version)
  if (key === undefined || version <= current) return undefined
  const lacking = await instancesLacking(db, { version, check: checkValue(key) }, times)
  return { version, lacking }
}
