/** Three devices are blocked while a body of theirs is under way. */
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { Device } from './devices.ts'
import { PLACES } from './kinds.ts'
import { register } from './reading.ts'
import { settled } from './table.ts'
import { dial, headOf } from './visit.ts'
import type { World } from './world.ts'

/** As the documents promise it: on every worker. */
const WITHIN_MS = 2000

/** Their connections end within two seconds, and none of them comes in again. */
export async function block(world: World): Promise<void> {
  const { books, cast } = world
  await settled(world)
  const { idOf } = await register(world)
  const chosen = cast.devices.filter((device) => isFit(world, device)).slice(-3)
  const open = await Promise.all(chosen.map((device, index) => underWay(world, device, index)))
  const ends = open.map(({ socket }) => once(socket, 'close'))
  const began = performance.now()
  await world.change({
    method: 'POST',
    path: '/api/devices/block',
    body: { devices: chosen.map((device) => ({ id: idOf.get(books.entry(device)) ?? 'unknown' })) },
    trail: { 'device.block': chosen.length },
  })
  await Promise.all(ends)
  const took = Math.round(performance.now() - began)
  cast.say(
    `  ${chosen.length} connections with a body under way ended ${took} ms after the call began`,
  )
  if (took > WITHIN_MS) world.fault(`blocked connections ended after ${took} ms`)
  for (const { meeting, fate } of open) books.met(meeting, { ...fate, upstream: 'nothing' })
  for (const device of chosen)
    Object.assign(books.entry(device), { approval: 'blocked', awaiting: false })
  await world.inForce()
  for (const device of chosen) await world.call(device, { code: 'blocked' })
}

const isFit = ({ books }: World, device: Device): boolean =>
  device.lot === 'sound' &&
  // Whose class does not change with the path that it is met on.
  device.facts.kind === 'ios-maw' &&
  books.entry(device).approval === 'approved'

/** A request whose body has begun to reach the upstream, and goes on for ever. */
async function underWay(world: World, device: Device, index: number) {
  await world.up
  const path = `${PLACES.appsData.path}-${index}`
  const meeting = {
    device,
    certificate: device.certificate,
    place: { ...PLACES.appsData, path },
    agent: device.agent,
    listener: 'devices',
  }
  const fate = world.books.fate(meeting)
  const socket: TLSSocket = dial(world.address, device.certificate)
  socket.on('error', () => {})
  const arrived = world.cast.core.bodyBegan(path)
  const { userAgent } = device.agent
  socket.write(headOf({ path, userAgent }, 'POST', 'Content-Length: 1000000'))
  socket.write('x'.repeat(1000))
  await arrived
  return { socket, meeting, fate }
}
