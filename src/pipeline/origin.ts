/**
 * Whether a device is inside. By the address of its connection alone: a header that names addresses
 * may come from any client.
 */
import type { Origin } from '../decide/judge-approval.ts'
import { isInside } from '../kernel/network.ts'
import type { ApprovalSettings } from '../config/service/types.ts'

/** Where a connection comes from; without an address it comes from outside. */
export const originOf = (
  { remote }: { readonly remote: string },
  { internalNetworks }: ApprovalSettings,
): Origin => (isInside(remote, internalNetworks) ? 'internal' : 'external')
