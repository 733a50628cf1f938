/** The first chapters: the set-up over the admin API, the registrations, the first check-ins, the approvals. */
import type { Device } from './devices.ts'
import type { ExpectedDevice } from './expected-state.ts'
import { MINIMUMS, PLACES } from './client-kinds.ts'
import { idsOf } from './api-numbers.ts'
import { settled } from './settled-numbers.ts'
import type { Simulation } from './simulation.ts'

/** Approval is manual, old agents are named, and the inventory says who should be there. */
export async function setUp(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  await simulation.change({
    method: 'PUT',
    path: '/api/settings/approval-model',
    body: sends({ model: 'manual' }),
    versionAt: '/api/settings/approval-model',
    trail: { 'document.put': 1 },
    effect: () => {
      expectedState.policyState.model = 'manual'
    },
  })
  await simulation.change({
    method: 'PUT',
    path: '/api/settings/agent-minimums',
    body: sends({ minimums: MINIMUMS }),
    versionAt: '/api/settings/agent-minimums',
    trail: { 'document.put': 1 },
    effect: () => {
      expectedState.minimums = MINIMUMS
    },
  })
  await expectDevices(simulation, [
    ...participants.devices.filter(({ listed }) => listed),
    ...participants.absentDevices,
  ])
  await simulation.inForce()
}

/** An inventory is imported; entries of devices that proved to be theirs are linked to them. */
async function expectDevices(simulation: Simulation, expected: readonly Device[]): Promise<void> {
  const { expectedState } = simulation
  const isThere = (device: Device): boolean => expectedState.entries.get(device.name) !== undefined
  const linked = expected.filter(
    (device) => isThere(device) && expectedState.entry(device).inventory === null,
  )
  const known = expected.filter(isThere)
  const answer = await simulation.change({
    method: 'POST',
    path: '/api/inventory',
    body: sends({ devices: expected.map(entryOf) }),
    trail: { 'inventory.import': 1 },
    effect: () => {
      for (const device of expected) expectedState.expects(device)
    },
  })
  if (answer === undefined) return
  const told = answer.body as Readonly<Record<'added' | 'linked' | 'updated', number>>
  expectNumber(simulation, 'added to the inventory', [told.added, expected.length - known.length])
  expectNumber(simulation, 'updated in the inventory', [told.updated, known.length])
  expectNumber(simulation, 'linked to devices that were seen', [told.linked, linked.length])
}

const entryOf = ({ urn, name, facts, agent }: Device): object => ({
  id: urn,
  name,
  class: facts.kind,
  agent: agent.product,
  ...(agent.version === null ? {} : { agent_version: agent.version }),
})

/** No device has a certificate yet, as far as the open route is concerned. */
export async function register(simulation: Simulation): Promise<void> {
  await simulation.each(simulation.participants.devices, (device) =>
    simulation.call(device, {
      place: PLACES.registration,
      certificate: undefined,
      code: 'open-route',
    }),
  )
}

/** A device that checks in is judged and let pass; some of them go on to what is for approved devices. */
export async function checkIn(simulation: Simulation): Promise<void> {
  const { devices } = simulation.participants
  await simulation.each(devices, (device) => simulation.call(device))
  await simulation.each(impatient(devices), (device) =>
    simulation.call(device, { place: PLACES.appsData, code: 'verified' }),
  )
}

/** The inventory is completed; a device that was seen already is linked to it by the id that the CA signed. */
export async function completeInventory(simulation: Simulation): Promise<void> {
  await settled(simulation)
  const { devices } = simulation.participants
  await expectDevices(
    simulation,
    devices.filter(({ lot }) => lot !== 'stranger'),
  )
}

/** Those who want more than checking in before they are approved, and get it while certificates are recorded. */
const impatient = (devices: readonly Device[]): readonly Device[] =>
  devices
    .filter(({ lot, isLegacy, facts }) => lot === 'sound' && !isLegacy && facts.kind === 'ios-maw')
    .slice(0, 30)

/** Everybody is selected; those with a valid certificate are approved, and green when they come back. */
export async function approve(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const seen = expectedState.all.filter(({ device }) => device.lot !== 'ghost')
  await approveSelected(simulation, seen)
  await simulation.inForce()
  await simulation.each(participants.devices.slice(0, participants.devices.length / 2), (device) =>
    simulation.call(device),
  )
}

/** Approve selected, and what it says of each; the rest of the chapter knows who was approved. */
export async function approveSelected(
  simulation: Simulation,
  selected: readonly ExpectedDevice[],
): Promise<void> {
  // What an approval goes by has to have arrived.
  await settled(simulation)
  const now = Date.now()
  const isValid = ({ notAfter, verdict, code }: ExpectedDevice): boolean =>
    notAfter !== null && notAfter >= now && (verdict === 'admit' || code === 'unapproved')
  const wanted = selected.filter((entry) => entry.approval === 'unapproved' && isValid(entry))
  const unfit = selected.filter((entry) => entry.approval === 'unapproved' && !isValid(entry))
  const others = selected.length - wanted.length - unfit.length
  const answer = await simulation.change({
    method: 'POST',
    path: '/api/devices/approve',
    body: async () => ({ devices: await idsOf(simulation, selected) }),
    trail: { 'device.approve': wanted.length },
    effect: () => {
      for (const entry of wanted) Object.assign(entry, { approval: 'approved', awaiting: true })
    },
  })
  if (answer === undefined) return
  const { changed, left } = answer.body as {
    readonly changed: readonly string[]
    readonly left: readonly { readonly why: string }[]
  }
  const because = (...reasons: readonly string[]): number =>
    left.filter(({ why }) => reasons.includes(why)).length
  expectNumber(simulation, 'approved', [changed.length, wanted.length])
  expectNumber(simulation, 'left for want of a valid certificate', [
    because('no-valid-certificate'),
    unfit.length,
  ])
  expectNumber(simulation, 'left because they were approved or blocked before', [
    because('already', 'blocked'),
    others,
  ])
}

/** What is sent, the same each time. */
export const sends = (body: object) => (): Promise<object> => Promise.resolve(body)

/** A number or a word in an answer beside the expected one. */
export function expectNumber(
  simulation: Simulation,
  what: string,
  [found, wanted]: readonly [number, number] | readonly [string, string],
): void {
  simulation.participants.say(`  ${what}: ${wanted} expected, ${found} from the API`)
  if (found !== wanted) simulation.fault(`${what}: ${found} from the API, ${wanted} expected`)
}
