/**
 * The last sound certificate of each device under an enrollment setting, as far as it was kept: what a change of the
 * setting's standing is foretold from.
 */
import { sql, type SqlBool } from 'kysely'
import type { Instant, KeyFingerprint } from '../kernel/types.ts'
import type { Db } from './book.ts'
import { pageOf, type Cursor, type Page } from './page.ts'

export interface KeptCertificate {
  readonly device: string
  readonly key: KeyFingerprint
  readonly issuerKey: KeyFingerprint | undefined
  readonly serial: string
  readonly subject: string
  readonly notBefore: Instant
  readonly notAfter: Instant
}

/** One page, in the order in which the certificates end. Blocked devices are refused whatever the standing. */
export async function keptUnder(
  db: Db,
  setting: string,
  { cursor, limit }: { readonly cursor: Cursor | undefined; readonly limit: number },
): Promise<Page<KeptCertificate>> {
  let query = db
    .selectFrom('devices')
    .innerJoin('device_keys', 'device_keys.device', 'devices.id')
    .innerJoin('certificates', (join) =>
      join
        .onRef('certificates.key', '=', 'device_keys.key')
        .onRef('certificates.setting', '=', 'devices.setting')
        .onRef('certificates.not_after', '=', 'devices.not_after')
        .on('certificates.sound', '=', 1),
    )
    .select([
      'devices.id',
      'devices.not_after',
      'certificates.key',
      'certificates.issuer_key',
      'certificates.serial',
      'certificates.subject',
      'certificates.not_before',
    ])
    .where('devices.setting', '=', setting)
    .where('devices.approval', '<>', 'blocked')
    // Two certificates of one device may end together: one of them speaks for it.
    .where(
      sql<SqlBool>`certificates.fingerprint = (select min(other.fingerprint) from certificates as other
        inner join device_keys as held on held.key = other.key
        where held.device = devices.id and other.sound = 1 and other.setting = devices.setting
          and other.not_after = devices.not_after)`,
    )
    .orderBy('devices.not_after')
    .orderBy('devices.id')
  if (cursor !== undefined) {
    query = query.where(
      sql<SqlBool>`(devices.not_after, devices.id) > (${cursor[0]}, ${cursor[1]})`,
    )
  }
  const rows = await query.limit(limit + 1).execute()
  return pageOf(
    rows,
    { limit },
    {
      item: (row) => ({
        device: row.id,
        key: row.key as KeyFingerprint,
        issuerKey: (row.issuer_key ?? undefined) as KeyFingerprint | undefined,
        serial: row.serial,
        subject: row.subject,
        notBefore: row.not_before as Instant,
        notAfter: row.not_after as Instant,
      }),
      cursor: (row) => [row.not_after, row.id],
    },
  )
}
