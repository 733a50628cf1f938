/** The latch and the OAuth endpoints: each refused first for its reasons, and then done. */
import type { Device } from './devices.ts'
import { PLACES } from './kinds.ts'
import { expectNumber, sends } from './opening.ts'
import { settled } from './settled.ts'
import type { Regime } from './rules.ts'
import type { Call, World } from './world.ts'

const PHRASE = 'require certificates'

/** Certificates are required from now on, after everything that speaks against it was read. */
export async function throwLatch(world: World): Promise<void> {
  const { books, cast } = world
  await world.refused(enableNew, 409, 'certificates-not-required')
  await settled(world)
  const { body } = await world.read('/api/enforcement')
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
  await world.refused(require('yes', read), 409, 'phrase-wrong')
  await world.refused(require(PHRASE, read.slice(1)), 409, 'warnings-changed')
  await world.change({
    ...require(PHRASE, read),
    trail: { 'enforcement.require': 1 },
    effect: () => {
      books.regime.enforcement = 'required'
    },
  })
  await world.refused(require(PHRASE, read), 409, 'already-required')
  await world.inForce()
  // What was let pass is refused now, and who is fit passes as before.
  await world.each(cast.devices.slice(0, 100), (device) => world.call(device))
  const [anybody] = cast.devices
  if (anybody !== undefined) {
    await world.call(anybody, {
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
export async function oauth(world: World): Promise<void> {
  const { books, cast } = world
  const { regime } = books
  const watches = cast.devices.slice(0, 5)
  const fit = cast.devices
    .filter((device) => books.entry(device).approval === 'approved')
    .slice(0, 5)
  const ask = (code: string): Promise<void> =>
    world.each(watches, (device: Device) =>
      world.call(device, { place: PLACES.legacyOauth, certificate: undefined, code }),
    )
  const set = (call: Call, after: Partial<Regime>) =>
    world.change({
      ...call,
      trail: { 'oauth.set': 1 },
      effect: () => void Object.assign(regime, after),
    })
  await ask('open-route')
  // Nobody could get a token any more.
  await world.refused(endpoint('disable-legacy', 2), 409, 'both-disabled')
  await set(enableNew, { modern: 'enabled' })
  await world.refused(endpoint('disable-legacy'), 409, 'confirmation-missing')
  await world.refused(endpoint('disable-legacy', 1), 409, 'confirmation-missing')
  await set(endpoint('disable-legacy', 2), { legacy: 'disabled' })
  await world.inForce()
  await ask('legacy-oauth-disabled')
  await world.refused(endpoint('disable-new'), 409, 'both-disabled')
  await set(endpoint('enable-legacy'), { legacy: 'enabled' })
  await world.inForce()
  await ask('open-route')
  await world.each(fit, (device) =>
    world.call(device, { place: PLACES.newOauth, code: 'verified' }),
  )
  await set(endpoint('disable-new'), { modern: 'disabled' })
  await world.inForce()
  await world.each(fit, (device) =>
    world.call(device, { place: PLACES.newOauth, code: 'oauth-disabled' }),
  )
  await set(enableNew, { modern: 'enabled' })
  expectNumber(world, 'reasons against the new endpoint', [await unmet(world), 0])
}

async function unmet(world: World): Promise<number> {
  const { body } = await world.read('/api/oauth')
  return (body as { readonly unmet: readonly unknown[] }).unmet.length
}
