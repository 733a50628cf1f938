/**
 * Which certificates approve a device: which "Approve selected" may take (S2-18, "valid ones only"), by what is known of
 * the last one, as it was judged last, and of what has become of its CA since; and which approve by themselves (`auto`).
 */
import type { Selectable } from 'kysely'
import { caWord } from '../../fleet/evidence.ts'
import { caRefused } from '../../decide/judge-path.ts'
import type { Instant, KeyFingerprint } from '../../kernel/types.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tx, Tables } from '../schema/tables.ts'
import { STANDINGS } from '../schema/vocabulary.ts'
import type { StoredStanding } from '../settings/enrollment-setting.ts'

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

/** What of a sighted certificate and its setting decides whether it approves its device. */
export interface SelfApproval {
  readonly setting: string
  /** Of the setting now: it may have changed since the sighting. */
  readonly standing: StoredStanding | undefined
  readonly notBefore: Instant
  readonly key: KeyFingerprint
  /** When the key was first seen with a sound certificate of the setting. */
  readonly firstSeen: number
}

/** Whether the CA of a certificate that was judged fit still admits it: as the judge would say by the standing now. */
export function isCaAdmitting(
  { setting, standing, notBefore, key, firstSeen }: SelfApproval,
  now: Instant,
): boolean {
  if (standing === undefined || standing.kind === 'removed' || standing.kind === 'distrusted') {
    return false
  }
  const known = {
    wasKnown: () => standing.kind === 'previously-trusted' && firstSeen < standing.retiredAt,
  }
  const leaf = { notBefore, publicKey: { fingerprint: key } }
  return caRefused(leaf, { setting, standing, known }, now) === undefined
}

/** Names a key under a setting. */
export const settingKey = (setting: string, key: string): string => `${setting}\n${key}`
