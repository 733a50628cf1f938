/** The keys of who has to be approved. */
import { Type } from 'typebox'
import { defaultGroup, choice } from './reading/schema-types.ts'
import { networks } from './schema-match.ts'

/** Who has to be approved on routes marked `sensitive`. */
export const approval = defaultGroup(
  'Who has to be approved on routes marked `sensitive`. Blocked devices are refused everywhere, whatever stands here.',
  {
    model: choice(
      '`off`: nobody. `auto`: everybody, and a sound certificate under the current CA approves itself. `manual`: everybody, by an administrator. `manual-external`: as `manual`, for devices that come from outside `internalNetworks`; in `recording`, too, where a sensitive route then refuses whom it would otherwise write down.',
      ['off', 'auto', 'manual', 'manual-external'],
      'auto',
    ),
    internalNetworks: Type.Optional(
      networks(
        'Where devices are inside, for the model `manual-external`. It is the address of the connection that counts, and never a header.',
      ),
    ),
  },
)
