/**
 * How the fleet would fare if certificates were required now.
 */
import type { Static } from 'typebox'
import type { EnforcementPreview, KeyOutlook } from '../../../fleet/enforcement.ts'
import { ok, type Instant, type Result } from '../../../kernel/types.ts'
import type { EnablingKey } from '../../../store/secrets/enabling-key.ts'
import type { RouteFailure } from '../../define-route.ts'
import { previewStep } from '../../preview/fleet-preview.ts'
import { readinessCounts } from '../devices/chart-sums.ts'
import { readCallers, type callersShape } from './callers.ts'
import { minimumsOf, agentMinimums } from './settings.ts'
import type { AdminContext } from '../../context.ts'
import { reportedSince } from '../../../store/secrets/instances.ts'

/** What requiring certificates would come to. */
export interface Enabling {
  readonly preview: EnforcementPreview
  /** The sealing key that comes with it. */
  readonly key: EnablingKey
  readonly shownCallers: Static<typeof callersShape>
}

/** Counts from the charts, and the devices that the judge would refuse. */
export async function enforcementPreview(
  context: AdminContext,
): Promise<Result<Enabling, RouteFailure>> {
  const { store } = context
  const minimums = await minimumsOf(context)
  if (!minimums.ok) return minimums
  const cells = await store.devices.charts(agentMinimums(minimums.value))
  if (!cells.ok) return cells
  const preview = await previewStep(context, { step: { kind: 'require-certificates' } })
  if (!preview.ok) return preview
  const callers = await readCallers(context)
  if (!callers.ok) return callers
  const untried = await store.devices.count(UNTRIED, agentMinimums(minimums.value))
  if (!untried.ok) return untried
  const key = await store.secrets.planEnablingKey(reportedSince(context.clock.now()))
  if (!key.ok) return key
  return ok({
    preview: {
      counts: readinessCounts(cells.value),
      wouldRefuse: preview.value.cutOff,
      wanted: WANTED_RATE,
      key: outlookOf(key.value),
      callers: callers.value,
      untried: untried.value,
    },
    shownCallers: callers.value.shown,
    key: key.value,
  })
}

const outlookOf = (key: EnablingKey): KeyOutlook =>
  key.kind === 'held' || key.kind === 'made'
    ? { kind: 'new', version: key.version, lacking: key.lacking.map(({ name }) => name) }
    : key.kind === 'no-ring'
      ? { kind: 'none' }
      : key

/** Met at any time after 1970, only where no certificate is asked for. */
const UNTRIED = { authentication: 'no-info', seenSince: 1 as Instant, silent: false } as const

/** Below it, an operator has to insist: one device in twenty that stops working is a bad day. */
const WANTED_RATE = 0.95
