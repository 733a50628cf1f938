/**
 * Settings of the fleet that the portal edits where the configuration file leaves them out: what is kept of each, as
 * one document under a name, and how it is read again. A document that cannot be read is refused, not guessed.
 */
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { APPROVAL_MODELS, type ApprovalModel } from '../decide/policy.ts'
import { CLIENT_CLASSES, parseVersion, type ClientClass, type Version } from './client.ts'
import type { MinimumVersions } from './readiness.ts'

/** Where the oldest agents that can authenticate are kept. */
export const MINIMUMS_DOCUMENT = 'agent-minimums'
/** Where the approval model is kept. */
export const APPROVAL_DOCUMENT = 'approval-model'

/** Decision 9: without anybody's choice a sound certificate of the current CA approves itself. */
export const DEFAULT_APPROVAL: ApprovalModel = 'auto'

/** Reads the oldest agents: a version for each class that is named, `{ "android-maw": "10.1" }`. */
export function readMinimums(body: unknown): Result<MinimumVersions, readonly Fault[]> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return fail([{ at: MINIMUMS_DOCUMENT, message: 'found no mapping of classes to versions' }])
  }
  const faults: Fault[] = []
  const minimums = new Map<ClientClass, Version>()
  for (const [name, text] of Object.entries(body)) {
    const known = CLIENT_CLASSES.find((one) => one === name)
    const version = typeof text === 'string' ? parseVersion(text) : undefined
    const at = `${MINIMUMS_DOCUMENT}.${name.slice(0, 40)}`
    if (known === undefined) {
      faults.push({ at, message: `found no class, wanted one of ${CLIENT_CLASSES.join(', ')}` })
    } else if (version === undefined) {
      faults.push({ at, message: 'found no version, wanted numbers and dots such as 10.1' })
    } else minimums.set(known, version)
  }
  return faults.length > 0 ? fail(faults) : ok(minimums)
}

/** Reads the approval model: `{ "model": "auto" }`. */
export function readApprovalModel(body: unknown): Result<ApprovalModel, readonly Fault[]> {
  const found =
    typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined
  const known = APPROVAL_MODELS.find((one) => one === found)
  if (known !== undefined) return ok(known)
  const wanted = APPROVAL_MODELS.join(', ')
  return fail([{ at: `${APPROVAL_DOCUMENT}.model`, message: `wanted one of ${wanted}` }])
}
