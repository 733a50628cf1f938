/**
 * Whether a device is inside: by the listener that it called and the address of its connection alone. A header that
 * names addresses may come from any client.
 */
import type { Origin } from '../decide/judge-approval.ts'
import { isInside } from '../kernel/network.ts'
import type { Listener } from '../config/listener/types.ts'
import type { ApprovalSettings } from '../config/service/types.ts'

/** A connection, as far as it tells where a device is. */
export interface OriginFacts {
  /** The address of its other end; what is no address lies in no network. */
  readonly remote: string
  readonly listener: Pick<Listener, 'exposure'>
}

/** Where a connection comes from. A mark as external beats one as internal, and what bears no mark is outside. */
export function originOf(
  { remote, listener: { exposure } }: OriginFacts,
  { internalNetworks, externalNetworks }: ApprovalSettings,
): Origin {
  if (exposure === 'external' || isInside(remote, externalNetworks)) return 'external'
  return exposure === 'internal' || isInside(remote, internalNetworks) ? 'internal' : 'external'
}
