/**
 * Whether a device is inside: by the listener that it called and the address of its connection alone, which a trusted
 * balancer may have stated (`Addresses`). A header of a request that names addresses may come from any client.
 */
import type { Origin } from '../decide/judge-approval.ts'
import { isInside, UNKNOWN_ADDRESS } from '../kernel/network.ts'
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
  // A balancer that does not know it says nothing about where the device is, whatever the listener is for (decision 39).
  if (remote === UNKNOWN_ADDRESS) return 'external'
  if (exposure === 'external' || isInside(remote, externalNetworks)) return 'external'
  return exposure === 'internal' || isInside(remote, internalNetworks) ? 'internal' : 'external'
}
