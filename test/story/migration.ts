/** Devices leave the sync port for 443, and come back to it, and leave it for good. */
import type { Device } from './devices.ts'
import { PLACES } from './kinds.ts'
import { expectNumber, sends } from './opening.ts'
import { settled } from './settled.ts'
import type { World } from './world.ts'

/** How many are left on the sync port until the port is about to be closed. */
const STRAGGLERS = 2

/** All but two have migrated; one of them went back in between, and was pending again. */
export async function migrate(world: World): Promise<void> {
  const { books, cast } = world
  const close = {
    method: 'POST',
    path: '/api/sync-port/close',
    body: sends({ force: true }),
    versionAt: '/api/sync-port',
  } as const
  // Without certificates on 443 there is nothing that force could mean.
  await world.refused(close, 409, 'mutual-authentication-off')
  const legacy = cast.devices.filter(({ isLegacy }) => isLegacy)
  const moving = legacy.slice(0, -STRAGGLERS)
  await world.each(moving, (device) => move(world, device))
  const [homesick] = moving
  if (homesick === undefined) return world.fault('nobody lives on the sync port')
  await expectPending(world, STRAGGLERS)
  await world.call(homesick, { place: PLACES.sync, code: 'verified' })
  await expectPending(world, STRAGGLERS + 1)
  await world.call(homesick, { code: 'verified' })
  const moved = [...books.entries.values()].filter(({ migration }) => migration === 'success')
  cast.say(`  ${moved.length} of ${legacy.length} have migrated from the sync port to 443`)
}

/** From its next check-in on it is met on 443, with its certificate. */
export async function move(world: World, device: Device): Promise<void> {
  device.isLegacy = false
  await world.call(device, { code: 'verified' })
}

async function expectPending(world: World, wanted: number): Promise<void> {
  await settled(world)
  const { body } = await world.read('/api/sync-port')
  const { pending } = body as { readonly pending: number }
  expectNumber(world, 'pending', [pending, wanted])
}
