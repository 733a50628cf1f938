/**
 * Whether devices can still call the legacy sync port: one answer for all that depends on it.
 */
import type { StoredPort } from '../../../store/settings/ports.ts'
import type { FrontEndView } from '../../front-end.ts'

export const SYNC_PORT_STATES = ['open', 'closed', 'absent'] as const
export type SyncPortState = (typeof SYNC_PORT_STATES)[number]

/** Returns its state: as an administrator left it, and `absent` where the configuration has no such listener. */
export function syncPortState(
  stored: Pick<StoredPort, 'state'> | undefined,
  frontEnd: Pick<FrontEndView, 'syncListener'>,
): SyncPortState {
  if (frontEnd.syncListener() === undefined) return 'absent'
  return stored?.state ?? 'open'
}
