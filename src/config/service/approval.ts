/** Who has to be approved, and where. */
import type { ApprovalSettings } from '../config.ts'
import { readNetworks } from '../reading/networks.ts'
import {
  type ReadContext,
  type Maybe,
  missing,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

/** Reads the approval section. */
export function readApproval(
  context: ReadContext,
  written: DeepPartial<ConfigDocument['approval']>,
): Maybe<ApprovalSettings> {
  const path = ['approval', 'internalNetworks']
  const networks = readNetworks(context, path, written.internalNetworks)
  if (networks === missing) return missing
  const internalNetworks = networks ?? []
  warnOfNetworks(context, path, written.model, internalNetworks)
  const modelStated = context.text.has(['approval', 'model'])
  return allOrMissing<ApprovalSettings>({
    model: orMissing(written.model),
    modelStated,
    internalNetworks,
  })
}

function warnOfNetworks(
  context: ReadContext,
  path: Path,
  model: string | undefined,
  networks: readonly unknown[],
): void {
  if (model === 'manual-external' && networks.length === 0) {
    const message =
      'found the model manual-external without internalNetworks: every device counts as one from outside; name the networks that are inside'
    warn(context, ['approval'], message)
  }
  if (model !== 'manual-external' && networks.length > 0) {
    const message = `found internalNetworks with the model ${model}, where they have no effect: remove them, or write model: manual-external`
    warn(context, path, message)
  }
}
