/** The first chapters: the office, the registrations, the first check-ins, the approvals. */
import type { Device } from './devices.ts'
import type { Entry } from './books.ts'
import { MINIMUMS, PLACES } from './kinds.ts'
import { idsOf } from './reading.ts'
import { settled } from './settled.ts'
import type { World } from './world.ts'

/** Approval is manual, old agents are named, and the inventory says who should be there. */
export async function setUp(world: World): Promise<void> {
  const { books, cast } = world
  await world.change({
    method: 'PUT',
    path: '/api/settings/approval-model',
    body: sends({ model: 'manual' }),
    versionAt: '/api/settings/approval-model',
    trail: { 'document.put': 1 },
    effect: () => {
      books.regime.model = 'manual'
    },
  })
  await world.change({
    method: 'PUT',
    path: '/api/settings/agent-minimums',
    body: sends({ minimums: MINIMUMS }),
    versionAt: '/api/settings/agent-minimums',
    trail: { 'document.put': 1 },
    effect: () => {
      books.minimums = MINIMUMS
    },
  })
  await expectDevices(world, [...cast.devices.filter(({ listed }) => listed), ...cast.ghosts])
  await world.inForce()
}

/** An inventory is imported; entries of devices that proved to be theirs are linked to them. */
async function expectDevices(world: World, expected: readonly Device[]): Promise<void> {
  const { books } = world
  const isThere = (device: Device): boolean => books.entries.get(device.name) !== undefined
  const linked = expected.filter(
    (device) => isThere(device) && books.entry(device).inventory === null,
  )
  const known = expected.filter(isThere)
  const answer = await world.change({
    method: 'POST',
    path: '/api/inventory',
    body: sends({ devices: expected.map(entryOf) }),
    trail: { 'inventory.import': 1 },
    effect: () => {
      for (const device of expected) books.expects(device)
    },
  })
  if (answer === undefined) return
  const told = answer.body as Readonly<Record<'added' | 'linked' | 'updated', number>>
  expectNumber(world, 'added to the inventory', [told.added, expected.length - known.length])
  expectNumber(world, 'updated in the inventory', [told.updated, known.length])
  expectNumber(world, 'linked to devices that were seen', [told.linked, linked.length])
}

const entryOf = ({ urn, name, facts, agent }: Device): object => ({
  id: urn,
  name,
  class: facts.kind,
  agent: agent.product,
  ...(agent.version === null ? {} : { agent_version: agent.version }),
})

/** Nobody has a certificate yet, as far as the open route is concerned. */
export async function register(world: World): Promise<void> {
  await world.each(world.cast.devices, (device) =>
    world.call(device, { place: PLACES.registration, certificate: undefined, code: 'open-route' }),
  )
}

/** Whoever checks in is judged and let pass; some of them go on to what is for approved devices. */
export async function checkIn(world: World): Promise<void> {
  const { devices } = world.cast
  await world.each(devices, (device) => world.call(device))
  await world.each(impatient(devices), (device) =>
    world.call(device, { place: PLACES.appsData, code: 'unapproved' }),
  )
}

/** The inventory is completed; whoever was seen already is linked to it by the id that the CA signed. */
export async function completeInventory(world: World): Promise<void> {
  await settled(world)
  const { devices } = world.cast
  await expectDevices(
    world,
    devices.filter(({ lot }) => lot !== 'stranger'),
  )
}

/** Those who want more than checking in before anybody approved them. */
const impatient = (devices: readonly Device[]): readonly Device[] =>
  devices
    .filter(({ lot, isLegacy, facts }) => lot === 'sound' && !isLegacy && facts.kind === 'ios-maw')
    .slice(0, 30)

/** Everybody is selected; those with a valid certificate are approved, and green when they come back. */
export async function approve(world: World): Promise<void> {
  const { books, cast } = world
  const seen = [...books.entries.values()].filter(({ device }) => device.lot !== 'ghost')
  await approveSelected(world, seen)
  await world.inForce()
  await world.each(cast.devices.slice(0, cast.devices.length / 2), (device) => world.call(device))
}

/** Approve selected, and what it says of each; the rest of the chapter knows who was approved. */
export async function approveSelected(world: World, selected: readonly Entry[]): Promise<void> {
  // What an approval goes by has to have arrived.
  await settled(world)
  const now = Date.now()
  const isValid = ({ notAfter, verdict, code }: Entry): boolean =>
    notAfter !== null && notAfter >= now && (verdict === 'admit' || code === 'unapproved')
  const wanted = selected.filter((entry) => entry.approval === 'unapproved' && isValid(entry))
  const unfit = selected.filter((entry) => entry.approval === 'unapproved' && !isValid(entry))
  const others = selected.length - wanted.length - unfit.length
  const answer = await world.change({
    method: 'POST',
    path: '/api/devices/approve',
    body: async () => ({ devices: await idsOf(world, selected) }),
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
  expectNumber(world, 'approved', [changed.length, wanted.length])
  expectNumber(world, 'left for want of a valid certificate', [
    because('no-valid-certificate'),
    unfit.length,
  ])
  expectNumber(world, 'left because they were approved or blocked before', [
    because('already', 'blocked'),
    others,
  ])
}

/** What is sent, the same each time. */
export const sends = (body: object) => (): Promise<object> => Promise.resolve(body)

/** A number in an answer beside that of the books. */
export function expectNumber(
  world: World,
  what: string,
  [found, wanted]: readonly [number, number],
): void {
  world.cast.say(`  ${what}: ${wanted} in the books, ${found} from the API`)
  if (found !== wanted) world.fault(`${what}: ${found} from the API, ${wanted} in the books`)
}
