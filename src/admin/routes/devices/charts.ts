/**
 * The numbers of the charts, read from the store once for whatever shows them: the call, and the metrics.
 */
import { Type, type Static } from 'typebox'
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import { READINESS, READINESS_LABELS, successRate } from '../../../fleet/readiness.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import type { ChartCell } from '../../../store/devices/charts.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import { APPROVALS, MIGRATIONS } from '../../../store/schema/vocabulary.ts'
import type { AdminContext } from '../../context.ts'
import { nullable, strictObject, stringEnum } from '../../schemas.ts'
import { callersShape, readCallers } from '../fleet/callers.ts'
import { agentMinimums, minimumsOf, type MinimumsContext } from '../fleet/settings.ts'
import { devicesByClass, devicesIn, readinessCounts } from './chart-sums.ts'
import { AUTHENTICATION_STATES } from './shapes.ts'

export const chartsShape = strictObject({
  devices: Type.Integer(),
  readiness: Type.Array(
    strictObject({
      state: stringEnum(AUTHENTICATION_STATES),
      label: Type.String(),
      devices: Type.Integer(),
    }),
    { description: 'In the order of the chart.' },
  ),
  success_rate: nullable(
    Type.Number({ description: 'Of those that tried or cannot try; null when none tried.' }),
  ),
  approval: strictObject({
    approved: Type.Integer(),
    awaiting: Type.Integer({ description: 'Approved, awaiting next connection.' }),
    unapproved: Type.Integer(),
    blocked: Type.Integer(),
  }),
  migration: Type.Array(strictObject({ status: stringEnum(MIGRATIONS), devices: Type.Integer() })),
  classes: Type.Array(
    strictObject({ class: nullable(stringEnum(CLIENT_CLASSES)), devices: Type.Integer() }),
  ),
  callers: callersShape,
})

/** What the charts show. */
export type Charts = Static<typeof chartsShape>

/** Reads the numbers. */
export async function readCharts(
  context: MinimumsContext & Pick<AdminContext, 'clock'>,
): Promise<Result<Charts, StoreTrouble>> {
  const minimums = await minimumsOf(context)
  if (!minimums.ok) return minimums
  const callers = await readCallers(context)
  if (!callers.ok) return callers
  const cells = await context.store.devices.charts(agentMinimums(minimums.value))
  return cells.ok ? ok({ ...chartsOf(cells.value), callers: callers.value.shown }) : cells
}

/** Cells → charts; every chart adds up to the number of devices. */
function chartsOf(cells: readonly ChartCell[]): Omit<Charts, 'callers'> {
  const count = (is: (cell: ChartCell) => boolean): number => devicesIn(cells, is)
  const counts = readinessCounts(cells)
  const approvals = Object.fromEntries(
    APPROVALS.map((approval) => [
      approval,
      count((cell) => cell.approval === approval && !cell.awaiting),
    ]),
  ) as Record<(typeof APPROVALS)[number], number>
  return {
    devices: count(() => true),
    readiness: READINESS.map((state) => ({
      state,
      label: READINESS_LABELS[state],
      devices: counts[state],
    })),
    success_rate: successRate(counts) ?? null,
    approval: { ...approvals, awaiting: count(({ awaiting }) => awaiting) },
    migration: MIGRATIONS.map((status) => ({
      status,
      devices: count(({ migration }) => migration === status),
    })),
    classes: [...devicesByClass(cells)],
  }
}
