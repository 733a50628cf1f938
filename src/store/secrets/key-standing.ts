/**
 * What may be said of secrets and keys without opening any.
 */
import type { Instant } from '../../kernel/types.ts'
import type { SealFailure } from '../failure.ts'
import { jsonColumn } from '../schema/row.ts'
import type { Db } from '../schema/tables.ts'

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
  /** What this instance holds. */
  readonly held: readonly number[]
  /** Why this instance cannot work with the current key. */
  readonly fault: SealFailure | undefined
  /** Secrets that are still sealed with another key. */
  readonly left: number
  /** Instances that reported since a given time and lack the current key (S2-22). */
  readonly lacking: readonly {
    readonly id: string
    readonly name: string
    readonly seenAt: Instant
  }[]
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

/** Instances that reported since then and lack the current key. */
export async function instancesLackingKey(
  db: Db,
  current: number,
  since: Instant,
): Promise<KeyStatus['lacking']> {
  const instances = await db
    .selectFrom('instances')
    .selectAll()
    .where('seen_at', '>=', since)
    .orderBy('id')
    .execute()
  return instances
    .filter((row) => {
      const held = jsonColumn({ table: 'instances', key: row.id, row }, 'key_versions')
      return current > 0 && !(Array.isArray(held) && held.includes(current))
    })
    .map(({ id, name, seen_at }) => ({ id, name, seenAt: seen_at as Instant }))
}
