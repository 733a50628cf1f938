/**
 * What the store knows of the devices that a batch of sightings can touch.
 */
import type { Dialect } from '../engine/engine.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { CertificateRow } from './certificate-retention.ts'
import { settingKey } from './approvable.ts'
import type { KnownDevices } from './linking.ts'
import type { SightedCertificate, Sighting } from '../../fleet/sighting.ts'
import { readStanding } from '../settings/enrollment-setting.ts'
import type { Tx } from '../schema/tables.ts'

/** What to look for. */
export interface LoadKnownOptions {
  readonly dialect: Dialect
  readonly sightings: readonly Sighting[]
  readonly unsoundLimit: number
}

/** Reads it in as many questions as there are tables. */
export async function loadKnown(
  tx: Tx,
  { dialect, sightings, unsoundLimit }: LoadKnownOptions,
): Promise<KnownDevices> {
  const certificates = sightings.flatMap(({ certificate }) => certificate ?? [])
  const signed = unique(certificates.flatMap(({ signedIds }) => signedIds))
  const reported = unique(sightings.flatMap(({ reportedId }) => reportedId ?? []))
  const keys = await tx
    .selectFrom('device_keys')
    .select(['key', 'device'])
    .where('key', 'in', inList(dialect, unique(certificates.map(({ key }) => key))))
    .execute()
  const ids =
    signed.length === 0
      ? []
      : await tx
          .selectFrom('signed_ids')
          .selectAll()
          .where('id', 'in', inList(dialect, signed))
          .execute()
  const names = unique([...signed, ...reported])
  const entries =
    names.length === 0
      ? []
      : await tx
          .selectFrom('devices')
          .select('id')
          .where('inventory_id', 'in', inList(dialect, names))
          .execute()
  const wanted = unique(
    [...keys, ...ids].map(({ device }) => device).concat(entries.map(({ id }) => id)),
  )
  const devices = await tx
    .selectFrom('devices')
    .selectAll()
    .where('id', 'in', inList(dialect, wanted))
    .execute()
  const keyCounts = await tx
    .selectFrom('device_keys')
    .select('device')
    .select(({ fn }) => fn.countAll<number>().as('keys'))
    .groupBy('device')
    .where('device', 'in', inList(dialect, wanted))
    .execute()
  const withIds = await tx
    .selectFrom('signed_ids')
    .select('device')
    .distinct()
    .where('device', 'in', inList(dialect, wanted))
    .execute()
  const standings = await readStandings(tx)
  const asked = certificates.filter(({ setting = '' }) => {
    const standing = standings.get(setting)
    return standing?.kind === 'previously-trusted' && standing.cutOff === 'known-devices'
  })
  return {
    devices,
    keys: new Map(keys.map(({ key, device }) => [key, device])),
    ids: new Map(ids.map(({ id, device }) => [id, device])),
    keyCounts: new Map(keyCounts.map(({ device, keys: count }) => [device, count])),
    withIds: new Set(withIds.map(({ device }) => device)),
    certificates: await readCertificates(
      tx,
      dialect,
      unique(certificates.map(({ fingerprint }) => fingerprint)),
    ),
    standings,
    firstSeen: await readFirstSeen(tx, dialect, asked),
    unsoundCapacity: certificates.every(({ sound }) => sound)
      ? 0
      : unsoundLimit - (await unsoundCertificates(tx)),
  }
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)]

async function readCertificates(
  tx: Tx,
  dialect: Dialect,
  fingerprints: readonly string[],
): Promise<ReadonlyMap<string, CertificateRow>> {
  const rows = await tx
    .selectFrom('certificates')
    .selectAll()
    .where('fingerprint', 'in', inList(dialect, fingerprints))
    .execute()
  return new Map(rows.map((row) => [row.fingerprint, row]))
}

async function readStandings(tx: Tx): Promise<KnownDevices['standings']> {
  const rows = await tx.selectFrom('enrollment_settings').selectAll().execute()
  return new Map(rows.map((row) => [row.name, readStanding(row)]))
}

async function readFirstSeen(
  tx: Tx,
  dialect: Dialect,
  asked: readonly SightedCertificate[],
): Promise<KnownDevices['firstSeen']> {
  if (asked.length === 0) return new Map()
  const rows = await tx
    .selectFrom('certificates')
    .select(['setting', 'key'])
    .select(({ fn }) => fn.min<number>('first_seen').as('first'))
    .where('key', 'in', inList(dialect, unique(asked.map(({ key }) => key))))
    .where('sound', '=', 1)
    .groupBy(['setting', 'key'])
    .execute()
  return new Map(rows.map(({ setting, key, first }) => [settingKey(setting ?? '', key), first]))
}

async function unsoundCertificates(tx: Tx): Promise<number> {
  const { many } = await tx
    .selectFrom('certificates')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('sound', '=', 0)
    .executeTakeFirstOrThrow()
  return many
}
