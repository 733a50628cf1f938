/** What the revocation lists say about each certificate of each sound path. */
import { isUnlisted } from '../../decide/judge-revocation.ts'
import type { RevocationDemand, RevocationPolicy } from '../../decide/policy.ts'
import { type Instant, plus, unreachable } from '../../kernel/types.ts'
import { issuedOn, type RevocationList, statusOf } from '../../trust/revocation.ts'
import type { PathResult, SoundPath } from '../../trust/validate.ts'
import { ageText, durationText, timestampText } from '../../kernel/time-text.ts'
import { no, note, type Section, type Step, yes } from './account.ts'
import type { ExplainContext } from './context.ts'
import type { Query } from './question.ts'

/** One section per sound path; none where no list is published or demanded. */
export function revocationSections(paths: PathResult, context: ExplainContext): readonly Section[] {
  const { revocation } = context.compiled.policy
  if (!paths.ok) return []
  return paths.value.flatMap((path, index) => {
    const demand = revocation.demands.get(path.anchor.setting)
    if (demand === undefined && revocation.lists.size === 0) return []
    const which = paths.value.length === 1 ? '' : `, path ${index + 1}`
    return [{ title: `Revocation${which}`, steps: steps(path, revocation, context) }]
  })
}

function steps(
  path: SoundPath,
  { lists, demands }: RevocationPolicy,
  { query, naming: name }: ExplainContext,
): readonly Step[] {
  const demand = demands.get(path.anchor.setting)
  return [
    note(demandText(path.anchor.setting, demand)),
    ...issuedOn(path).map(([certificate, issuer]) => {
      const status = statusOf(certificate, issuer, { lists, now: query.at })
      const who = name(certificate)
      switch (status.kind) {
        case 'good':
          return yes(`${who}: not revoked`, listText(status.list, query))
        case 'revoked': {
          const { at, reason, list } = status.revocation
          return no(`${who}: REVOKED at ${timestampText(at)} (${reason})`, listText(list, query))
        }
        case 'unknown': {
          const isLeaf = certificate === path.certificates[0]
          const unlisted = demand === undefined || (!isLeaf && isUnlisted(status, demand))
          if (unlisted) return note(`${who}: not checked, ${name(issuer)} publishes no list here`)
          const text = `${who}: status unknown, ${UNKNOWN_TEXT[status.why]} of ${name(issuer)}`
          const counts = isTolerated(demand, status.list, { why: status.why, now: query.at })
          const more = status.list === undefined ? [] : [listText(status.list, query)]
          return (counts ? note : no)(text, ...more)
        }
        default:
          return unreachable(status)
      }
    }),
  ]
}

const UNKNOWN_TEXT = {
  'no-list': 'no list was read',
  'not-covered': 'the lists are about other certificates',
  'not-yet': 'the list has not begun',
  stale: 'the list has ended',
} as const

/** Whether the setting lets this pass. */
function isTolerated(
  { failure, grace }: RevocationDemand,
  list: RevocationList | undefined,
  { why, now }: { readonly why: keyof typeof UNKNOWN_TEXT; readonly now: Instant },
): boolean {
  if (failure === 'soft-fail') return true
  return why === 'stale' && list !== undefined && now <= plus(list.crl.nextUpdate, grace)
}

function demandText(setting: string, demand: RevocationDemand | undefined): string {
  if (demand === undefined) return `${setting} demands no revocation list`
  if (demand.failure === 'soft-fail') return `${setting}: soft-fail, an unknown status is admitted`
  const grace =
    demand.grace === 0 ? '' : `, a list counts for ${durationText(demand.grace)} after its end`
  return `${setting}: hard-fail, an unknown status is refused${grace}`
}

function listText({ crl }: RevocationList, { at }: Query): string {
  const numbered = crl.number === undefined ? 'the list' : `list ${crl.number}`
  return `${numbered}, made ${ageText(crl.thisUpdate, at)}, the next is due ${timestampText(crl.nextUpdate)}`
}
