/** Three devices are blocked while a body of theirs is under way. */
import type { TLSSocket } from 'node:tls'
import type { PlannedRequest } from './expected-state.ts'
import type { Device } from './devices.ts'
import { PLACES } from './client-kinds.ts'
import { idsOf } from './api-numbers.ts'
import type { ExpectedOutcome } from './expected-verdicts.ts'
import { settled } from './settled-numbers.ts'
import { closed, dial, headOf } from './device-request.ts'
import type { Simulation } from './simulation.ts'

/** As the documents promise it: on every worker. */
const WITHIN_MS = 2000

/** Their connections end within two seconds, and none of them comes in again. */
export async function block(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  await settled(simulation)
  const chosen = participants.devices.filter((device) => isFit(simulation, device)).slice(-3)
  const { startCount, open } = await allUnderWay(simulation, chosen)
  const entries = chosen.map((device) => expectedState.entry(device))
  const began = performance.now()
  await simulation.change({
    method: 'POST',
    path: '/api/devices/block',
    body: async () => ({ devices: await idsOf(simulation, entries) }),
    trail: { 'device.block': chosen.length },
    effect: () => {
      for (const entry of entries) Object.assign(entry, { approval: 'blocked', awaiting: false })
    },
  })
  await Promise.all(open.map(({ ended }) => ended))
  const took = Math.round(performance.now() - began)
  const isSame = startCount === simulation.startCount
  for (const { planned, expectedOutcome, at } of open) {
    if (isSame) expectedState.countAnswered(planned, expectedOutcome, at)
    else expectedState.countMaybe(planned, expectedOutcome)
  }
  if (isSame) {
    participants.say(`  ${chosen.length} connections with a body under way ended after ${took} ms`)
    if (took > WITHIN_MS) simulation.fault(`blocked connections ended after ${took} ms`)
  } else participants.say('  the program died while bodies were under way')
  await simulation.inForce()
  for (const device of chosen) await simulation.call(device, { code: 'blocked' })
}

const isFit = ({ expectedState }: Simulation, device: Device): boolean =>
  device.lot === 'sound' &&
  !device.isLegacy &&
  // Whose class does not change with the path that it is met on.
  device.facts.kind === 'ios-mdm' &&
  expectedState.entry(device).approval === 'approved'

/** A request whose body goes on for ever. */
interface UnderWay {
  readonly socket: TLSSocket
  readonly ended: Promise<unknown>
  readonly planned: PlannedRequest
  readonly expectedOutcome: ExpectedOutcome
  readonly at: number
}

interface AllUnderWay {
  /** The one that all of them began in. */
  readonly startCount: number
  readonly open: readonly UnderWay[]
}

/** Requests of them all whose bodies have begun to reach the upstream. */
async function allUnderWay(
  simulation: Simulation,
  devices: readonly Device[],
): Promise<AllUnderWay> {
  for (;;) {
    await simulation.up
    const { startCount } = simulation
    const open = await Promise.all(
      devices.map((device, index) => underWay(simulation, device, index)),
    )
    if (startCount === simulation.startCount) return { startCount, open }
    for (const { socket, planned, expectedOutcome } of open) {
      socket.destroy()
      simulation.expectedState.countMaybe(planned, expectedOutcome)
    }
  }
}

async function underWay(simulation: Simulation, device: Device, index: number): Promise<UnderWay> {
  const path = `${PLACES.appsData.path}-${index}`
  const { certificate, agent } = device
  const place = { ...PLACES.appsData, path }
  const planned = { device, certificate, place, agent, listener: 'devices' }
  // The upstream is told of it, and never sees its end.
  const expectedOutcome = {
    ...simulation.expectedState.expectedOutcome(planned),
    upstream: 'nothing',
  } as const
  const at = Date.now()
  const socket = dial(simulation.addressOf('devices'), certificate)
  const ended = closed(socket)
  const arrived = simulation.participants.core.bodyBegan(path)
  socket.write(headOf({ path, userAgent: agent.userAgent }, 'POST', 'Content-Length: 1000000'))
  // More than is gathered before the upstream is asked.
  socket.write('x'.repeat(20_000))
  await Promise.race([arrived, ended])
  return { socket, ended, planned, expectedOutcome, at }
}
