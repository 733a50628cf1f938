/** How long refusals are kept, and how many. */
import { allOrMissing, type Maybe, type Place, type Written } from '../reading/place.ts'
import { defaultGroup, duration, integer } from '../reading/schema-types.ts'
import type { RefusalSettings } from './types.ts'

export const refusals = defaultGroup(
  'Refusals that the store keeps, so that a reference that a device quotes leads to its reason (`tfe why`, `tfe refusals`). No header, query, body or secret is kept. The store says how many it did not keep, of which code and from where.',
  {
    keep: duration(
      'How long each is kept. Devices that were away over a holiday are asked about later than that day; what is kept about people is not kept for longer than it is asked for.',
      ['1h', '366d'],
      '30d',
    ),
    rows: integer(
      'How many are kept at most, half of them for known devices. A full half gives way in turns: the code with the most refusals first, of that code the address (IPv6: /64) or known device with the most, and of that its oldest. One takes some 600 octets, so 100,000 are some 60 MB.',
      [1000, 1_000_000],
      100_000,
    ),
  },
)

export const readRefusals = (place: Place<Written<typeof refusals>>): Maybe<RefusalSettings> =>
  allOrMissing<RefusalSettings>({ keep: place.millis('keep'), rows: place.required('rows') })
