/** A refusal ⇄ its row. */
import type { Selectable } from 'kysely'
import {
  REFUSAL_OUTCOMES,
  type KeptRefusal,
  type RefusedCertificate,
} from '../../fleet/kept-refusal.ts'
import type { Fingerprint, KeyFingerprint } from '../../kernel/types.ts'
import type { RowShape } from '../engine/bulk-rows.ts'
import {
  booleanColumn,
  enumColumn,
  instantColumn,
  orUndefined,
  stringListColumn,
  throwUnknownRow,
  untrustedDateColumn,
} from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'

/** A refusal as it is read, with what the store knows besides. */
export interface StoredRefusal extends KeptRefusal {
  /** Our id of the device that holds the certificate's key now; undefined where no device does. */
  readonly device: string | undefined
  /** The replica that refused, and whose log has the line. */
  readonly instance: string
}

/** A row, joined with the device that holds its key. */
export type RefusalRow = Selectable<Tables['refusals']> & { readonly device: string | null }

/** Row → refusal. */
export function readRefusal(row: RefusalRow): StoredRefusal {
  const at = { table: 'refusals', key: row.reference, row }
  return {
    reference: row.reference,
    at: instantColumn(at, 'at'),
    outcome: enumColumn(at, 'outcome', REFUSAL_OUTCOMES),
    listener: row.listener,
    route: orUndefined(row.route),
    routeClass: orUndefined(row.route_class),
    code: row.code,
    sentence: row.sentence,
    nextStep: orUndefined(row.next_step),
    status: orUndefined(row.status),
    method: orUndefined(row.method),
    path: orUndefined(row.path),
    address: row.address,
    certificate: row.fingerprint === null ? undefined : readShown(row, row.fingerprint),
    known: booleanColumn(at, 'known'),
    owner: row.owner,
    snapshot: orUndefined(row.snapshot),
    device: orUndefined(row.device),
    instance: row.instance,
  }
}

function readShown(row: RefusalRow, fingerprint: string): RefusedCertificate {
  const at = { table: 'refusals', key: row.reference, row }
  const text = (column: 'key' | 'subject' | 'issuer' | 'serial'): string =>
    row[column] ?? throwUnknownRow(at, column, { found: 'NULL', wanted: 'text' })
  return {
    fingerprint: fingerprint as Fingerprint,
    key: text('key') as KeyFingerprint,
    subject: text('subject'),
    issuer: text('issuer'),
    serial: text('serial'),
    notBefore: untrustedDateColumn(at, 'not_before'),
    notAfter: untrustedDateColumn(at, 'not_after'),
    setting: orUndefined(row.setting),
    issuerKey: (row.issuer_key ?? undefined) as KeyFingerprint | undefined,
    signedIds: stringListColumn(at, 'signed_ids'),
    pathFailure: orUndefined(row.path_failure),
  }
}

/** Refusal → row. */
export function refusalRow(refusal: KeptRefusal, instance: string): object {
  const { certificate } = refusal
  return {
    reference: refusal.reference,
    at: refusal.at,
    outcome: refusal.outcome,
    listener: refusal.listener,
    route: refusal.route,
    route_class: refusal.routeClass,
    code: refusal.code,
    sentence: refusal.sentence,
    next_step: refusal.nextStep,
    status: refusal.status,
    method: refusal.method,
    path: refusal.path,
    address: refusal.address,
    known: Number(refusal.known),
    owner: refusal.owner,
    snapshot: refusal.snapshot,
    fingerprint: certificate?.fingerprint,
    key: certificate?.key,
    subject: certificate?.subject,
    issuer: certificate?.issuer,
    serial: certificate?.serial,
    not_before: certificate?.notBefore,
    not_after: certificate?.notAfter,
    setting: certificate?.setting,
    issuer_key: certificate?.issuerKey,
    signed_ids: certificate && JSON.stringify(certificate.signedIds),
    path_failure: certificate?.pathFailure,
    instance,
  }
}

/** The columns of `refusalRow`. */
export const REFUSAL_COLUMNS: RowShape = {
  reference: 'text',
  at: 'int',
  outcome: 'text',
  listener: 'text',
  route: 'text',
  route_class: 'text',
  code: 'text',
  sentence: 'text',
  next_step: 'text',
  status: 'int',
  method: 'text',
  path: 'text',
  address: 'text',
  known: 'int',
  owner: 'text',
  snapshot: 'int',
  fingerprint: 'text',
  key: 'text',
  subject: 'text',
  issuer: 'text',
  serial: 'text',
  not_before: 'int',
  not_after: 'int',
  setting: 'text',
  issuer_key: 'text',
  signed_ids: 'text',
  path_failure: 'text',
  instance: 'text',
}
