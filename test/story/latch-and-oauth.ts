/** The latch and the OAuth endpoints: each refused first for its reasons, and then done. */
import type { Device } from './devices.ts'
import { PLACES } from './client-kinds.ts'
import { expectNumber, sends } from './enrollment-and-approval.ts'
import { settled } from './settled-numbers.ts'
import type { PolicyState } from './expected-verdicts.ts'
import type { Call, Simulation } from './simulation.ts'

const PHRASE = 'require certificates'

/** Certificates are required from now on, after everything that speaks against it was read. */
export async function throwLatch(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  await simulation.refused(enableNew, 409, 'certificates-not-required')
  await settled(simulation)
  const { body } = await simulation.read('/api/enforcement')
  const read = (body as { readonly warnings: readonly { readonly kind: string }[] }).warnings.map(
    ({ kind }) => kind,
  )
  const require = (phrase: string, warnings: readonly string[]) =>
    ({
      method: 'POST',
      path: '/api/enforcement/require',
      body: sends({ phrase, read: warnings, save_authentication: true, save_decryption: false }),
      versionAt: '/api/enforcement',
    }) as const
  await simulation.refused(require('yes', read), 409, 'phrase-wrong')
  await simulation.refused(require(PHRASE, read.slice(1)), 409, 'warnings-changed')
  await simulation.change({
    ...require(PHRASE, read),
    // Certificates that are required for good have a key of their own that says so.
    trail: { 'enforcement.require': 1, 'key.rotate': 1 },
    effect: () => {
      expectedState.policyState.enforcement = 'required'
    },
  })
  await simulation.refused(require(PHRASE, read), 409, 'already-required')
  await simulation.inForce()
  // What was let pass is refused now, and who is fit passes as before.
  await simulation.each(participants.devices.slice(0, 100), (device) => simulation.call(device))
  const [anybody] = participants.devices
  if (anybody !== undefined) {
    await simulation.call(anybody, {
      place: PLACES.checkIn,
      certificate: undefined,
      code: 'no-certificate',
    })
  }
}

const endpoint = (change: string, confirmations?: number) =>
  ({
    method: 'POST',
    path: '/api/oauth',
    body: sends({ change, ...(confirmations === undefined ? {} : { confirmations }) }),
    versionAt: '/api/oauth',
  }) as const
export const enableNew = endpoint('enable-new')

/** The new endpoint is enabled, the legacy one disabled after two confirmations, and enabled again. */
export async function oauth(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const { policyState } = expectedState
  const watches = participants.devices.slice(0, 5)
  const fit = participants.devices
    .filter((device) => expectedState.entry(device).approval === 'approved')
    .slice(0, 5)
  const ask = (code: string): Promise<void> =>
    simulation.each(watches, (device: Device) =>
      simulation.call(device, { place: PLACES.legacyOauth, certificate: undefined, code }),
    )
  const set = (call: Call, after: Partial<PolicyState>) =>
    simulation.change({
      ...call,
      trail: { 'oauth.set': 1 },
      effect: () => void Object.assign(policyState, after),
    })
  await ask('open-route')
  // Certificates are required and devices have migrated, and still it is not there until it is enabled.
  await simulation.each(fit, (device) =>
    simulation.call(device, { place: PLACES.newOauth, code: 'oauth-not-configured' }),
  )
  // No client could get a token any more.
  await simulation.refused(endpoint('disable-legacy', 2), 409, 'both-disabled')
  await set(enableNew, { modern: 'enabled' })
  await simulation.refused(endpoint('disable-legacy'), 409, 'confirmation-missing')
  await simulation.refused(endpoint('disable-legacy', 1), 409, 'confirmation-missing')
  await set(endpoint('disable-legacy', 2), { legacy: 'disabled' })
  await simulation.inForce()
  await ask('legacy-oauth-disabled')
  await simulation.refused(endpoint('disable-new'), 409, 'both-disabled')
  await set(endpoint('enable-legacy'), { legacy: 'enabled' })
  await simulation.inForce()
  await ask('open-route')
  await simulation.each(fit, (device) =>
    simulation.call(device, { place: PLACES.newOauth, code: 'verified' }),
  )
  await set(endpoint('disable-new'), { modern: 'disabled' })
  await simulation.inForce()
  await simulation.each(fit, (device) =>
    simulation.call(device, { place: PLACES.newOauth, code: 'oauth-disabled' }),
  )
  await set(enableNew, { modern: 'enabled' })
  expectNumber(simulation, 'reasons against the new endpoint', [await unmet(simulation), 0])
}

async function unmet(simulation: Simulation): Promise<number> {
  const { body } = await simulation.read('/api/oauth')
  return (body as { readonly unmet: readonly unknown[] }).unmet.length
}
