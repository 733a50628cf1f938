/** Who has to be approved, and where. */
import { Type } from 'typebox'
import { defaultGroup, choice } from '../reading/schema-types.ts'
import { readNetworks, networks } from '../reading/networks.ts'
import {
  type ReadContext,
  type Maybe,
  missing,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { ApprovalSettings } from './types.ts'
import type { Written } from '../reading/deep-partial.ts'
import { APPROVAL_MODELS } from '../../decide/policy.ts'

/** Who has to be approved on routes marked `sensitive`. */
export const approval = defaultGroup(
  'Which devices have to be approved on routes marked `sensitive`. Blocked devices are refused everywhere, whatever is written here.',
  {
    model: choice(
      '`off`: no device. `auto`: all, and a sound certificate under the current CA approves itself. `manual`: all, by an administrator. `manual-external`: as `manual`, for devices that come from outside `internalNetworks`; in `recording`, too, where a sensitive route then refuses what it would otherwise only record.',
      APPROVAL_MODELS,
      'auto',
    ),
    internalNetworks: Type.Optional(
      networks(
        'Where devices are inside, for the model `manual-external`. It is the address of the connection that counts, and never a header.',
      ),
    ),
  },
)

/** Reads the approval section. */
export function readApproval(
  context: ReadContext,
  written: Written<typeof approval>,
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
