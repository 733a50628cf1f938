/** The first chapters: the office, the registrations, the first check-ins, the approvals. */
import type { Device } from './devices.ts'
import type { Entry } from './books.ts'
import { MINIMUMS, PLACES } from './kinds.ts'
import { register as registerOf } from './reading.ts'
import { settled } from './table.ts'
import type { World } from './world.ts'

/** Approval is manual, old agents are named, and the inventory says who should be there. */
export async function setUp(world: World): Promise<void> {
  const { books, cast } = world
  await world.change({
    method: 'PUT',
    path: '/api/settings/approval-model',
    body: { model: 'manual' },
    versionAt: '/api/settings/approval-model',
    trail: { 'document.put': 1 },
  })
  books.regime.model = 'manual'
  await world.change({
    method: 'PUT',
    path: '/api/settings/agent-minimums',
    body: { minimums: MINIMUMS },
    versionAt: '/api/settings/agent-minimums',
    trail: { 'document.put': 1 },
  })
  books.minimums = MINIMUMS
  const expected = [...cast.devices.filter(({ listed }) => listed), ...cast.ghosts]
  const { body } = await world.change({
    method: 'POST',
    path: '/api/inventory',
    body: { devices: expected.map(entryOf) },
    trail: { 'inventory.import': 1 },
  })
  for (const device of expected) books.expects(device)
  const { added } = body as { readonly added: number }
  if (added !== expected.length) world.fault(`the import added ${added}, wanted ${expected.length}`)
  await world.inForce()
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

/** Those who want more than checking in before anybody approved them. */
const impatient = (devices: readonly Device[]): readonly Device[] =>
  devices.filter(({ lot, facts }) => lot === 'sound' && facts.kind === 'ios-maw').slice(0, 30)

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
  const { idOf } = await registerOf(world)
  const now = Date.now()
  const isValid = ({ notAfter }: Entry): boolean => notAfter !== null && notAfter >= now
  const wanted = selected.filter((entry) => entry.approval === 'unapproved' && isValid(entry))
  const { body } = await world.change({
    method: 'POST',
    path: '/api/devices/approve',
    body: { devices: selected.map((entry) => ({ id: idOf.get(entry) ?? 'unknown' })) },
    trail: { 'device.approve': wanted.length },
  })
  for (const entry of wanted) Object.assign(entry, { approval: 'approved', awaiting: true })
  const { changed, left } = body as {
    readonly changed: readonly string[]
    readonly left: readonly { readonly why: string }[]
  }
  const reasons = left.map(({ why }) => why)
  const unfit = selected.filter(
    (entry) => entry.approval === 'unapproved' && !isValid(entry),
  ).length
  const others = selected.length - wanted.length - unfit
  expectNumber(world, 'approved', [changed.length, wanted.length])
  expectNumber(world, 'left for want of a valid certificate', [
    reasons.filter((why) => why === 'no-valid-certificate').length,
    unfit,
  ])
  expectNumber(world, 'left because they were approved or blocked before', [
    reasons.filter((why) => why === 'already' || why === 'blocked').length,
    others,
  ])
}

/** A number in an answer beside that of the books. */
export function expectNumber(
  world: World,
  what: string,
  [found, wanted]: readonly [number, number],
): void {
  world.cast.say(`  ${what}: ${wanted} in the books, ${found} from the API`)
  if (found !== wanted) world.fault(`${what}: ${found} from the API, ${wanted} in the books`)
}
