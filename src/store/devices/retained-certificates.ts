/**
 * The last sound certificate of each device under an enrollment setting, and the last one of each device that is under none, as
 * far as it was kept: what previews of changes are foretold from.
 */
import { sql, type SqlBool } from 'kysely'
import type { SightedCertificate } from '../../fleet/sighting.ts'
import type { Instant, KeyFingerprint } from '../../kernel/types.ts'
import type { Dialect } from '../engine/engine.ts'
import { inList } from '../engine/bulk-rows.ts'
import { pageOf, type Cursor, type Page } from '../page.ts'
import { enumColumn, stringListColumn } from '../schema/row.ts'
import type { Db } from '../schema/tables.ts'
import { APPROVALS, type Approval } from '../schema/vocabulary.ts'

/** A `RetainedCertificate` is the last sound certificate of a device, or its last one where none counts. */
export interface RetainedCertificate extends Pick<
  SightedCertificate,
  | 'key'
  | 'issuer'
  | 'issuerKey'
  | 'serial'
  | 'subject'
  | 'signedIds'
  | 'notBefore'
  | 'notAfter'
  | 'setting'
  | 'sound'
> {
  readonly device: string
  readonly approval: Approval
  /** What it met last; of one without a sound path, why it has none. */
  readonly code: string
  /** When its key was first seen with a sound certificate of the setting: what the cut-off `known-devices` asks. */
  readonly knownSince: Instant
}

/** Which part of them. */
export interface RetainedPageRequest {
  readonly cursor: Cursor | undefined
  readonly limit: number
  readonly dialect: Dialect
}

/** One page, in the order in which the devices' certificates end; of devices that are under no setting, where none is named. */
export async function retainedUnder(
  db: Db,
  setting: string | undefined,
  { cursor, limit, dialect }: RetainedPageRequest,
): Promise<Page<RetainedCertificate>> {
  const all = db.selectFrom('devices').select(['id', 'not_after', 'approval'])
  // An entry of the inventory that never came has no verdict, and no certificate.
  const wanted =
    setting === undefined
      ? all.where('setting', 'is', null).where('verdict', 'is not', null)
      : all.where('setting', '=', setting)
  let query = wanted.orderBy('not_after').orderBy('id')
  if (cursor !== undefined) {
    query = query.where(sql<SqlBool>`(not_after, id) > (${cursor[0]}, ${cursor[1]})`)
  }
  const rows = await query.limit(limit + 1).execute()
  const devices = new Map(rows.map((row) => [row.id, row]))
  // By key alone: asked for the setting, too, SQLite walks all its certificates for each device (10 s a page at 20,000).
  const certificates = await db
    .selectFrom('device_keys')
    .innerJoin('certificates', 'certificates.key', 'device_keys.key')
    .selectAll('certificates')
    .select('device_keys.device')
    .where('device_keys.device', 'in', inList(dialect, [...devices.keys()]))
    .execute()
  const sound = certificates.filter(
    (row) => row.sound === 1 && (setting === undefined || row.setting === setting),
  )
  const knownSince = new Map<string, number>()
  for (const { key, first_seen: at } of sound) {
    knownSince.set(key, Math.min(at, knownSince.get(key) ?? at))
  }
  const lastSeen = certificates.toSorted((one, other) => one.last_seen - other.last_seen)
  // A device that came back when its CA was trusted no more has no sound one, and meets what it met then.
  const telling =
    setting === undefined
      ? lastSeen
      : [
          ...lastSeen,
          ...sound.filter((row) => row.not_after === devices.get(row.device)?.not_after),
        ]
  // The last one that is listed speaks for its device; two that end together would say the same.
  const retained = new Map(
    telling.map((row): [string, RetainedCertificate] => [
      row.device,
      {
        device: row.device,
        approval: enumColumn(
          { table: 'devices', key: row.device, row: devices.get(row.device) ?? NONE },
          'approval',
          APPROVALS,
        ),
        key: row.key as KeyFingerprint,
        issuerKey: (row.issuer_key ?? undefined) as KeyFingerprint | undefined,
        issuer: row.issuer,
        serial: row.serial,
        subject: row.subject,
        signedIds: stringListColumn(
          { table: 'certificates', key: row.fingerprint, row },
          'signed_ids',
        ),
        notBefore: row.not_before as Instant,
        notAfter: row.not_after as Instant,
        setting: row.setting ?? undefined,
        sound: row.sound === 1,
        code: row.code,
        knownSince: (knownSince.get(row.key) ?? row.first_seen) as Instant,
      },
    ]),
  )
  const page = pageOf(
    rows,
    { limit },
    { item: ({ id }) => retained.get(id), cursor: (row) => [row.not_after, row.id] },
  )
  return { ...page, items: page.items.filter((one) => one !== undefined) }
}

/** No device: its row was read in the same question. */
const NONE = { approval: '' }
