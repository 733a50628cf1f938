import { expect, test } from 'vitest'
import { decide, type Peer } from '../../src/decide/decide.ts'
import type { RouteClass } from '../../src/decide/policy.ts'
import { parseNetwork } from '../../src/kernel/network.ts'
import { ok } from '../../src/kernel/types.ts'
import { aPath, aPolicy, at, DAY, EXPIRY } from './builders.ts'

const inside = parseNetwork('10.0.0.0/8')
if (!inside.ok) throw new Error(inside.failure)
const networks = [inside.value]
const path = aPath({})
const fit: Peer = { kind: 'presented', leaf: path.certificates[0], paths: ok([path]) }
const NOW = at(EXPIRY - 2 * DAY)

const CLASSES: readonly RouteClass[] = ['open', 'device', 'always', 'renewal', 'legacy-oauth']

for (const route of CLASSES) {
  for (const enforcement of ['required', 'recording'] as const) {
    test(`${enforcement}: a fit device is refused on ${route} from outside the row's networks`, () => {
      const access = { address: '192.0.2.7', networks }
      const decision = decide({ peer: fit, route, access }, aPolicy({ enforcement }), NOW)
      expect(decision).toMatchObject({
        kind: 'refuse',
        why: { kind: 'address-not-allowed', address: '192.0.2.7', networks: ['10.0.0.0/8'] },
      })
    })
  }
  test(`the same device is admitted on ${route} from inside`, () => {
    const access = { address: '10.1.2.3', networks }
    expect(decide({ peer: fit, route, access }, aPolicy({}), NOW).kind).toBe('admit')
  })
  test(`no client reaches ${route} where the list is empty`, () => {
    const access = { address: '10.1.2.3', networks: [] }
    expect(decide({ peer: fit, route, access }, aPolicy({}), NOW).kind).toBe('refuse')
  })
}

test('the right address gives a device nothing that its certificate does not', () => {
  const access = { address: '10.1.2.3', networks }
  const decision = decide({ peer: { kind: 'none' }, route: 'device', access }, aPolicy({}), NOW)
  expect(decision).toMatchObject({ kind: 'refuse', why: { kind: 'no-certificate' } })
})

test('of many networks a few are told', () => {
  const many = Array.from({ length: 9 }, () => inside.value)
  const access = { address: '192.0.2.7', networks: many }
  const decision = decide({ peer: fit, route: 'device', access }, aPolicy({}), NOW)
  expect(decision.kind === 'refuse' && decision.why).toMatchObject({
    kind: 'address-not-allowed',
    networks: Array.from({ length: 8 }, () => '10.0.0.0/8'),
  })
})
