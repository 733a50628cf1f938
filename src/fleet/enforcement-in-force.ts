/**
 * Whether certificates are required, and who says so: the one answer that verdicts, previews, statuses and commands ask
 * (decision 30).
 */
import type { Enforcement } from '../decide/policy.ts'

/** `latch`: for good. `file`: while it stands there. `store`: as it began. `profile`: there is no store, and no line. */
export const ENFORCEMENT_SOURCES = ['latch', 'file', 'store', 'profile'] as const
export type EnforcementSource = (typeof ENFORCEMENT_SOURCES)[number]

/** What is in force, and who says so. */
export interface EnforcementInForce {
  readonly state: Enforcement
  readonly saidBy: EnforcementSource
}

/** What the configuration file says: its own line, or else what its profile does. */
export interface FileEnforcement {
  readonly enforcement: Enforcement
  readonly enforcementStated: boolean
}

/** Decision 5: the latch beats the file, which beats what the store began with. */
export function enforcementInForce(
  { enforcement, enforcementStated }: FileEnforcement,
  /** Undefined without a store. */
  stored: Enforcement | undefined,
): EnforcementInForce {
  if (stored === 'required') return { state: 'required', saidBy: 'latch' }
  if (enforcementStated) return { state: enforcement, saidBy: 'file' }
  return stored === undefined
    ? { state: enforcement, saidBy: 'profile' }
    : { state: stored, saidBy: 'store' }
}

/** How far certificates can be counted on: closing the sync port and the new OAuth endpoint need them for good. */
export type CertificateRequirement = 'for-good' | 'by-file-alone' | 'none'

/** Only the latch is for good. */
export function certificateRequirement({
  state,
  saidBy,
}: EnforcementInForce): CertificateRequirement {
  if (saidBy === 'latch') return 'for-good'
  return state === 'required' ? 'by-file-alone' : 'none'
}

/** What is in force in a sentence, for the log, the command line and the portal. */
export function enforcementText({ state, saidBy }: EnforcementInForce): string {
  if (saidBy === 'latch') return 'certificates are required for good'
  const said = `certificates are ${state === 'required' ? 'required' : 'recorded, not required'}`
  return `${said}, ${SAID_BY[saidBy]}`
}

const SAID_BY = {
  file: 'because the configuration file says so, and only as long as it does',
  store: 'as the store says',
  profile: 'as the profile of the configuration file has it',
} as const
