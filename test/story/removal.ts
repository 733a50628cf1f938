/** The old CA is removed: refused while devices depend on it, then allowed. */
import { certificateOf, renewOne } from './bridge.ts'
import { SETTING_NAMES } from './devices.ts'
import { dependsOn } from './figures.ts'
import { expectNumber, sends } from './opening.ts'
import { settled } from './settled.ts'
import type { World } from './world.ts'

const OLD = `/api/enrollment-settings/${encodeURIComponent(SETTING_NAMES.old)}`

/** Everybody who is left under it renews, and then it can go; what it signed opens nothing any more. */
export async function removeOldCa(world: World): Promise<void> {
  const { books, cast } = world
  const removal = {
    method: 'POST',
    path: `${OLD}/remove`,
    body: sends({ force: false }),
    versionAt: OLD,
  } as const
  await settled(world)
  const { body } = await world.refused(removal, 409, 'setting-in-use')
  const dependents = [...books.entries.values()].filter((entry) =>
    dependsOn(SETTING_NAMES.old, entry),
  )
  const [, found = '-1'] = /(\d+) device/u.exec((body as { readonly detail: string }).detail) ?? []
  expectNumber(world, 'devices that depend on the old CA', [Number(found), dependents.length])
  const last = dependents.map(({ device }) => ({ device, old: certificateOf(device) }))
  await world.each(
    last.map(({ device }) => device),
    (device) =>
      renewOne(world, device, { code: 'verified', keepsKey: device.facts.kind !== 'ios-mdm' }),
  )
  await settled(world)
  await world.change({
    ...removal,
    trail: { 'enrollment.remove': 1 },
    effect: () => {
      books.regime.standings.old = 'removed'
    },
  })
  await world.inForce()
  for (const { device, old } of last.slice(0, 3)) {
    await world.call(device, { certificate: old, code: 'untrusted-issuer' })
    await world.call(device, { code: 'verified' })
  }
  cast.say(`  ${last.length} renewed before the old CA was removed`)
}
