/**
 * How the fleet would fare if certificates were required now.
 */
import type { EnforcementPreview } from '../../../fleet/enforcement.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import type { RouteFailure } from '../../define-route.ts'
import { readinessCounts } from '../devices/chart-sums.ts'
import { minimumsOf, agentMinimums } from './settings.ts'
import type { AdminContext } from '../../context.ts'

/** Counts from the charts and from the last verdicts, which are those of `decide` whatever the enforcement. */
export async function enforcementPreview(
  context: AdminContext,
): Promise<Result<EnforcementPreview, RouteFailure>> {
  const { store } = context
  const minimums = await minimumsOf(context)
  if (!minimums.ok) return minimums
  const cells = await store.devices.charts(agentMinimums(minimums.value))
  if (!cells.ok) return cells
  const refusals = await store.devices.refusals()
  if (!refusals.ok) return refusals
  return ok({
    counts: readinessCounts(cells.value),
    wouldRefuse: refusals.value,
    wanted: WANTED_RATE,
  })
}

/** Below it, an operator has to insist: one device in twenty that stops working is a bad day. */
const WANTED_RATE = 0.95
