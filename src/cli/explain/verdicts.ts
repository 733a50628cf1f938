/** The verdict on one request, or on each class of route that a listener has. */
import { type Ask, decide, type Decision, type Peer, vouchedFor } from '../../decide/decide.ts'
import { explain } from '../../decide/explain-refusal.ts'
import type { RouteClass } from '../../decide/policy.ts'
import { type Result, unreachable } from '../../kernel/types.ts'
import { agentRuleText, ruleFor } from '../../message/agent.ts'
import { encodeIdentity, fieldText, type Withheld } from '../../message/encode/encode.ts'
import { routeOf, type NoRoute } from '../../message/route.ts'
import { parseTarget, type TargetFault } from '../../message/target.ts'
import { originOf } from '../../state/origin.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { withTimes } from '../local-time.ts'
import { no, note, type Section, type Step, yes } from './report.ts'
import type { ExplainQuery } from './arguments.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/** What certificates are judged by, and the question about them. */
export interface ExplainContext {
  readonly compiled: CompiledConfig
  readonly query: ExplainQuery
}

/** The row that a request meets, or why it meets none. */
export type RouteMatch = Result<RouteRow, TargetFault | NoRoute>

/** Which row the question's request meets; undefined when it names no request. */
export function matchRoute({ request, listener }: ExplainQuery): RouteMatch | undefined {
  if (request === undefined) return undefined
  const target = parseTarget(request.target)
  if (!target.ok) return target
  return routeOf(listener.table, request.method, target.value)
}

/** What is asked of the judge: a request's row, or the class of most rows where there is no request. */
export function decisionInput(
  peer: Peer,
  row: RouteRow | undefined,
  { compiled, query }: ExplainContext,
): Ask {
  const rule = ruleFor(query.userAgent, compiled.config.withoutGrace)
  const { from } = query
  const networks = row?.networks
  const { approval } = compiled.config
  return {
    peer,
    route: row?.class ?? 'device',
    match: row?.match,
    withoutGrace: rule === undefined ? undefined : agentRuleText(rule),
    access: from === undefined || networks === undefined ? undefined : { address: from, networks },
    sensitive: row?.sensitive,
    endpoint: row?.endpoint,
    // Without an address it is the listener alone that says where the device is.
    origin: originOf({ remote: from ?? '', listener: query.listener.config }, approval),
  }
}

/** How the request was routed. */
export function routeSection({ request, listener }: ExplainQuery, routeMatch: RouteMatch): Section {
  const asked = `${request?.method} ${request?.target}`
  const title = `The route of ${asked} on listener ${listener.config.name}`
  if (routeMatch.ok) {
    const { id, path, class: kind, upstream, sensitive } = routeMatch.value
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
  const { kind } = routeMatch.failure
  return {
    title,
    steps:
      kind === 'route-unknown'
        ? [no('no row matches: answered 404 for any caller')]
        : [no(`the path can be read in two ways (${kind}): answered 400 for any caller`)],
  }
}

/** What the judge says, and what would be said upstream. */
export function verdictSection(
  decision: Decision,
  row: RouteRow | undefined,
  { compiled, query }: ExplainContext,
): Section {
  return {
    title: `The verdict as of ${query.timeText(query.at)}`,
    steps: [
      decisionStep(decision, query),
      ...(decision.kind === 'admit' ? upstreamSteps(decision, row, compiled) : []),
    ],
  }
}

/** The verdicts on every class that the listener has. */
export function classesSection(peer: Peer, compiled: CompiledConfig, query: ExplainQuery): Section {
  return {
    title: `The verdict as of ${query.timeText(query.at)}, by class of route`,
    steps: groupByVerdict(
      query.listener.classes
        .filter((kind) => kind !== 'denied')
        .map((kind) => [
          kind,
          decisionStep(
            decide(
              { ...decisionInput(peer, undefined, { compiled, query }), route: kind },
              compiled.policy,
              query.at,
            ),
            query,
          ),
        ]),
    ),
  }
}

/** Classes with the same verdict share a step. */
function groupByVerdict(verdicts: readonly (readonly [RouteClass, Step])[]): readonly Step[] {
  const groups = Map.groupBy(verdicts, ([, { text }]) => text)
  return [...groups.values()].flatMap((group) => {
    const kinds = group.map(([kind]) => kind).join(', ')
    return group.slice(0, 1).map(([, step]) => ({ ...step, text: `${kinds}: ${step.text}` }))
  })
}

/** A verdict as a step. */
export function decisionStep(decision: Decision, { timeText }: ExplainQuery): Step {
  if (decision.kind === 'refuse') {
    const { code, sentence, nextStep } = explain(decision.why)
    return no(`REFUSED: ${code}`, withTimes(sentence, timeText), `next step: ${nextStep}`)
  }
  const { basis } = decision
  switch (basis.kind) {
    case 'verified':
      return yes('ADMITTED: verified')
    case 'in-grace':
      return yes(
        'ADMITTED: in-grace',
        `the certificate has expired; it may renew until ${timeText(basis.endsAt)}`,
      )
    case 'open-route':
      return yes(
        'ADMITTED: open-route',
        'no certificate is asked for here, and no device is named to the upstream',
      )
    case 'recording': {
      const { code, sentence, nextStep } = explain(basis.wouldRefuse)
      return yes(
        'ADMITTED: recording',
        `once enforcement is required it would be refused: ${code}`,
        withTimes(sentence, timeText),
        `next step: ${nextStep}`,
      )
    }
    default:
      return unreachable(basis)
  }
}

function upstreamSteps(
  decision: Decision & { readonly kind: 'admit' },
  row: RouteRow | undefined,
  { upstreams }: CompiledConfig,
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
