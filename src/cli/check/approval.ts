/** Who has to be approved, where, and what an unapproved, an approved and a blocked device would meet. */
import type { Config } from '../../config/config.ts'
import { approvalDemand, type Origin } from '../../decide/judge-approval.ts'
import { NO_FLEET } from '../../decide/policy.ts'
import { modelText } from '../../state/approval-model.ts'
import { twoColumns } from '../text-layout.ts'

/** The model, the rows that ask, who is inside, and one line per state of a device. */
export function approval(config: Config): readonly string[] {
  const rows = [...new Set(config.listeners.map((one) => one.routes))].flatMap((table) =>
    table.rows.filter((row) => row.sensitive).map((row) => `${table.name}/${row.id}`),
  )
  const { model } = config.approval
  const asks = model === 'manual' || model === 'manual-external'
  return [
    `  ${modelText(config.approval)}`,
    ...twoColumns([
      ['sensitive rows', rows.join(', ') || 'none'],
      ...(asks ? placeRows(config) : []),
      ...unapprovedRows(config),
      ['approved', 'passes wherever its certificate does'],
      [
        'blocked',
        'refused everywhere (blocked), in recording and on open rows too; lift it with `tfe devices unblock`',
      ],
    ]),
  ]
}

/** Who is inside; and, because it counts as outside, what bears no mark. */
function placeRows({ listeners, approval }: Config): readonly (readonly [string, string])[] {
  const marked = (mark: string | undefined): readonly string[] =>
    listeners.filter(({ exposure }) => exposure === mark).map(({ name }) => `listener ${name}`)
  const texts = (networks: Config['approval']['internalNetworks']): readonly string[] =>
    networks.map(({ text }) => text)
  const inside = [...marked('internal'), ...texts(approval.internalNetworks)]
  const outside = [...marked('external'), ...texts(approval.externalNetworks)]
  const unmarked = marked(undefined)
  return [
    ['inside', inside.join(', ') || 'nowhere'],
    ['outside', outside.concat('everything that is not marked').join(', ')],
    ...(unmarked.length === 0
      ? []
      : [['not marked', `${unmarked.join(', ')}: the address alone says who is inside`] as const]),
  ]
}

/** As the judge answers, for a device whose certificate is fit otherwise. */
function unapprovedRows(config: Config): readonly (readonly [string, string])[] {
  const inside = unapproved(config, 'internal')
  const outside = unapproved(config, 'external')
  if (inside === outside) return [['unapproved', inside]]
  return [
    ['unapproved inside', inside],
    ['unapproved outside', outside],
  ]
}

function unapproved({ approval: { model }, enforcement }: Config, origin: Origin): string {
  const policy = { enforcement, fleet: { ...NO_FLEET, model } }
  const isAsked = (sensitive: boolean): boolean =>
    approvalDemand({ route: 'device', sensitive, origin }, policy) !== undefined
  if (isAsked(false)) {
    return `refused (unapproved) on every row that asks for a certificate, but for renewal; approve it with ${APPROVE}`
  }
  return isAsked(true)
    ? `refused (unapproved) on sensitive rows; approve it with ${APPROVE}`
    : 'passes as if it were approved'
}

const APPROVE = '`tfe devices approve`'
