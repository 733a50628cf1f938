/** Devices leave the sync port for 443, and come back to it, and leave it for good. */
import type { Device } from './devices.ts'
import { PLACES } from './client-kinds.ts'
import { expectNumber, sends } from './enrollment-and-approval.ts'
import { settled } from './settled-numbers.ts'
import type { Simulation } from './simulation.ts'

/** How many are left on the sync port until the port is about to be closed. */
const STRAGGLERS = 2

/** All but two have migrated; one of them went back in between, and was pending again. */
export async function migrate(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const close = {
    method: 'POST',
    path: '/api/sync-port/close',
    body: sends({ force: true }),
    versionAt: '/api/sync-port',
  } as const
  // Without certificates on 443 there is nothing that force could mean.
  await simulation.refused(close, 409, 'mutual-authentication-off')
  const legacy = participants.devices.filter(({ isLegacy }) => isLegacy)
  const moving = legacy.slice(0, -STRAGGLERS)
  await simulation.each(moving, (device) => move(simulation, device))
  const [returning] = moving
  if (returning === undefined) return simulation.fault('no device uses the sync port')
  await expectPending(simulation, STRAGGLERS)
  await simulation.call(returning, { place: PLACES.sync, code: 'verified' })
  await expectPending(simulation, STRAGGLERS + 1)
  await simulation.call(returning, { code: 'verified' })
  const moved = [...expectedState.entries.values()].filter(
    ({ migration }) => migration === 'success',
  )
  participants.say(`  ${moved.length} of ${legacy.length} have migrated from the sync port to 443`)
}

/** From its next check-in on it is met on 443, with its certificate. */
export async function move(simulation: Simulation, device: Device): Promise<void> {
  device.isLegacy = false
  await simulation.call(device, { code: 'verified' })
}

async function expectPending(simulation: Simulation, wanted: number): Promise<void> {
  await settled(simulation)
  const { body } = await simulation.read('/api/sync-port')
  const { pending } = body as { readonly pending: number }
  expectNumber(simulation, 'pending', [pending, wanted])
}
