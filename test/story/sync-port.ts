/** The sync port: closing it is refused for every reason there is, then allowed; connections on it end with it. */
import { once } from 'node:events'
import { enableNew } from './closing.ts'
import { PLACES } from './kinds.ts'
import { move } from './migration.ts'
import { expectNumber, sends } from './opening.ts'
import { idsOf } from './reading.ts'
import { settled } from './settled.ts'
import { closed, dial } from './visit.ts'
import type { World } from './world.ts'

const AT = '/api/sync-port'
/** As the documents promise it. */
const WITHIN_MS = 2000

const turn = (verb: 'close' | 'open', body?: object) =>
  ({
    method: 'POST',
    path: `${AT}/${verb}`,
    versionAt: AT,
    ...(body === undefined ? {} : { body: sends(body) }),
  }) as const

/** Refused while devices are pending or were never met, then closed; opened again, and closed once more by force. */
export async function syncPort(world: World): Promise<void> {
  const { books, cast } = world
  const closing = turn('close', { force: false })
  await settled(world)
  const { body } = await world.refused(closing, 409, 'devices-pending')
  const reasons = (body as { readonly faults?: readonly unknown[] }).faults ?? []
  expectNumber(world, 'reasons against closing the port', [reasons.length, 2])
  await world.refused(enableNew, 409, 'devices-pending')
  await world.each(
    cast.devices.filter(({ isLegacy }) => isLegacy),
    (device) => move(world, device),
  )
  await settled(world)
  await world.refused(closing, 409, 'devices-never-met')
  for (const ghost of cast.ghosts) {
    const [found] = await idsOf(world, [books.entry(ghost)])
    const path = `/api/devices/${found?.id ?? 'unknown'}`
    await world.change({
      method: 'DELETE',
      path,
      versionAt: path,
      trail: { 'device.forget': 1 },
      effect: () => books.forget(ghost),
    })
  }
  await world.refused(enableNew, 409, 'sync-port-open')
  await closeOverSomebody(world)
  await world.change({
    ...turn('open'),
    trail: { 'port.open': 1 },
    effect: () => {
      books.regime.sync = 'open'
    },
  })
  await closeByForce(world)
}

/** Closes the port while somebody talks on it. */
async function closeOverSomebody(world: World): Promise<void> {
  const { books, cast } = world
  const device = cast.devices.find((one) => books.entry(one).migration === 'success')
  if (device === undefined) return world.fault('nobody has migrated')
  await world.up
  const { life } = world
  const meeting = {
    device,
    certificate: device.certificate,
    place: PLACES.sync,
    agent: device.agent,
    listener: 'sync',
  }
  const fate = books.fate(meeting)
  const socket = dial(world.addressOf('sync'), device.certificate)
  const ended = closed(socket)
  const at = Date.now()
  socket.write('sync?')
  await Promise.race([once(socket, 'data').catch(() => {}), ended])
  const isMet = life === world.life
  if (isMet) books.met(meeting, fate, at)
  else books.mayHaveMet(meeting, fate)
  // Whoever was there a moment ago is pending again, until it comes to 443.
  await world.call(device, { code: 'verified' })
  await settled(world)
  await close(world, false)
  const began = performance.now()
  await ended
  const took = Math.round(performance.now() - began)
  cast.say(`  a connection on the sync port ended ${took} ms after the port was closed`)
  if (life === world.life && took > WITHIN_MS) {
    world.fault(`a connection on the closed port ended after ${took} ms`)
  }
  await world.inForce()
  await world.call(device, { place: PLACES.sync, code: 'listener-closed' })
}

/** Somebody without a certificate may be anybody's device: only force closes the port over him. */
async function closeByForce(world: World): Promise<void> {
  const [device] = world.cast.devices
  if (device === undefined) return world.fault('there are no devices')
  await world.inForce()
  await world.call(device, { place: PLACES.sync, certificate: undefined, code: 'open-route' })
  await settled(world)
  await world.refused(turn('close', { force: false }), 409, 'connections-unidentified')
  await close(world, true)
  await world.inForce()
}

async function close(world: World, force: boolean): Promise<void> {
  const answer = await world.change({
    ...turn('close', { force }),
    trail: { 'port.close': 1 },
    effect: () => {
      world.books.regime.sync = 'closed'
    },
  })
  const { forced } = (answer?.body ?? { forced: force }) as { readonly forced: boolean }
  if (forced !== force) world.fault(`the port was closed with force ${forced}, wanted ${force}`)
}
