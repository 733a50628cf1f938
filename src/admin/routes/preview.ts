/**
 * How the fleet would fare if certificates were required now.
 */
import type { Preview } from '../../fleet/enforcement.ts'
import { ok, type Result } from '../../kernel/types.ts'
import type { StoreTrouble } from '../../store/failure.ts'
import type { Office } from '../server.ts'

/** Counts from the charts and from the last verdicts, which are those of `decide` whatever the enforcement. */
export async function previewOf(office: Office): Promise<Result<Preview, StoreTrouble>> {
  const { store } = office
  const minimums = office.minimums()
  const cells = await store.devices.charts(minimums)
  if (!cells.ok) return cells
  const refused = await store.devices.count({ verdict: 'refuse' }, minimums)
  if (!refused.ok) return refused
  const count = (state: string): number =>
    cells.value
      .filter(({ authentication }) => authentication === state)
      .reduce((sum, { devices }) => sum + devices, 0)
  return ok({
    counts: {
      succeeded: count('succeeded'),
      'no-info': count('no-info'),
      failed: count('failed'),
      'must-upgrade': count('must-upgrade'),
    },
    wouldRefuse: new Map([['refuse', refused.value]]),
    wanted: WANTED_RATE,
  })
}

/** Below it, an operator has to insist: one device in twenty that stops working is a bad day. */
const WANTED_RATE = 0.95
