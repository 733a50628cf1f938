/**
 * Whether "Approve selected" may take a device (S2-18, "valid ones only"): what is known of its last certificate, as it
 * was judged last, and what has become of its CA since.
 */
import type { Selectable } from 'kysely'
import { caWord } from '../../fleet/evidence.ts'
import type { Instant } from '../../kernel/types.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tx, Tables } from '../schema/tables.ts'
import { STANDINGS } from '../schema/vocabulary.ts'

type DeviceRow = Selectable<Tables['devices']>

/** What the last certificate of a device has to hold against. */
export interface CertificateCriteria {
  readonly validAt: Instant
  /** Enrollment settings whose certificates are admitted at that time. */
  readonly trusted: ReadonlySet<string>
}

/** Whether the last certificate was judged fit, has not ended, and comes from a CA that is still trusted. */
export function hasValidCertificate(
  row: DeviceRow,
  { validAt, trusted }: CertificateCriteria,
): boolean {
  if (row.not_after < validAt || row.setting === null || !trusted.has(row.setting)) return false
  return caWord(row.verdict, row.code) === 'accepted'
}

/** Settings that are current, or previously trusted and not yet past their sunset. */
export async function readTrusted(
  tx: Tx,
  validAt: Instant,
): Promise<CertificateCriteria['trusted']> {
  const rows = await tx
    .selectFrom('enrollment_settings')
    .select(['name', 'standing', 'sunset'])
    .execute()
  const trusted = rows.filter((row) => {
    const standing = enumColumn(
      { table: 'enrollment_settings', key: row.name, row },
      'standing',
      STANDINGS,
    )
    if (standing === 'current') return true
    return standing === 'previously-trusted' && (row.sunset === null || row.sunset > validAt)
  })
  return new Set(trusted.map(({ name }) => name))
}
