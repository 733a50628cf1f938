/** Where the device's own certificate stands in time, and when that changes. */
import type { Policy } from '../../decide/policy.ts'
import {
  validityBounds,
  timelinessOf,
  type ValidityBounds,
  type Timeliness,
} from '../../decide/timeliness.ts'
import { type Instant, unreachable } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { relativeDayText, timestampText } from '../../kernel/time-text.ts'
import { no, note, type Section, type Step, yes } from './account.ts'
import type { Query } from './question.ts'

/** One section: the state, and its turning points. */
export function validitySection(leaf: Certificate, policy: Policy, query: Query): Section {
  const validity = validityBounds(leaf, policy)
  return {
    title: "The device's certificate in time",
    steps: [
      stateStep(timelinessOf(leaf, policy, query.at)),
      note(
        'its turning points',
        `renewal window begins  ${pointText(validity.windowBegins, query)}`,
        `expires                ${pointText(validity.notAfter, query)}`,
        `grace ends             ${graceText(validity, query)}`,
      ),
    ],
  }
}

const pointText = (instant: Instant, { at }: Query): string =>
  `${timestampText(instant)}, ${relativeDayText(instant, at)}`

const graceText = ({ notAfter, graceEnds }: ValidityBounds, query: Query): string =>
  graceEnds === notAfter ? 'at once: there is none' : pointText(graceEnds, query)

function stateStep(state: Timeliness): Step {
  switch (state) {
    case 'not-yet-valid':
      return no('not-yet-valid')
    case 'valid':
      return yes('valid: it is too early to renew')
    case 'in-renewal-window':
      return yes('in-renewal-window: it counts, and the device should renew it now')
    case 'in-grace':
      return no('in-grace: it has expired, and opens renewal routes only')
    case 'expired':
      return no('expired: grace is over, and the device has to be registered again')
    default:
      return unreachable(state)
  }
}
