/** Who has to be approved, where, and what an unapproved, an approved and a blocked device would meet. */
import type { Config } from '../../config/config.ts'
import { unreachable } from '../../kernel/types.ts'
import { modelText } from '../approval-model.ts'
import { twoColumns } from '../text-layout.ts'

/** The model, the rows that ask, and one line per state of a device. */
export function approval(config: Config): readonly string[] {
  const { model, internalNetworks } = config.approval
  const rows = [...new Set(config.listeners.map((one) => one.routes))].flatMap((table) =>
    table.rows.filter((row) => row.sensitive).map((row) => `${table.name}/${row.id}`),
  )
  const inside =
    model === 'manual-external'
      ? [['inside', internalNetworks.map(({ text }) => text).join(', ') || 'nowhere'] as const]
      : []
  return [
    `  ${modelText(config.approval)}`,
    ...twoColumns([
      ['sensitive rows', rows.join(', ') || 'none: approval keeps no device out, a block does'],
      ...inside,
      ['unapproved', unapproved(config, rows.length > 0)],
      ['approved', 'passes wherever its certificate does'],
      [
        'blocked',
        'refused everywhere (blocked), in recording and on open rows too; lift it with `tfe devices unblock`',
      ],
    ]),
  ]
}

/** The same rules as `judge-approval.ts`, for a device whose certificate is fit otherwise. */
function unapproved({ approval, enforcement }: Config, isAsked: boolean): string {
  if (!isAsked) return 'passes as if it were approved'
  const recorded =
    enforcement === 'recording' ? 'written down and admitted (unapproved), for now' : REFUSED
  switch (approval.model) {
    case 'off':
      return 'passes as if it were approved'
    case 'auto':
      return `on sensitive rows ${recorded}, unless its CA is the current one; approve it with ${APPROVE}, or enrol it under the current CA`
    case 'manual':
      return `on sensitive rows ${recorded}; approve it with ${APPROVE}`
    case 'manual-external':
      // S2-14: from outside it is held to it while certificates are only recorded, too.
      return `on sensitive rows ${REFUSED} from outside, in recording too; approve it with ${APPROVE}`
    default:
      return unreachable(approval.model)
  }
}

const REFUSED = 'refused (unapproved)'
const APPROVE = '`tfe devices approve`'
