/** A2: a block holds for every certificate of the device, those included that it has shown to no front end so far. */
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { servedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { until } from '../../support/until.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, keyOf, type ListedDevice } from '../front-end.ts'

const ID = 'urn:uuid:9d5a3b1c-0000-4000-8000-0000000000b2'
const others = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `urn:sn:other-${index}`)
const mint = (...uris: readonly string[]): Leaf =>
  mintLeaf({ issuer: fleet.devices, name: 'hoarded', uris })

interface Variant {
  readonly what: string
  /** The ids of a hoarded certificate. */
  readonly ids: readonly string[]
  readonly path?: string
}

const VARIANTS: readonly Variant[] = [
  { what: 'with its id in tenth place', ids: [...others(9), ID] },
  { what: 'with its id in the last place that is looked at', ids: [...others(63), ID] },
  { what: 'with its id in another case', ids: [ID.toUpperCase().replace('URN', 'Urn')] },
  { what: 'with its id twice', ids: [ID, ...others(3), ID] },
  { what: 'on an open row', ids: [ID], path: '/enroll/x' },
  { what: 'on a row for renewals', ids: [ID], path: '/renew/x' },
]

/** How many of six new certificates pass in each variant, once the device was blocked or not. */
async function hoards(isBlocked: boolean): Promise<readonly string[]> {
  await using on = await frontEnd()
  const first = mint(ID)
  await on.status(first)
  const { id, version } = await on.known(first)
  if (isBlocked) await on.call('POST', '/api/devices/block', { devices: [{ id, version }] })
  await on.inForce()
  const seen: string[] = []
  for (const { ids, path } of VARIANTS) {
    const leaves = Array.from({ length: 6 }, () => mint(...ids))
    const statuses = await Promise.all(leaves.map((leaf) => on.status(leaf, path)))
    seen.push(`${statuses.filter((one) => one === 200).length} of 6`)
  }
  return seen
}

/** The same with two workers and four requests each, which is when a delay would show. */
async function onTwoWorkers(isBlocked: boolean): Promise<string> {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await servedWithStore(upstream.port, {})
  const request = async (device: Leaf): Promise<number> =>
    (await requestOnce(served.frontEnd, { version: 'TLSv1.3', device })).status
  const first = mint(ID)
  await request(first)
  const [known] = await until(
    async () => {
      const { body } = await served.call('GET', `/api/devices?text=${keyOf(first).slice(0, 24)}`)
      return (body as { readonly items: readonly ListedDevice[] }).items
    },
    (found) => found.length === 1,
  )
  const devices = [{ id: known?.id, version: known?.version }]
  if (isBlocked) await served.call('POST', '/api/devices/block', { devices })
  await served.inForce()
  const leaves = Array.from({ length: 6 }, () => mint(ID))
  const statuses = await Promise.all(leaves.flatMap((one) => [one, one, one, one]).map(request))
  return `${statuses.filter((one) => one === 200).length} of 24`
}

/** A device that was blocked in the inventory before it ever came. */
async function blockedUnseen(isBlocked: boolean): Promise<string> {
  await using on = await frontEnd()
  await on.call('POST', '/api/inventory', { devices: [{ id: ID, name: 'Phone' }] })
  const { body } = await on.call('GET', '/api/devices?in_inventory=true')
  const [entry] = (body as { readonly items: readonly ListedDevice[] }).items
  const devices = [{ id: entry?.id, version: entry?.version }]
  if (isBlocked) await on.call('POST', '/api/devices/block', { devices })
  await on.inForce()
  return await on.verdict(mint(ID))
}

async function manyIds(count: number): Promise<string> {
  await using on = await frontEnd({ yaml: { enforcement: ' recording' } })
  return await on.verdict(mint(...others(count)))
}

const one =
  (steps: (isDefended: boolean) => Promise<string>) =>
  async (isDefended: boolean): Promise<readonly string[]> => [await steps(isDefended)]

export const HOARDS: readonly Scene[] = [
  {
    cases: [
      {
        id: 'A2',
        what: 'six hoarded certificates of a blocked device pass no worker',
        expected: '0 of 24',
        control: '24 of 24',
      },
    ],
    play: () => withControl(one(onTwoWorkers)),
  },
  {
    cases: VARIANTS.map(({ what }) => ({
      id: 'A2',
      what: `six hoarded certificates of a blocked device pass nowhere ${what}`,
      expected: '0 of 6',
      control: '6 of 6',
    })),
    play: () => withControl(hoards),
  },
  {
    cases: [
      {
        id: 'A2',
        what: 'a device that was blocked before it came is refused at its first certificate',
        expected: '0 blocked',
        control: '200 verified',
      },
    ],
    play: () => withControl(one(blockedUnseen)),
  },
  {
    cases: [
      {
        id: 'A2',
        what: 'a certificate with more ids than are looked at is refused, and one with as many is not',
        expected: '0 too-many-ids',
        control: '200 verified',
      },
    ],
    play: () => withControl(one((isDefended) => manyIds(isDefended ? 65 : 64))),
  },
]
