/** The old CA is removed: refused while devices depend on it, then allowed. */
import { certificateOf, renewOne } from './ca-succession.ts'
import { SETTING_NAMES } from './devices.ts'
import { dependsOn } from './expected-numbers.ts'
import { expectNumber, sends } from './enrollment-and-approval.ts'
import { settled } from './settled-numbers.ts'
import type { Simulation } from './simulation.ts'

const OLD = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.old)}`

/** Everybody who is left under it renews, and then it can go; what it signed opens nothing any more. */
export async function removeOldCa(simulation: Simulation): Promise<void> {
  const { expectedState, participants } = simulation
  const removal = {
    method: 'POST',
    path: `${OLD}/remove`,
    body: sends({ force: false }),
    versionAt: OLD,
  } as const
  await settled(simulation)
  const { body } = await simulation.refused(removal, 409, 'setting-in-use')
  const dependents = expectedState.all.filter((entry) => dependsOn(SETTING_NAMES.old, entry))
  const [, found = '-1'] = /(\d+) device/u.exec((body as { readonly detail: string }).detail) ?? []
  expectNumber(simulation, 'devices that depend on the old CA', [Number(found), dependents.length])
  const last = dependents.map(({ device }) => ({ device, old: certificateOf(device) }))
  await simulation.each(
    last.map(({ device }) => device),
    // Approval reaches a new key by the id that the CA signed, at its first request.
    (device) =>
      renewOne(simulation, device, {
        code: 'verified',
        keepsKey: device.facts.kind !== 'ios-mdm',
      }),
  )
  await settled(simulation)
  await simulation.change({
    ...removal,
    trail: { 'enrollment.remove': 1 },
    effect: () => {
      expectedState.policyState.standings.old = 'removed'
    },
  })
  await simulation.inForce()
  for (const { device, old } of last.slice(0, 3)) {
    await simulation.call(device, { certificate: old, code: 'untrusted-issuer' })
    await simulation.call(device, { code: 'verified' })
  }
  participants.say(`  ${last.length} renewed before the old CA was removed`)
}
