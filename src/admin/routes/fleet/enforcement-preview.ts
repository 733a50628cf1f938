/**
 * How the fleet would fare if certificates were required now.
 */
import type { EnforcementPreview } from '../../../fleet/enforcement.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import type { RouteFailure } from '../../define-route.ts'
import { previewStep } from '../../preview/fleet-preview.ts'
import { readinessCounts } from '../devices/chart-sums.ts'
import { minimumsOf, agentMinimums } from './settings.ts'
import type { AdminContext } from '../../context.ts'

/** Counts from the charts, and the devices that the judge would refuse. */
export async function enforcementPreview(
  context: AdminContext,
): Promise<Result<EnforcementPreview, RouteFailure>> {
  const { store } = context
  const minimums = await minimumsOf(context)
  if (!minimums.ok) return minimums
  const cells = await store.devices.charts(agentMinimums(minimums.value))
  if (!cells.ok) return cells
  const preview = await previewStep(context, { step: { kind: 'require-certificates' } })
  if (!preview.ok) return preview
  return ok({
    counts: readinessCounts(cells.value),
    wouldRefuse: preview.value.cutOff,
    wanted: WANTED_RATE,
  })
}

/** Below it, an operator has to insist: one device in twenty that stops working is a bad day. */
const WANTED_RATE = 0.95
