/** The sync port: closing it is refused for every reason there is, then allowed; connections on it end with it. */
import { once } from 'node:events'
import { enableNew } from './latch-and-oauth.ts'
import { PLACES } from './client-kinds.ts'
import { move } from './migration.ts'
import { expectNumber, sends } from './enrollment-and-approval.ts'
import { idsOf } from './api-numbers.ts'
import { settled } from './settled-numbers.ts'
import { closed, dial } from './device-request.ts'
import type { Simulation } from './simulation.ts'

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
export async function syncPort(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const closing = turn('close', { force: false })
  await settled(simulation)
  const { body } = await simulation.refused(closing, 409, 'devices-pending')
  const reasons = (body as { readonly faults?: readonly unknown[] }).faults ?? []
  expectNumber(simulation, 'reasons against closing the port', [reasons.length, 2])
  await simulation.refused(enableNew, 409, 'devices-pending')
  await simulation.each(
    participants.devices.filter(({ isLegacy }) => isLegacy),
    (device) => move(simulation, device),
  )
  await settled(simulation)
  await simulation.refused(closing, 409, 'devices-never-met')
  for (const absent of participants.absentDevices) {
    const [found] = await idsOf(simulation, [expectedState.entry(absent)])
    const path = `/api/devices/${found?.id ?? 'unknown'}`
    await simulation.change({
      method: 'DELETE',
      path,
      versionAt: path,
      trail: { 'device.forget': 1 },
      effect: () => expectedState.forget(absent),
    })
  }
  await simulation.refused(enableNew, 409, 'sync-port-open')
  await closeWithDevicesLeft(simulation)
  await simulation.change({
    ...turn('open'),
    trail: { 'port.open': 1 },
    effect: () => {
      expectedState.policyState.sync = 'open'
    },
  })
  await closeByForce(simulation)
}

/** Closes the port while a client talks on it. */
async function closeWithDevicesLeft(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const device = participants.devices.find(
    (one) => expectedState.entry(one).migration === 'success',
  )
  if (device === undefined) return simulation.fault('no device has migrated')
  await simulation.up
  const { startCount } = simulation
  const planned = {
    device,
    certificate: device.certificate,
    place: PLACES.sync,
    agent: device.agent,
    listener: 'sync',
  }
  const expectedOutcome = expectedState.expectedOutcome(planned)
  const socket = dial(simulation.addressOf('sync'), device.certificate)
  const ended = closed(socket)
  const at = Date.now()
  socket.write('sync?')
  await Promise.race([once(socket, 'data').catch(() => {}), ended])
  const isMet = startCount === simulation.startCount
  if (isMet) expectedState.countAnswered(planned, expectedOutcome, at)
  else expectedState.countMaybe(planned, expectedOutcome)
  // A device that was there a moment ago is pending again, until it comes to 443.
  await simulation.call(device, { code: 'verified' })
  await settled(simulation)
  await close(simulation, false)
  const began = performance.now()
  await ended
  const took = Math.round(performance.now() - began)
  participants.say(`  a connection on the sync port ended ${took} ms after the port was closed`)
  if (startCount === simulation.startCount && took > WITHIN_MS) {
    simulation.fault(`a connection on the closed port ended after ${took} ms`)
  }
  await simulation.inForce()
  await simulation.call(device, { place: PLACES.sync, code: 'listener-closed' })
}

/** A client without a certificate may be any device: only force closes the port over it. */
async function closeByForce(simulation: Simulation): Promise<void> {
  const [device] = simulation.participants.devices
  if (device === undefined) return simulation.fault('there are no devices')
  await simulation.inForce()
  await simulation.call(device, { place: PLACES.sync, certificate: undefined, code: 'open-route' })
  await settled(simulation)
  await simulation.refused(turn('close', { force: false }), 409, 'connections-unidentified')
  await close(simulation, true)
  await simulation.inForce()
}

async function close(simulation: Simulation, force: boolean): Promise<void> {
  const answer = await simulation.change({
    ...turn('close', { force }),
    trail: { 'port.close': 1 },
    effect: () => {
      simulation.expectedState.policyState.sync = 'closed'
    },
  })
  const { forced } = (answer?.body ?? { forced: force }) as { readonly forced: boolean }
  if (forced !== force)
    simulation.fault(`the port was closed with force ${forced}, wanted ${force}`)
}
