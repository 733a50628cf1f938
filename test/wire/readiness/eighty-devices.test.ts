/**
 * Of two hundred devices of an inventory eighty never showed a certificate: the warning before the latch names them by
 * listener, row and the id that they gave themselves, and the latch refuses these and no other.
 */
import { expect, test } from 'vitest'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { frontEnd, type FrontEnd } from '../../cases/front-end.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { until } from '../../support/until.ts'

interface Place {
  readonly listener: string
  readonly row: string
  readonly code: string
}

interface Shown {
  readonly enforcement: { readonly state: string; readonly said_by: string }
  readonly warnings: readonly { readonly kind: string; readonly text: string }[]
  readonly callers: {
    readonly requests: readonly (Place & { readonly requests: number; readonly named: number })[]
    readonly uncertified: number
    readonly named: readonly (Place & { readonly devices: number })[]
  }
  readonly uncertified_ids: readonly (Place & { readonly id: string })[]
}

/** A device: its id, the certificate that it has, and where it calls. */
interface Caller {
  readonly id: string
  readonly leaf: Leaf | undefined
  readonly path: string
}

const idOf = (number: number): string => `unit-${String(number).padStart(3, '0')}`

/** The first 120 show a certificate; 40 call one row and 20 another by their id, and 20 say none. */
function callers(): readonly Caller[] {
  return Array.from({ length: 200 }, (_, number) => {
    const id = idOf(number)
    if (number < 120) {
      const leaf = mintLeaf({ issuer: fleet.devices, name: id })
      return { id, leaf, path: `/sync/x?clientid=${id}` }
    }
    if (number < 160) return { id, leaf: undefined, path: `/sync/x?clientid=${id}` }
    if (number < 180) return { id, leaf: undefined, path: `/apps/x?clientid=${id}` }
    return { id, leaf: undefined, path: '/device/x' }
  })
}

async function statuses(
  on: FrontEnd,
  all: readonly Caller[],
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>()
  for (const { id, leaf, path } of all) seen.set(id, await on.status(leaf, path))
  return seen
}

const enforcementOf = async (on: FrontEnd): Promise<Shown> =>
  (await on.call('GET', '/api/enforcement')).body as Shown

test('the warning before the latch names the eighty devices without a certificate, and the latch refuses exactly these', async () => {
  await using on = await frontEnd({
    yaml: { profile: ' core-10' },
    rows: [
      "{ id: sync, path: /sync/*, class: device, reportedId: 'query:clientid' }",
      "{ id: apps, path: /apps/*, class: device, reportedId: 'query:clientid' }",
    ],
  })
  const all = callers()
  const devices = all.map(({ id }) => ({ id }))
  expect((await on.call('POST', '/api/inventory', { devices })).status).toBe(200)
  expect([...new Set((await statuses(on, all)).values())]).toEqual([200])
  const shown = await until(
    () => enforcementOf(on),
    ({ callers: { requests, uncertified } }) =>
      uncertified === 80 && requests.reduce((sum, one) => sum + one.requests, 0) === 80,
  )
  expect(shown.enforcement).toMatchObject({ state: 'recording', said_by: 'store' })
  const texts = shown.warnings.map(({ text }) => text)
  expect(texts).toContain(
    '80 devices of the inventory never showed a certificate: 60 called without one in the last 30 days, by their own word (40 on devices, row sync: no-certificate; 20 on devices, row apps: no-certificate), and 20 were not named',
  )
  expect(texts).toContain(
    '80 requests from unknown devices in the last 30 days would have been refused (40 on devices, row sync: no-certificate; 20 on devices, row apps: no-certificate; 20 on devices, row device: no-certificate)',
  )
  expect(shown.uncertified_ids.map(({ id, listener, row }) => `${id} ${listener} ${row}`)).toEqual(
    Array.from(
      { length: 60 },
      (_, index) => `${idOf(120 + index)} devices ${index < 40 ? 'sync' : 'apps'}`,
    ),
  )
  const required = await on.call('POST', '/api/enforcement/require', {
    phrase: CONFIRMATION_PHRASE,
    read: shown.warnings.map(({ kind }) => kind),
    save_authentication: true,
    save_decryption: true,
  })
  expect(required.status).toBe(200)
  await on.inForce()
  const after = await statuses(on, all)
  const met = (status: number): readonly string[] =>
    [...after].flatMap(([id, one]) => (one === status ? [id] : []))
  expect(met(403)).toEqual(all.slice(120).map(({ id }) => id))
  expect(met(200)).toEqual(all.slice(0, 120).map(({ id }) => id))
})
