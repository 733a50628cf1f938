/** A new CA takes over: staged, tried by pilots, foretold, promoted; then devices renew. */
import { setTimeout as pause } from 'node:timers/promises'
import { issue, SETTING_NAMES, type Certificate, type Device } from './devices.ts'
import { PLACES } from './kinds.ts'
import { approveSelected, expectNumber, sends } from './opening.ts'
import { settled } from './settled.ts'
import type { World } from './world.ts'

const NEXT = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.next)}`
const OLD = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.old)}`
const DAY = 86_400_000

/** The new chain is staged, previewed and promoted; the old CA is previously trusted from then on. */
export async function bridge(world: World): Promise<void> {
  const { books, cast } = world
  const { regime } = books
  const chain = cast.authorities.next.pem
  const upload = {
    method: 'POST',
    path: '/api/enrollment-settings',
    body: sends({ name: SETTING_NAMES.next, source: 'local', chain }),
  } as const
  await world.change({
    ...upload,
    trail: { 'enrollment.stage': 1 },
    effect: () => {
      regime.standings.next = 'staged'
    },
  })
  await world.refused(upload, 422, 'chain-faulty')
  const removal = {
    method: 'POST',
    path: `${OLD}/remove`,
    body: sends({ force: false }),
    versionAt: OLD,
  } as const
  await world.refused(removal, 409, 'standing-refused')
  await world.inForce()
  const pilots = soundOnes(world).slice(-3)
  await world.each(pilots, async (device) => {
    const { keys } = certificateOf(device)
    device.certificate = issue(device, cast.authorities, { issuer: 'next', keys })
    await world.call(device, { code: 'staged' })
  })
  await foretell(world)
  await world.change({
    method: 'POST',
    path: `${NEXT}/promote`,
    body: sends({ cut_off: 'not-before', sunset: null }),
    versionAt: NEXT,
    trail: { 'enrollment.promote': 1, 'enrollment.retire': 1 },
    effect: () => {
      Object.assign(regime.standings, { next: 'current', old: 'previously-trusted' })
      regime.retiredAt = Date.now()
    },
  })
  await world.inForce()
  await world.each(pilots, (device) => world.call(device, { code: 'verified' }))
}

/** What promoting would do: nothing to those under the old CA as long as it has no sunset, and good to the pilots. */
async function foretell(world: World): Promise<void> {
  await settled(world)
  const entries = [...world.books.entries.values()]
  const under = (name: string): number => entries.filter(({ setting }) => setting === name).length
  const pilots = under(SETTING_NAMES.next)
  const path = `${NEXT}/preview`
  const asked = { change: 'promote', cut_off: 'not-before' }
  const plain = await world.ask({ method: 'POST', path, body: sends(asked) })
  const sunset = new Date(Date.now() + DAY).toISOString()
  const at = new Date(Date.now() + 2 * DAY).toISOString()
  const dated = await world.ask({
    method: 'POST',
    path,
    body: sends({ ...asked, sunset, at }),
  })
  expectNumber(world, 'judged by the preview', [
    told(plain.body).judged,
    under(SETTING_NAMES.old) + pilots,
  ])
  expectNumber(world, 'change by the preview', [changing(plain.body), pilots])
  expectNumber(world, 'change by the preview once there is a sunset and it has come', [
    changing(dated.body),
    under(SETTING_NAMES.old) + pilots,
  ])
}

interface Foretold {
  readonly judged: number
  readonly changes: readonly { readonly devices: number }[]
}

const told = (body: unknown): Foretold => body as Foretold
const changing = (body: unknown): number =>
  told(body).changes.reduce((sum, { devices }) => sum + devices, 0)

/** 40 renew: those in grace and others, some with the key they had, some with a new one and the id that the CA signs. */
export async function renew(world: World): Promise<void> {
  const { devices } = world.cast
  const inGrace = devices.filter(({ lot }) => lot === 'in-grace')
  const others = soundOnes(world).slice(0, Math.max(2, Math.round(devices.length / 20)))
  const renewing = [...inGrace, ...others]
  await world.each(renewing, async (device) => {
    const code = device.lot === 'in-grace' ? 'in-grace' : 'verified'
    await renewOne(world, device, { code, keepsKey: renewing.indexOf(device) % 2 === 0 })
  })
  world.cast.say(
    `  ${renewing.length} renewed, ${inGrace.length} of them in grace, every other one with the key it had`,
  )
}

/** Asks for a new certificate with the old one, and checks in with the new one. */
export async function renewOne(
  world: World,
  device: Device,
  { code, keepsKey }: { readonly code: string; readonly keepsKey: boolean },
): Promise<void> {
  const { keys } = certificateOf(device)
  await world.call(device, { place: PLACES.renewal, code })
  device.certificate = issue(device, world.cast.authorities, {
    issuer: 'next',
    keys: keepsKey ? keys : undefined,
  })
  await world.call(device, { code: 'verified' })
}

/**
 * Whoever is beyond grace registers again; whoever came with a stranger's certificate gets one of ours; what the old CA
 * issues after its retirement is refused; and those who could not be approved before are.
 */
export async function late(world: World): Promise<void> {
  const { books, cast } = world
  const [beyond, strange] = [
    cast.devices.filter(({ lot }) => lot === 'beyond-grace'),
    cast.devices.filter(({ lot }) => lot === 'stranger'),
  ]
  await world.each(beyond, async (device) => {
    await world.call(device, { place: PLACES.renewal, code: 'expired-beyond-grace' })
    await world.call(device, {
      place: PLACES.registration,
      certificate: undefined,
      code: 'open-route',
    })
    device.certificate = issue(device, cast.authorities, { issuer: 'next' })
    await world.call(device, { code: 'verified' })
  })
  await world.each(strange, async (device) => {
    const { keys } = certificateOf(device)
    device.certificate = issue(device, cast.authorities, { issuer: 'next', keys })
    await world.call(device, { code: 'verified' })
  })
  await issuedLate(world)
  await approveSelected(
    world,
    [...books.entries.values()].filter(({ device }) => device.lot !== 'ghost'),
  )
  await world.inForce()
}

/** The retired CA issues once more; its certificate counts for nothing. */
async function issuedLate(world: World): Promise<void> {
  const { books, cast } = world
  const [device] = soundOnes(world)
  if (device === undefined) return world.fault('nobody is left under the old CA')
  const honest = certificateOf(device)
  const notBefore = Math.ceil((books.regime.retiredAt + 1) / 1000) * 1000
  // A certificate counts from its first second on.
  await pause(Math.max(0, notBefore - Date.now()))
  device.certificate = issue(device, cast.authorities, {
    issuer: 'old',
    keys: honest.keys,
    notBefore,
  })
  await world.call(device, { code: 'issued-after-retirement' })
  device.certificate = honest
  await world.call(device, { code: 'verified' })
}

/** Agents that could not authenticate are replaced by some that can; their devices prove to be those of the inventory. */
export async function upgradeAgents(world: World): Promise<void> {
  const { books, cast } = world
  const upgraded = cast.devices.filter(({ lot }) => lot === 'old-agent')
  await world.each(upgraded, async (device) => {
    device.agent = device.facts
    device.certificate = issue(device, cast.authorities, { issuer: 'next' })
    await world.call(device, { code: 'verified' })
  })
  await approveSelected(
    world,
    upgraded.map((device) => books.entry(device)),
  )
  await world.inForce()
  // Everybody is green once they have been seen again.
  await world.each(
    cast.devices.filter((device) => books.entry(device).awaiting),
    (device) => world.call(device),
  )
}

/** Devices that still have the first certificate that they began with, and nothing strange about them. */
const soundOnes = ({ cast }: World): readonly Device[] =>
  cast.devices.filter(
    ({ lot, isLegacy, facts, certificate }) =>
      lot === 'sound' &&
      !isLegacy &&
      facts.checkIn.asks === 'device' &&
      certificate?.issuer === 'old',
  )

export function certificateOf(device: Device): Certificate {
  if (device.certificate === undefined) throw new Error(`${device.name} has no certificate`)
  return device.certificate
}
