/** Three devices are blocked while a body of theirs is under way. */
import type { TLSSocket } from 'node:tls'
import type { Meeting } from './books.ts'
import type { Device } from './devices.ts'
import { PLACES } from './kinds.ts'
import { idsOf } from './reading.ts'
import type { Fate } from './rules.ts'
import { settled } from './settled.ts'
import { closed, dial, headOf } from './visit.ts'
import type { World } from './world.ts'

/** As the documents promise it: on every worker. */
const WITHIN_MS = 2000

/** Their connections end within two seconds, and none of them comes in again. */
export async function block(world: World): Promise<void> {
  const { books, cast } = world
  await settled(world)
  const chosen = cast.devices.filter((device) => isFit(world, device)).slice(-3)
  const { life, open } = await allUnderWay(world, chosen)
  const entries = chosen.map((device) => books.entry(device))
  const began = performance.now()
  await world.change({
    method: 'POST',
    path: '/api/devices/block',
    body: async () => ({ devices: await idsOf(world, entries) }),
    trail: { 'device.block': chosen.length },
    effect: () => {
      for (const entry of entries) Object.assign(entry, { approval: 'blocked', awaiting: false })
    },
  })
  await Promise.all(open.map(({ ended }) => ended))
  const took = Math.round(performance.now() - began)
  const isSame = life === world.life
  for (const { meeting, fate, at } of open) {
    if (isSame) books.met(meeting, fate, at)
    else books.mayHaveMet(meeting, fate)
  }
  if (isSame) {
    cast.say(`  ${chosen.length} connections with a body under way ended after ${took} ms`)
    if (took > WITHIN_MS) world.fault(`blocked connections ended after ${took} ms`)
  } else cast.say('  the program died while bodies were under way')
  await world.inForce()
  for (const device of chosen) await world.call(device, { code: 'blocked' })
}

const isFit = ({ books }: World, device: Device): boolean =>
  device.lot === 'sound' &&
  !device.isLegacy &&
  // Whose class does not change with the path that it is met on.
  device.facts.kind === 'ios-maw' &&
  books.entry(device).approval === 'approved'

/** A request whose body goes on for ever. */
interface UnderWay {
  readonly socket: TLSSocket
  readonly ended: Promise<unknown>
  readonly meeting: Meeting
  readonly fate: Fate
  readonly at: number
}

interface AllUnderWay {
  /** The one that all of them began in. */
  readonly life: number
  readonly open: readonly UnderWay[]
}

/** Requests of them all whose bodies have begun to reach the upstream. */
async function allUnderWay(world: World, devices: readonly Device[]): Promise<AllUnderWay> {
  for (;;) {
    await world.up
    const { life } = world
    const open = await Promise.all(devices.map((device, index) => underWay(world, device, index)))
    if (life === world.life) return { life, open }
    for (const { socket, meeting, fate } of open) {
      socket.destroy()
      world.books.mayHaveMet(meeting, fate)
    }
  }
}

async function underWay(world: World, device: Device, index: number): Promise<UnderWay> {
  const path = `${PLACES.appsData.path}-${index}`
  const { certificate, agent } = device
  const place = { ...PLACES.appsData, path }
  const meeting = { device, certificate, place, agent, listener: 'devices' }
  // The upstream is told of it, and never sees its end.
  const fate = { ...world.books.fate(meeting), upstream: 'nothing' } as const
  const at = Date.now()
  const socket = dial(world.addressOf('devices'), certificate)
  const ended = closed(socket)
  const arrived = world.cast.core.bodyBegan(path)
  socket.write(headOf({ path, userAgent: agent.userAgent }, 'POST', 'Content-Length: 1000000'))
  socket.write('x'.repeat(1000))
  await Promise.race([arrived, ended])
  return { socket, ended, meeting, fate, at }
}
