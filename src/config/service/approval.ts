/** Who has to be approved, and where. */
import type { ApprovalSettings } from '../config.ts'
import { readNetworks } from '../reading/networks.ts'
import { type Desk, type Maybe, missing, present, warn, whole } from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

/** Reads the approval section. */
export function readApproval(
  desk: Desk,
  written: Draft<Document['approval']>,
): Maybe<ApprovalSettings> {
  const path = ['approval', 'internalNetworks']
  const networks = readNetworks(desk, path, written.internalNetworks)
  if (networks === missing) return missing
  const internalNetworks = networks ?? []
  warnOfNetworks(desk, path, written.model, internalNetworks)
  const modelStated = desk.text.has(['approval', 'model'])
  return whole<ApprovalSettings>({ model: present(written.model), modelStated, internalNetworks })
}

function warnOfNetworks(
  desk: Desk,
  path: Path,
  model: string | undefined,
  networks: readonly unknown[],
): void {
  if (model === 'manual-external' && networks.length === 0) {
    const message =
      'found the model manual-external without internalNetworks: every device counts as one from outside; name the networks that are inside'
    warn(desk, ['approval'], message)
  }
  if (model !== 'manual-external' && networks.length > 0) {
    const message = `found internalNetworks with the model ${model}, where they have no effect: remove them, or write model: manual-external`
    warn(desk, path, message)
  }
}
