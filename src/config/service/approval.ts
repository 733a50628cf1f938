/** Who has to be approved, and where. */
import { Type } from 'typebox'
import { defaultGroup, choice } from '../reading/schema-types.ts'
import { readNetworks, networks } from '../reading/networks.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import type { ApprovalSettings } from './types.ts'
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
export function readApproval(place: Place<Written<typeof approval>>): Maybe<ApprovalSettings> {
  const networks = readNetworks(place.at('internalNetworks'))
  if (networks === missing) return missing
  const internalNetworks = networks ?? []
  const model = place.written?.model
  if (model === 'manual-external' && internalNetworks.length === 0) {
    const message =
      'found the model manual-external without internalNetworks: every device counts as one from outside; name the networks that are inside'
    place.warn(message)
  }
  if (model !== 'manual-external' && internalNetworks.length > 0) {
    const message = `found internalNetworks with the model ${model}, where they have no effect: remove them, or write model: manual-external`
    place.at('internalNetworks').warn(message)
  }
  return allOrMissing<ApprovalSettings>({
    model: place.required('model'),
    modelStated: place.at('model').isStated,
    internalNetworks,
  })
}
