/** The verdict on one request, or on each class of route that a listener has. */
import { type Ask, decide, type Decision, type Peer, vouchedFor } from '../../decide/decide.ts'
import type { RouteClass } from '../../decide/policy.ts'
import type { Explanation } from '../../kernel/explanation.ts'
import { timestampText } from '../../kernel/time-text.ts'
import { encodeIdentity, fieldText, type Withheld } from '../../message/encode/encode.ts'
import type { RouteRow } from '../../config/routes/types.ts'
import { requestAsk, tunnelAsk } from '../ask.ts'
import { keptMatch } from '../preview/asks.ts'
import { no, note, type RowVerdict, type Section, type Step, yes } from './account.ts'
import type { ExplainContext } from './context.ts'
import type { Query } from './question.ts'
import { tell, verdictStep } from './telling.ts'

/** What is asked of the judge: a request's row, or the class of most rows where there is no request. */
export function askOf(
  peer: Peer,
  row: RouteRow | undefined,
  { compiled: { config }, query, isKept }: ExplainContext,
): Ask {
  const { listener, from, userAgent } = query
  // Without an address it is the listener alone that says where the device is, and every row is open to it.
  const caller = { peer, remote: from ?? '', listener: listener.config, userAgent }
  const { relay } = listener.config
  if (relay !== undefined) {
    const entry = { relay, listener: listener.config }
    return withoutAddress(tunnelAsk(caller, entry, { peer, approval: config.approval }), from)
  }
  const asked = requestAsk(row ?? ANY_DEVICE_ROW, caller, config)
  // What is kept of a certificate cannot answer all that a row asks of one.
  const match = isKept ? keptMatch(asked.match) : asked.match
  return withoutAddress({ ...asked, match }, from)
}

const withoutAddress = (ask: Ask, from: string | undefined): Ask =>
  from === undefined ? { ...ask, access: undefined } : ask

/** Of most rows of a listener: nothing is asked but the class. */
const ANY_DEVICE_ROW = { class: 'device' } as RouteRow

/** How the request was routed. */
export function routeSection(
  { request, listener }: Query,
  routed: RouteRow | Explanation,
): Section {
  const asked = `${request?.method} ${request?.target}`
  const title = `The route of ${asked} on listener ${listener.config.name}`
  if (!('id' in routed)) {
    return {
      title,
      steps: [
        no(
          `${routed.sentence}: the answer is the same for any caller`,
          `next step: ${routed.nextStep}`,
        ),
      ],
    }
  }
  const { id, path, class: kind, upstream, sensitive } = routed
  const marked = sensitive ? ', for approved devices where the model asks' : ''
  return {
    title,
    steps: [
      yes('the path reads one way only'),
      kind === 'denied'
        ? no(`meets the row ${id} (${path}) of class denied`)
        : yes(
            `meets the row ${id} (${path}) of class ${kind}${marked}, which leads to ${upstream ?? 'no upstream'}`,
          ),
    ],
  }
}

/** What the judge says, and what would be said upstream. */
export function verdictSection(
  decision: Decision,
  row: RouteRow | undefined,
  context: ExplainContext,
): Section {
  return {
    title: `The verdict as of ${timestampText(context.query.at)}`,
    steps: [
      verdictStep(decision, context),
      ...(decision.kind === 'admit' && !context.isKept
        ? upstreamSteps(decision, row, context)
        : []),
    ],
  }
}

/** The verdicts on every class that the listener has. */
export function classesSection(peer: Peer, context: ExplainContext): Section {
  const { listener, at } = context.query
  return {
    title: `The verdict as of ${timestampText(at)}, by class of route`,
    steps: groupByVerdict(
      listener.classes
        .filter((kind) => kind !== 'denied')
        .map((kind) => {
          const ask = { ...askOf(peer, undefined, context), route: kind }
          return [kind, verdictStep(decide(ask, context.compiled.policy, at), context)]
        }),
    ),
  }
}

/** The verdict on each row of the listener; on a sync port there is one. */
export function rowVerdicts(peer: Peer, context: ExplainContext): readonly RowVerdict[] {
  const { compiled, query } = context
  const { config } = query.listener
  const verdictOn = (name: string, row: RouteRow | undefined): RowVerdict => {
    const ask = askOf(peer, row, context)
    const decision = decide(ask, compiled.policy, query.at)
    return { row: name, class: ask.route, ...tell(decision, context) }
  }
  if (config.relay !== undefined) return [verdictOn(config.name, undefined)]
  return config.routes.rows.map((row) => verdictOn(row.id, row))
}

/** Classes with the same verdict share a step. */
function groupByVerdict(verdicts: readonly (readonly [RouteClass, Step])[]): readonly Step[] {
  const groups = Map.groupBy(verdicts, ([, { text }]) => text)
  return [...groups.values()].flatMap((group) => {
    const kinds = group.map(([kind]) => kind).join(', ')
    return group.slice(0, 1).map(([, step]) => ({ ...step, text: `${kinds}: ${step.text}` }))
  })
}

function upstreamSteps(
  decision: Decision & { readonly kind: 'admit' },
  row: RouteRow | undefined,
  { compiled: { upstreams } }: ExplainContext,
): readonly Step[] {
  const upstream = upstreams.get(row?.upstream ?? '')?.config
  if (upstream === undefined) return []
  if (upstream.identity === undefined) {
    return [note(`the upstream ${upstream.name} is told nothing about the device`)]
  }
  const { fields, withheld } = encodeIdentity(vouchedFor(decision), upstream.identity)
  const lines = fields.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${shortened(fieldText(fields[at + 1] ?? ''))}`] : [],
  )
  const kept = WITHHELD_TEXT[withheld]
  return [
    note(`the upstream ${upstream.name} would read`, ...lines),
    ...(kept === undefined ? [] : [note(kept)]),
  ]
}

const WITHHELD_TEXT: Readonly<Record<Withheld, string | undefined>> = {
  nothing: undefined,
  chain: 'the intermediates are left out: with them the fields would exceed maxBytes',
  grace:
    'the device is not named: readers of this format know no verify field; set `grace: true` in identity if yours looks at it, or at notAfter',
  identity: 'the device is not named: its certificate alone exceeds maxBytes',
}

/** `tfe headers` prints them whole. */
const shortened = (value: string): string =>
  value.length <= 72 ? value : `${value.slice(0, 60)}... (${value.length} characters)`
