/**
 * How the fleet is, in every number that a chart shows: asked of the store once for metrics and history, and by the same
 * functions as the charts.
 */
import { readCharts, type Charts } from '../../admin/routes/devices/charts.ts'
import type { MinimumsContext } from '../../admin/routes/fleet/settings.ts'
import type { FleetStates, HistoryEntry, StateKind } from '../../fleet/history.ts'
import type { Clock } from '../../kernel/ports.ts'
import { ok, type Instant, type Millis, type Result } from '../../kernel/types.ts'
import { EXPIRY_BUCKETS, expiryEdges, type ExpiryBucket } from '../../record/expiry-metrics.ts'
import type { Store } from '../../store/port.ts'
import type { StoreTrouble } from '../../store/failure.ts'

/** A previously trusted CA, and what is left of it. */
export interface DepartingCa {
  readonly setting: string
  /** Devices whose last sound certificate is of it, not blocked, and not too long expired to be renewed. */
  readonly devices: number
  readonly sunset: Instant | undefined
}

export interface FleetNumbers {
  /** When the store was asked. */
  readonly at: Instant
  readonly charts: Charts
  /** Devices under a CA that is trusted, not blocked, by when their last sound certificate ends. */
  readonly expiry: Readonly<Record<ExpiryBucket, number>>
  readonly previouslyTrusted: readonly DepartingCa[]
}

export interface NumbersContext extends MinimumsContext {
  readonly store: Store
  readonly clock: Clock
  /** How long after its end a certificate still opens renewal routes. */
  grace(): Millis
}

/** Asks the store: walks along indexes of the devices, and through the ids that clients without a certificate named. */
export async function readFleetNumbers(
  context: NumbersContext,
): Promise<Result<FleetNumbers, StoreTrouble>> {
  const { store, clock } = context
  const at = clock.now()
  const charts = await readCharts(context)
  if (!charts.ok) return charts
  const settings = await store.enrollment.list()
  if (!settings.ok) return settings
  const expiring = await store.devices.expiring(expiryEdges(context.grace(), at))
  if (!expiring.ok) return expiring
  const trusted = settings.value.filter(
    ({ standing: { kind } }) => kind === 'current' || kind === 'previously-trusted',
  )
  const partsOf = (name: string): readonly number[] => expiring.value.get(name) ?? []
  return ok({
    at,
    charts: charts.value,
    expiry: Object.fromEntries(
      EXPIRY_BUCKETS.map((bucket, part) => [
        bucket,
        sum(trusted.map(({ name }) => partsOf(name)[part] ?? 0)),
      ]),
    ) as Record<ExpiryBucket, number>,
    previouslyTrusted: trusted.flatMap(({ name, standing }) =>
      standing.kind === 'previously-trusted'
        ? // The first part are those that expired too long ago.
          [{ setting: name, devices: sum(partsOf(name).slice(1)), sunset: standing.sunset }]
        : [],
    ),
  })
}

/** The same, as an hour keeps it. */
export function statesOf({ at, charts, expiry }: FleetNumbers): FleetStates {
  const entries = (
    kind: StateKind,
    counts: readonly (readonly [string, number])[],
  ): readonly HistoryEntry<StateKind>[] => counts.map(([name, value]) => ({ kind, name, value }))
  return {
    at,
    states: [
      ...entries(
        'readiness',
        charts.readiness.map(({ state, devices }) => [state, devices]),
      ),
      ...entries('approval', Object.entries(charts.approval)),
      ...entries(
        'migration',
        charts.migration.map(({ status, devices }) => [status, devices]),
      ),
      ...entries(
        'expiry',
        EXPIRY_BUCKETS.map((bucket) => [bucket, expiry[bucket]]),
      ),
    ],
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
