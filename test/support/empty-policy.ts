import { NO_FLEET, NO_REVOCATION, type Policy } from '../../src/decide/policy.ts'
import type { Millis } from '../../src/kernel/types.ts'

/** Certificates are required, and nothing else is set: no enrollment setting, nothing revoked, denied or approved. */
export const EMPTY_POLICY: Policy = {
  enforcement: 'required',
  grace: 0 as Millis,
  renewalWindow: 0 as Millis,
  standings: new Map(),
  denied: { keys: new Set(), serials: new Set() },
  revocation: NO_REVOCATION,
  fleet: NO_FLEET,
}
