import type { Selectable } from 'kysely'
import type { SightedCertificate } from '../../fleet/sighting.ts'
import type { Fingerprint, Instant, KeyFingerprint } from '../../kernel/types.ts'
import {
  untrustedDateColumn,
  booleanColumn,
  instantColumn,
  optionalEnumColumn,
  optionalInstant,
  orUndefined,
  stringListColumn,
  enumColumn,
} from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import {
  APPROVALS,
  AUTHENTICATIONS,
  MIGRATIONS,
  VERDICTS,
  type Approval,
  type Authentication,
  type Migration,
  type Verdict,
} from '../schema/vocabulary.ts'

/** What is known of one device. */
export interface Device {
  readonly id: string
  /** Its entry in the imported inventory. */
  readonly inventory: { readonly id: string; readonly name: string | undefined } | undefined
  /** What it says of itself; groups records for people, carries nothing. */
  readonly reportedId: string | undefined
  readonly class: string | undefined
  readonly agent: string | undefined
  readonly agentVersion: string | undefined
  readonly agentRank: number | undefined
  readonly listener: string | undefined
  /** Undefined for one that only the inventory knows. */
  readonly firstSeen: Instant | undefined
  readonly lastSeen: Instant | undefined
  readonly sightings: number
  readonly verdict: Verdict | undefined
  /** The basis of the last admission, or the code of the last refusal. */
  readonly code: string | undefined
  readonly migration: Migration
  readonly authentication: Authentication
  readonly approval: Approval
  readonly approvalBy: string | undefined
  readonly approvalAt: Instant | undefined
  /** Approved, and not seen since (S2-16). */
  readonly awaiting: boolean
  /** The enrollment setting of its last sound certificate that was not refused for what it or its CA is. */
  readonly setting: string | undefined
  /** When its last sound certificate ends. */
  readonly notAfter: Instant | undefined
  readonly version: number
}

/** A `DeviceCertificate` is a certificate that a device has shown, and what it met last. */
export interface DeviceCertificate extends SightedCertificate {
  readonly verdict: Verdict
  readonly code: string
  readonly firstSeen: Instant
  /** To the hour: a row more to write for every sighting would buy nothing. */
  readonly lastSeen: Instant
}

/** Row → device. */
export function readDevice(row: Selectable<Tables['devices']>): Device {
  const at = { table: 'devices', key: row.id, row }
  return {
    id: row.id,
    inventory:
      row.inventory_id === null
        ? undefined
        : { id: row.inventory_id, name: orUndefined(row.inventory_name) },
    reportedId: orUndefined(row.reported_id),
    class: orUndefined(row.class),
    agent: orUndefined(row.agent),
    agentVersion: orUndefined(row.agent_version),
    agentRank: orUndefined(row.agent_rank),
    listener: orUndefined(row.listener),
    firstSeen: optionalInstant(row.first_seen),
    lastSeen: optionalInstant(row.last_seen),
    sightings: row.sightings,
    verdict: optionalEnumColumn(at, 'verdict', VERDICTS),
    code: orUndefined(row.code),
    migration: enumColumn(at, 'migration', MIGRATIONS),
    authentication: enumColumn(at, 'authentication', AUTHENTICATIONS),
    approval: enumColumn(at, 'approval', APPROVALS),
    approvalBy: orUndefined(row.approval_by),
    approvalAt: optionalInstant(row.approval_at),
    awaiting: booleanColumn(at, 'awaiting'),
    setting: orUndefined(row.setting),
    notAfter: optionalInstant(row.not_after),
    version: row.version,
  }
}

/** Row → certificate. */
export function readCertificate(row: Selectable<Tables['certificates']>): DeviceCertificate {
  const at = { table: 'certificates', key: row.fingerprint, row }
  return {
    fingerprint: row.fingerprint as Fingerprint,
    key: row.key as KeyFingerprint,
    issuerKey: (row.issuer_key ?? undefined) as KeyFingerprint | undefined,
    serial: row.serial,
    issuer: row.issuer,
    subject: row.subject,
    signedIds: stringListColumn(at, 'signed_ids'),
    notBefore: untrustedDateColumn(at, 'not_before'),
    notAfter: untrustedDateColumn(at, 'not_after'),
    setting: orUndefined(row.setting),
    sound: booleanColumn(at, 'sound'),
    verdict: enumColumn(at, 'verdict', VERDICTS),
    code: row.code,
    firstSeen: instantColumn(at, 'first_seen'),
    lastSeen: instantColumn(at, 'last_seen'),
  }
}
