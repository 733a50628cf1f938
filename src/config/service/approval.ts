/** Who has to be approved, and where. */
import { Type } from 'typebox'
import { defaultGroup, choice } from '../reading/schema-types.ts'
import { readNetworks, networks } from '../reading/networks.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import type { ApprovalSettings } from './types.ts'
import { APPROVAL_MODELS } from '../../decide/policy.ts'

/** Which devices have to be approved, and which are inside. */
export const approval = defaultGroup(
  'Which devices have to be approved, and which of them are inside. Blocked devices are refused everywhere, whatever is written here. What is neither marked here nor by `exposure` of its listener counts as outside.',
  {
    model: choice(
      '`off`: none has to be. `auto`: every fit certificate approves its device, whether its CA is current or previously trusted. `manual`: by an administrator. Until certificates are required, an unapproved device then works inside, and from outside it reaches rows that ask for no certificate, and its own renewal; once they are required, it reaches no row marked `sensitive` from anywhere. `manual-external`: the same, and from outside it reaches no more once certificates are required either.',
      APPROVAL_MODELS,
      'auto',
    ),
    internalNetworks: Type.Optional(
      networks(
        'Where devices are inside. It is the address of the connection that counts, and never a header.',
      ),
    ),
    externalNetworks: Type.Optional(
      networks(
        'Where devices are outside although they call an internal listener or lie in `internalNetworks`, such as the addresses of a gateway at the edge.',
      ),
    ),
  },
)

/** Reads the approval section. */
export function readApproval(place: Place<Written<typeof approval>>): Maybe<ApprovalSettings> {
  const internal = readNetworks(place.at('internalNetworks'))
  const external = readNetworks(place.at('externalNetworks'))
  if (internal === missing || external === missing) return missing
  const modelStated = place.at('model').isStated
  return allOrMissing<ApprovalSettings>({
    model: place.required('model'),
    modelStated,
    modelAt: place.at('model').location,
    internalNetworks: internal ?? [],
    externalNetworks: external ?? [],
  })
}
