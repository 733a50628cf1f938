/** A new CA takes over: staged, tried by pilots, foretold, promoted; then devices renew. */
import { setTimeout as pause } from 'node:timers/promises'
import { issue, SETTING_NAMES, type Certificate, type Device } from './devices.ts'
import { PLACES } from './client-kinds.ts'
import { approveSelected, expectNumber, sends } from './enrollment-and-approval.ts'
import { alteredBy, alteredText, judgedBy } from './expected-previews.ts'
import { listed } from './expected-numbers.ts'
import { settled } from './settled-numbers.ts'
import type { Simulation } from './simulation.ts'

const NEXT = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.next)}`
const OLD = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.old)}`
const DAY = 86_400_000

/** The new chain is staged, previewed and promoted; the old CA is previously trusted from then on. */
export async function bridge(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const { policyState } = expectedState
  const chain = participants.authorities.next.pem
  const upload = {
    method: 'POST',
    path: '/api/enrollment-settings',
    body: sends({ name: SETTING_NAMES.next, source: 'local', chain }),
  } as const
  await simulation.change({
    ...upload,
    trail: { 'enrollment.stage': 1 },
    effect: () => {
      policyState.standings.next = 'staged'
    },
  })
  await simulation.refused(upload, 422, 'chain-faulty')
  const removal = {
    method: 'POST',
    path: `${OLD}/remove`,
    body: sends({ force: false }),
    versionAt: OLD,
  } as const
  await simulation.refused(removal, 409, 'standing-refused')
  await simulation.inForce()
  const pilots = soundOnes(simulation).slice(-3)
  await simulation.each(pilots, async (device) => {
    const { keys } = certificateOf(device)
    device.certificate = issue(device, participants.authorities, { issuer: 'next', keys })
    await simulation.call(device, { code: 'staged' })
  })
  await foretell(simulation)
  await simulation.change({
    method: 'POST',
    path: `${NEXT}/promote`,
    body: sends({ cut_off: 'not-before', sunset: null }),
    versionAt: NEXT,
    trail: { 'enrollment.promote': 1, 'enrollment.retire': 1 },
    effect: () => {
      Object.assign(policyState.standings, { next: 'current', old: 'previously-trusted' })
      policyState.retiredAt = Date.now()
    },
  })
  await simulation.inForce()
  await simulation.each(pilots, (device) => simulation.call(device, { code: 'verified' }))
}

/** What promoting would do: nothing to those under the old CA as long as it has no sunset, and good to the pilots. */
async function foretell(simulation: Simulation): Promise<void> {
  await settled(simulation)
  const { expectedState } = simulation
  const path = `${NEXT}/preview`
  const asked = { change: 'promote', cut_off: 'not-before' }
  const plain = await simulation.ask({ method: 'POST', path, body: sends(asked) })
  const [sunset, at] = [Date.now() + DAY, Date.now() + 2 * DAY]
  const [ends, moment] = [sunset, at].map((time) => new Date(time).toISOString())
  const dated = await simulation.ask({
    method: 'POST',
    path,
    body: sends({ ...asked, sunset: ends, at: moment }),
  })
  const after = {
    ...expectedState.policyState,
    standings: { next: 'current', old: 'previously-trusted' },
    retiredAt: Date.now(),
  } as const
  expectNumber(simulation, 'judged by the preview', [
    told(plain.body).judged,
    judgedBy(expectedState),
  ])
  expectNumber(simulation, 'altered by the preview', [
    changing(plain.body),
    listed(alteredBy(expectedState, { after, now: Date.now() })),
  ])
  expectNumber(simulation, 'altered by the preview once there is a sunset and it has come', [
    changing(dated.body),
    listed(alteredBy(expectedState, { after: { ...after, sunset }, now: at })),
  ])
}

interface Preview {
  readonly judged: number
  readonly changes: readonly {
    readonly setting: string | null
    readonly from: string
    readonly to: string
    readonly admitted: boolean
    readonly stays_admitted: boolean
    readonly devices: number
  }[]
}

const told = (body: unknown): Preview => body as Preview
const changing = (body: unknown): string =>
  listed(
    new Map(
      told(body).changes.map(({ setting, stays_admitted: staysAdmitted, devices, ...it }) => [
        alteredText(setting, { ...it, staysAdmitted }),
        devices,
      ]),
    ),
  )

/** 40 renew: those in grace and others, some with the key they had, some with a new one and the id that the CA signs. */
export async function renew(simulation: Simulation): Promise<void> {
  const { devices } = simulation.participants
  const inGrace = devices.filter(({ lot }) => lot === 'in-grace')
  const others = soundOnes(simulation).slice(0, Math.max(2, Math.round(devices.length / 20)))
  const renewing = [...inGrace, ...others]
  await simulation.each(renewing, async (device) => {
    const code = device.lot === 'in-grace' ? 'in-grace' : 'verified'
    await renewOne(simulation, device, { code, keepsKey: renewing.indexOf(device) % 2 === 0 })
  })
  simulation.participants.say(
    `  ${renewing.length} renewed, ${inGrace.length} of them in grace, every other one with the key it had`,
  )
}

/** How a device renews. */
export interface Renewal {
  /** What the request for it comes to. */
  readonly code: string
  readonly keepsKey: boolean
}

/** Asks for a new certificate with the old one, and shows the new one. */
export async function renewOne(
  simulation: Simulation,
  device: Device,
  { code, keepsKey }: Renewal,
): Promise<void> {
  const { keys } = certificateOf(device)
  await simulation.call(device, { place: PLACES.renewal, code })
  device.certificate = issue(device, simulation.participants.authorities, {
    issuer: 'next',
    keys: keepsKey ? keys : undefined,
  })
  await simulation.call(device, { code: 'verified' })
}

/**
 * A device beyond grace registers again; one that came with a stranger's certificate gets one of ours; what the old CA
 * issues after its retirement is refused; and those who could not be approved before are.
 */
export async function late(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const [beyond, strange] = [
    participants.devices.filter(({ lot }) => lot === 'beyond-grace'),
    participants.devices.filter(({ lot }) => lot === 'stranger'),
  ]
  await simulation.each(beyond, async (device) => {
    await simulation.call(device, { place: PLACES.renewal, code: 'expired-beyond-grace' })
    await simulation.call(device, {
      place: PLACES.registration,
      certificate: undefined,
      code: 'open-route',
    })
    device.certificate = issue(device, participants.authorities, { issuer: 'next' })
    await simulation.call(device, { code: 'verified' })
  })
  await simulation.each(strange, async (device) => {
    const { keys } = certificateOf(device)
    device.certificate = issue(device, participants.authorities, { issuer: 'next', keys })
    await simulation.call(device, { code: 'verified' })
  })
  await issuedLate(simulation)
  await approveSelected(
    simulation,
    expectedState.all.filter(({ device }) => device.lot !== 'ghost'),
  )
  await simulation.inForce()
}

/** The retired CA issues once more; its certificate counts for nothing. */
async function issuedLate(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const [device] = soundOnes(simulation)
  if (device === undefined) return simulation.fault('no device is left under the old CA')
  const honest = certificateOf(device)
  const notBefore = Math.ceil((expectedState.policyState.retiredAt + 1) / 1000) * 1000
  // A certificate counts from its first second on.
  await pause(Math.max(0, notBefore - Date.now()))
  device.certificate = issue(device, participants.authorities, {
    issuer: 'old',
    keys: honest.keys,
    notBefore,
  })
  await simulation.call(device, { code: 'issued-after-retirement' })
  device.certificate = honest
  await simulation.call(device, { code: 'verified' })
}

/** Agents that could not authenticate are replaced by some that can; their devices prove to be those of the inventory. */
export async function upgradeAgents(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const upgraded = participants.devices.filter(({ lot }) => lot === 'old-agent')
  await simulation.each(upgraded, async (device) => {
    device.agent = device.facts
    device.certificate = issue(device, participants.authorities, { issuer: 'next' })
    await simulation.call(device, { code: 'verified' })
  })
  await approveSelected(
    simulation,
    upgraded.map((device) => expectedState.entry(device)),
  )
  await simulation.inForce()
  // Everybody is green once they have been seen again.
  await simulation.each(
    participants.devices.filter((device) => expectedState.entry(device).awaiting),
    (device) => simulation.call(device),
  )
}

/** Devices that still have the first certificate that they began with, and nothing strange about them. */
const soundOnes = ({ participants }: Simulation): readonly Device[] =>
  participants.devices.filter(
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
