/**
 * Client Migration Status (S0-45, S1-14): from the legacy sync port to 443 without enrolling again, and when the
 * sync port may be closed (S0-16, S1-09).
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { type ClientClass, isOlder, type Version } from './client.ts'
import type { CertificateRequirement } from './enforcement-in-force.ts'
import type { DocumentedServer } from './expectation.ts'

/** As the operator searches for it. */
export type MigrationStatus = 'none' | 'pending' | 'success'

/** The labels of the field Client Migration Status. */
export const MIGRATION_LABELS: Readonly<Record<MigrationStatus, string>> = {
  none: 'None',
  pending: 'Pending',
  success: 'Success',
}

/**
 * Returns what an observation says of the way from the sync port to 443; nothing, when it says nothing. A verified check-in of a
 * client that never lived on the sync port, such as the MDM client of a phone whose Mobile@Work is still there, is no
 * step on that way; of which kind a client is it only says itself, and that can only hold the success back.
 */
export function migrationStep(
  { port, verified }: PortObservation,
  client: ClientClass | undefined,
): 'pending' | 'success' | undefined {
  if (port === 'sync') return 'pending'
  return verified && (client === undefined || SYNC_PORT_CLIENTS.has(client)) ? 'success' : undefined
}

/** Where and how a client was met. */
export interface PortObservation {
  readonly port: 'sync' | 'https'
  /** Whether its certificate was judged fit. */
  readonly verified: boolean
}

/** Mobile@Work and what lives inside it: the clients that have ever used the sync port (S0-08). */
const SYNC_PORT_CLIENTS: ReadonlySet<ClientClass> = new Set([
  'android-maw',
  'ios-appconnect',
  'ios-maw',
])

/**
 * The status after a step. `isLate`: the device was met later than this step is from, elsewhere, and the word about
 * that came first. A device that is seen on the sync port again is pending again, whatever it was: closing the port
 * would cut it off.
 */
export function migrationAfter(
  before: MigrationStatus,
  step: 'pending' | 'success' | undefined,
  isLate: boolean,
): MigrationStatus {
  // A device that began on 443 has nowhere to migrate from.
  if (step === 'success') return before === 'pending' && !isLate ? 'success' : before
  if (step === undefined || (isLate && before !== 'none')) return before
  return 'pending'
}

/** Whether this client can move without being enrolled again; nothing when its version is unknown (S0-45). */
export function canMigrate(
  client: { readonly class: ClientClass; readonly version: Version | undefined },
  profile: DocumentedServer,
): boolean | undefined {
  const from = migratesFrom(client.class, profile)
  if (from === undefined) return false
  return client.version === undefined ? undefined : !isOlder(client.version, from)
}

/** The oldest release that moves without being enrolled again; nothing where the documents have no such way. */
export const migratesFrom = (kind: ClientClass, profile: DocumentedServer): Version | undefined =>
  MIGRATES_FROM[profile].get(kind)

const MIGRATES_FROM: Readonly<Record<DocumentedServer, ReadonlyMap<ClientClass, Version>>> = {
  'epmm-11.5': new Map<ClientClass, Version>([
    ['android-maw', [10, 1]],
    ['ios-maw', [12, 11, 10]],
  ]),
  'core-10': new Map<ClientClass, Version>([['android-maw', [10, 1]]]),
}

/** What stands between an operator and a closed sync port. */
export interface SyncPortFacts {
  /** No device was ever registered: there is no device to wait for (S0-16). */
  readonly isNewInstallation: boolean
  readonly certificates: CertificateRequirement
  /** Known devices whose migration is pending. */
  readonly pending: number
  /** Devices of the imported inventory that never showed a certificate: they may come by either port. */
  readonly neverMet: number
  /** Connections on the port, in the period looked at, that could not be assigned to a known device. */
  readonly unidentified: number
}

/** Why the sync port stays open. */
export type CloseRefusal =
  | { readonly kind: 'mutual-authentication-off' }
  | { readonly kind: 'required-by-file-alone' }
  | { readonly kind: 'devices-pending'; readonly pending: number }
  | { readonly kind: 'devices-never-met'; readonly neverMet: number }
  | { readonly kind: 'connections-unidentified'; readonly unidentified: number }

/** Leave to close the port. `over` is what was overridden, for the audit trail. */
export interface ClosePermission {
  readonly over: readonly CloseRefusal[]
}

/** Whether the sync port may be closed; `forced` overrides all but mutual authentication itself. */
export function checkClosing(
  port: SyncPortFacts,
  forced: boolean,
): Result<ClosePermission, readonly CloseRefusal[]> {
  // Without it every device of the legacy kind lives on this port: there is nothing that force could mean.
  if (port.certificates === 'none') return fail([{ kind: 'mutual-authentication-off' }])
  // The file's word ends with its line: then devices would need the port again.
  if (port.certificates === 'by-file-alone') return fail([{ kind: 'required-by-file-alone' }])
  if (port.isNewInstallation) return ok({ over: [] })
  const refusals: CloseRefusal[] = []
  if (port.pending > 0) refusals.push({ kind: 'devices-pending', pending: port.pending })
  if (port.neverMet > 0) refusals.push({ kind: 'devices-never-met', neverMet: port.neverMet })
  if (port.unidentified > 0) {
    refusals.push({ kind: 'connections-unidentified', unidentified: port.unidentified })
  }
  return refusals.length === 0 || forced ? ok({ over: refusals }) : fail(refusals)
}
