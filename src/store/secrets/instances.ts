/**
 * The front ends that share a store, as they last reported: which sealing keys each holds, and which secrets its
 * configuration takes from the store.
 */
import type { Instant, Millis } from '../../kernel/types.ts'
import { jsonColumn } from '../schema/row.ts'
import type { Db, Tx } from '../schema/tables.ts'
import { checkValue, versionsOf, type KeyRing } from './seal.ts'

/** Who reports; the id is the same after a restart. */
export interface ReportingInstance {
  readonly id: string
  readonly name: string
  /** Names of secrets that its configuration takes from the store. */
  readonly secrets?: readonly string[]
}

/** An instance that reported within the last week and did not take leave. */
export interface InstanceSeen {
  readonly id: string
  readonly name: string
  readonly seenAt: Instant
  /** Whether it reported within the last quarter of an hour. One that is silent for longer has ended without taking leave, or cannot reach the store. */
  readonly running: boolean
}

/** A key, by what tells it from another of its version; undefined where the store does not know it. */
export interface WantedKey {
  readonly version: number
  readonly check: string | undefined
}

/** From when on an instance counts: one that was silent for a day is gone, and nothing waits for it. */
export const reportedSince = (now: Instant): Instant => (now - 86_400_000) as Instant

/** Instances report every five minutes: three reports missed. */
export const RUNNING_WITHIN_MS = (3 * 5 * 60_000) as Millis

/** Writes down what an instance holds and uses, in place of what it said before; deletes those that were silent for long. */
export async function writeReport(
  tx: Tx,
  { id, name, secrets = [] }: ReportingInstance,
  { ring, now }: { readonly ring: KeyRing; readonly now: Instant },
): Promise<void> {
  const versions = versionsOf(ring)
  const row = { id, name, key_versions: JSON.stringify(versions), seen_at: now }
  await tx
    .insertInto('instances')
    .values(row)
    .onConflict((one) => one.column('id').doUpdateSet(row))
    .execute()
  const checks = Object.fromEntries(
    [...ring.keys].map(([version, key]) => [version, checkValue(key)]),
  )
  const said = { id, key_checks: JSON.stringify(checks), secrets: JSON.stringify(secrets) }
  await tx
    .insertInto('instance_reports')
    .values(said)
    .onConflict((one) => one.column('id').doUpdateSet(said))
    .execute()
  const expired = now - INSTANCE_EXPIRY_MS
  await tx.deleteFrom('instances').where('seen_at', '<', expired).execute()
  await tx
    .deleteFrom('instance_reports')
    .where('id', 'not in', (one) => one.selectFrom('instances').select('id'))
    .execute()
}

/** Deletes what an instance said that ends. */
export async function deleteReport(tx: Tx, id: string): Promise<void> {
  for (const table of ['instances', 'instance_reports'] as const) {
    await tx.deleteFrom(table).where('id', '=', id).execute()
  }
}

type Times = { readonly since: Instant; readonly now: Instant }

/** Instances that reported since then. */
export async function allInstances(
  db: Db,
  { since, now }: Times,
): Promise<readonly InstanceSeen[]> {
  return (await reported(db, since)).map((row) => seen(row, now))
}

/** The highest version of a key that an instance said it holds; 0 where none said so. */
export async function newestReported(db: Db): Promise<number> {
  const instances = await reported(db, 0 as Instant)
  return Math.max(0, ...instances.flatMap(versionsIn))
}

/** Whether another instance said that it holds a key of this version, whichever key that is. */
export async function isHeldElsewhere(db: Db, version: number, self: string): Promise<boolean> {
  const instances = await reported(db, 0 as Instant)
  return instances.some((one) => one.id !== self && versionsIn(one).includes(version))
}

/** Instances that reported since then and lack a key, or hold another one of its version. */
export async function instancesLacking(
  db: Db,
  key: WantedKey,
  { since, now }: Times,
): Promise<readonly InstanceSeen[]> {
  const instances = await reported(db, since)
  return instances.filter((one) => !holds(one, key)).map((row) => seen(row, now))
}

/** An instance whose configuration takes a secret from the store. */
export interface SecretUser extends InstanceSeen {
  readonly secrets: readonly string[]
}

/** Instances that reported since then and take secrets from the store. */
export async function secretUsers(db: Db, { since, now }: Times): Promise<readonly SecretUser[]> {
  const instances = await reported(db, since)
  return instances.flatMap((row) => {
    const secrets = namesIn(row)
    return secrets.length === 0 ? [] : [{ ...seen(row, now), secrets }]
  })
}

interface ReportRow {
  readonly id: string
  readonly name: string
  readonly key_versions: string
  readonly seen_at: number
  /** Null of a program of before, which reports no more than the versions. */
  readonly key_checks: string | null
  readonly secrets: string | null
}

const reported = (db: Db, since: Instant): Promise<readonly ReportRow[]> =>
  db
    .selectFrom('instances')
    .leftJoin('instance_reports', 'instance_reports.id', 'instances.id')
    .select([
      'instances.id',
      'instances.name',
      'instances.key_versions',
      'instances.seen_at',
      'instance_reports.key_checks',
      'instance_reports.secrets',
    ])
    .where('instances.seen_at', '>=', since)
    .orderBy('instances.id')
    .execute()

const seen = ({ id, name, seen_at }: ReportRow, now: Instant): InstanceSeen => ({
  id,
  name,
  seenAt: seen_at as Instant,
  running: now - seen_at <= RUNNING_WITHIN_MS,
})

function holds(row: ReportRow, { version, check }: WantedKey): boolean {
  if (!versionsIn(row).includes(version)) return false
  if (row.key_checks === null || check === undefined) return true
  const checks = jsonColumn({ table: 'instance_reports', key: row.id, row }, 'key_checks')
  return typeof checks === 'object' && checks !== null && Reflect.get(checks, version) === check
}

function versionsIn(row: ReportRow): readonly number[] {
  const versions = jsonColumn({ table: 'instances', key: row.id, row }, 'key_versions')
  return Array.isArray(versions) ? versions.filter((one) => typeof one === 'number') : []
}

function namesIn(row: ReportRow): readonly string[] {
  if (row.secrets === null) return []
  const names = jsonColumn({ table: 'instance_reports', key: row.id, row }, 'secrets')
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

/** Containers come with a new name each time; those that fell without taking leave would stay for ever. */
const INSTANCE_EXPIRY_MS = 7 * 86_400_000
