/**
 * What the front end has counted since its start, as its metrics have it: one count for both, which outlives a worker
 * (`workers/worker-metrics.ts`).
 */
import type { CountKind } from '../../fleet/history.ts'
import { DRAINED } from '../../pipeline/kept-refusal.ts'
import type { ConnectionEvent } from '../../record/event.ts'
import type { MetricFamilies } from '../../record/metric-families.ts'
import type { TunnelEvent } from '../../record/tunnel-event.ts'

/** Totals by name, of each kind. */
export type Totals = Readonly<Record<CountKind, ReadonlyMap<string, number>>>

type Labels = Readonly<Partial<Record<string, number | string>>>
type NameOf = (labels: Labels) => number | string | undefined

/** From which metric which count is taken, and what is told apart. */
const SOURCES: readonly (readonly [kind: CountKind, metric: string, nameOf: NameOf])[] = [
  ['requests', 'tfe_requests_total', ({ decision }) => decision],
  ['relayed', 'tfe_tunnels_total', ({ decision }) => decision],
  [
    'refusals',
    'tfe_requests_total',
    ({ decision, code }) => (decision === 'refuse' ? code : undefined),
  ],
  // Relayed connections that were refused are among these.
  [
    'refusals',
    'tfe_connections_total',
    ({ outcome, code }) => (REFUSED.has(String(outcome)) && code !== DRAINED ? code : undefined),
  ],
  ['would-refuse', 'tfe_would_refuse_total', ({ code }) => code],
  ['would-refuse', 'tfe_tunnels_total', ({ would_refuse }) => would_refuse],
]

type Outcome = ConnectionEvent['outcome'] | TunnelEvent['outcome']

/** Of each outcome of a connection, whether its code is of a refusal: those that were admitted have one, too. */
const IS_REFUSED: Readonly<Record<Outcome, boolean>> = {
  aborted: false,
  'closed-before-request': true,
  ended: true,
  failed: false,
  'handshake-failed': true,
  refused: true,
  relayed: false,
  served: false,
}
const REFUSED: ReadonlySet<string> = new Set(
  Object.entries(IS_REFUSED).flatMap(([outcome, isRefused]) => (isRefused ? [outcome] : [])),
)

/** Adds up the totals; every decision is there from the start, so that an hour without requests is told from none. */
export function totalsOf(families: MetricFamilies): Totals {
  const decisions = (): Map<string, number> =>
    new Map([
      ['admit', 0],
      ['refuse', 0],
    ])
  const totals = {
    requests: decisions(),
    relayed: decisions(),
    refusals: new Map<string, number>(),
    'would-refuse': new Map<string, number>(),
  }
  for (const [kind, metric, nameOf] of SOURCES) {
    for (const { labels, value } of families.find(({ name }) => name === metric)?.values ?? []) {
      const name = nameOf(labels)
      if (name === undefined || name === NO_CODE) continue
      totals[kind].set(String(name), value + (totals[kind].get(String(name)) ?? 0))
    }
  }
  return totals
}

/** What the metrics say where there is no code. */
const NO_CODE = 'none'
