/** When the numbers can be looked at. */
import { setTimeout as pause } from 'node:timers/promises'
import { listOf } from './api-numbers.ts'
import type { Simulation } from './simulation.ts'

/**
 * Waits until every device that was met has reached the store of the product: batches wait two seconds in a worker and one
 * in the primary. What is not there after long will be a difference in the table.
 */
export async function settled(simulation: Simulation): Promise<void> {
  simulation.moment(...SETTLING)
  await settledAgain(simulation)
}

/** The same once more, because something died or was late: no new moment of the story. */
export async function settledAgain(simulation: Simulation): Promise<void> {
  const deadline = Date.now() + LONGEST_MS
  while (!(await isSettled(simulation)) && Date.now() < deadline) await pause(LOOK_AGAIN_MS)
}

async function isSettled(simulation: Simulation): Promise<boolean> {
  const entries = simulation.expectedState.all
  const items = await listOf(simulation, '')
  const seenAt = new Map(items.map((one) => [one.inventory?.id, Date.parse(one.last_seen ?? '')]))
  const isLate = entries.some(
    ({ inventory, metAt }) =>
      metAt > 0 && inventory !== null && !((seenAt.get(inventory) ?? NaN) >= metAt),
  )
  if (isLate) return false
  const unidentified = simulation.expectedState.unidentified.get('sync')?.least ?? 0
  if (unidentified > 0) {
    const { body } = await simulation.read('/api/sync-port')
    if ((body as { readonly unidentified: number }).unidentified < unidentified) return false
  }
  const met = entries.reduce((sum, { sightings }) => sum + sightings.least, 0)
  return items.reduce((sum, { sightings }) => sum + sightings, 0) >= met
}

/** Three seconds of gathering, and a machine that is busy. */
const LONGEST_MS = 20_000
const LOOK_AGAIN_MS = 200
/** Among the moments of the story: its weight, and how long it may last. */
const SETTLING = [40, 3000] as const
