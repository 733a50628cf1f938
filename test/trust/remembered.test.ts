import { expect, test } from 'vitest'
import { examine, type Examination } from '../../src/trust/judge.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import { mintKeys, type Minted } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
import { caBelow, device, ISSUING, pathsOf, read, ROOT, storeOf, type Peer } from './fleet.ts'

interface Meeting extends Peer {
  readonly remembered?: readonly Minted[]
}

/** As in the house: presented ones, and what earlier peers have shown. */
function met({ leaf, presented = [], remembered = [], ...setting }: Meeting): Examination {
  const chain = { leaf: read(leaf), intermediates: presented.map(read) }
  const named = Map.groupBy(remembered.map(read), ({ subject }: Certificate) => subject.key)
  return examine({ ...chain, remembered: named }, storeOf(setting), 'client')
}

const outcome = ({ result }: Examination): string =>
  result.ok ? pathsOf(result).join(', ') : result.failure.kind

test('a device that presents its leaf alone is judged by an issuer that others have shown', () => {
  expect(outcome(met({ leaf: device() }))).toBe('untrusted-issuer')
  expect(outcome(met({ leaf: device(), remembered: [ISSUING] }))).toBe('device-1 < Issuing < Root')
})

test('an issuer above a remembered one may be remembered, too', () => {
  const upper = caBelow(ROOT, 'Upper')
  const lower = caBelow(upper, 'Lower')
  const leaf = mintLeaf({ issuer: lower })
  expect(outcome(met({ leaf, remembered: [lower] }))).toBe('untrusted-issuer')
  expect(outcome(met({ leaf, remembered: [lower, upper] }))).toBe('device-1 < Lower < Upper < Root')
  expect(outcome(met({ leaf, presented: [lower], remembered: [upper] }))).toBe(
    'device-1 < Lower < Upper < Root',
  )
})

test('paths of presented issuers come before those of remembered ones', () => {
  const { leaf, presented, remembered } = twoWays()
  const chains = [[ROOT], [OTHER_ROOT]]
  const found = pathsOf(met({ leaf, presented, remembered, chains }).result)
  expect(found).toEqual(['device-1 < Issuing < Other Root', 'device-1 < Issuing < Root'])
  const swapped = met({ leaf, presented: remembered, remembered: presented, chains })
  expect(pathsOf(swapped.result)).toEqual(found.toReversed())
})

test('a remembered issuer takes no place from the paths that a device would have without', () => {
  const chains = [[ROOT], [OTHER_ROOT]]
  const { leaf, presented, remembered } = twoWays()
  const limits = { paths: 1 }
  expect(outcome(met({ leaf, presented, remembered, chains, limits }))).toBe(
    'device-1 < Issuing < Other Root',
  )
})

test('an issuer that is presented, too, adds neither path nor work', () => {
  const leaf = device()
  const alone = met({ leaf, presented: [ISSUING] })
  const both = met({ leaf, presented: [ISSUING], remembered: [ISSUING] })
  expect(outcome(both)).toBe(outcome(alone))
  expect(both.spent.steps).toBe(alone.spent.steps)
})

test('an issuer of the enrollment setting adds neither path nor work when it is remembered', () => {
  const chains = [[ROOT, ISSUING]]
  const alone = met({ leaf: device(), chains })
  const both = met({ leaf: device(), chains, remembered: [ISSUING] })
  expect([outcome(both), both.spent.steps]).toEqual([outcome(alone), alone.spent.steps])
})

for (const [promise, limits] of [
  ['steps', (steps: number) => ({ steps })],
  ['signatures', (signatures: number) => ({ signatures })],
] as const) {
  test(`a device is served with the ${promise} that it needs without remembered issuers`, () => {
    const first = caBelow(ROOT, 'Issuing')
    const leaf = mintLeaf({ issuer: first })
    const namesakes = Array.from({ length: 20 }, () => caBelow(ROOT, 'Issuing'))
    const { spent } = met({ leaf, presented: [first] })
    const need = limits(spent[promise])
    expect(outcome(met({ leaf, presented: [first], remembered: namesakes, limits: need }))).toBe(
      'device-1 < Issuing < Root',
    )
  })
}

test('one budget holds for presented and remembered issuers together', () => {
  const [shown = ROOT, ...others] = namesakes(40)
  const leaf = mintLeaf({ issuer: shown })
  const alone = met({ leaf, presented: [shown], limits: { steps: 10 } })
  expect([outcome(alone), alone.spent.steps]).toEqual(['untrusted-issuer', 2])
  const together = { leaf, presented: [shown], remembered: others, limits: { steps: 10 } }
  const { result, spent } = met(together)
  expect(spent.steps).toBe(11)
  // What others have shown ran the budget down: the refusal speaks of this peer.
  expect(result).toMatchObject({ failure: { kind: 'untrusted-issuer' } })
})

test('a remembered issuer costs a step, as any other does', () => {
  const { spent } = met({ leaf: mintLeaf({ issuer: caBelow(STRANGER, 'Lost') }), remembered: LOST })
  expect(spent.steps).toBe(LOST.length)
})

test('the likeliest remembered issuer is tried first', () => {
  const [wrong, right] = [caBelow(ROOT, 'Twin'), caBelow(ROOT, 'Twin')]
  const twins = met({
    leaf: mintLeaf({ issuer: right }),
    remembered: [wrong, right],
    limits: { paths: 1 },
  })
  expect([outcome(twins), twins.spent.signatures]).toEqual(['device-1 < Twin < Root', 2])
})

test('a device that has as many paths as are handed up gets no others', () => {
  const keys = mintKeys()
  const upper = caBelow(ROOT, 'Upper')
  const detour = caBelow(upper, 'Issuing', { keys })
  const straight = caBelow(ROOT, 'Issuing', { keys })
  const leaf = mintLeaf({ issuer: straight })
  const all = { leaf, presented: [detour, straight], remembered: [upper] }
  expect(pathsOf(met(all).result)).toHaveLength(2)
  expect(outcome(met({ ...all, limits: { paths: 1 } }))).toBe('device-1 < Issuing < Root')
})

test('remembered issuers that signed each other lead nowhere, and not round and round', () => {
  const [one, other] = [mintCa({ name: 'One' }), mintCa({ name: 'Other' })]
  const ring = [
    mintCa({ name: 'One', issuer: other, keys: one }),
    mintCa({ name: 'Other', issuer: one, keys: other }),
  ]
  expect(outcome(met({ leaf: mintLeaf({ issuer: one }), remembered: ring }))).toBe(
    'untrusted-issuer',
  )
})

test('signatures that ran out over remembered issuers are not held against the device', () => {
  const issuing = caBelow(ROOT, 'Fresh')
  const leaf = mintLeaf({ issuer: issuing })
  const budget = (signatures: number): string =>
    outcome(met({ leaf, remembered: [issuing], limits: { signatures } }))
  expect([budget(1), budget(2)]).toEqual(['untrusted-issuer', 'device-1 < Fresh < Root'])
})

test('a forged leaf is not helped by the issuer it names', () => {
  const forged = mintLeaf({ issuer: mintCa({ name: 'Issuing', issuer: ROOT }) })
  expect(outcome(met({ leaf: forged, remembered: [ISSUING] }))).toBe('bad-signature')
})

test('a remembered issuer that leads nowhere leaves the refusal as telling as it was', () => {
  const server = device({ purposes: ['serverAuth'] })
  const stray = caBelow(mintCa({ name: 'Stranger' }), 'Issuing')
  expect(outcome(met({ leaf: server, presented: [ISSUING], remembered: [stray] }))).toBe(
    'wrong-purpose',
  )
})

test('a remembered chain is held to the same depth', () => {
  const cas = [caBelow(ROOT, 'CA 1')]
  for (let n = 2; n <= 4; n += 1) cas.push(caBelow(cas.at(-1) ?? ROOT, `CA ${n}`))
  const leaf = mintLeaf({ issuer: cas.at(-1) ?? ROOT })
  expect(met({ leaf, remembered: cas, limits: { depth: 4 } }).result.ok).toBe(true)
  expect(outcome(met({ leaf, remembered: cas, limits: { depth: 3 } }))).toBe('path-too-long')
})

const STRANGER = mintCa({ name: 'Stranger' })
/** Namesakes whose own issuer is not known. */
const LOST = Array.from({ length: 3 }, () => caBelow(STRANGER, 'Lost'))
const OTHER_ROOT = mintCa({ name: 'Other Root' })

/** One issuing key, certified by two roots. */
function twoWays() {
  const keys = mintKeys()
  const one = mintCa({ name: 'Issuing', issuer: ROOT, keys })
  const other = mintCa({ name: 'Issuing', issuer: OTHER_ROOT, keys })
  return { leaf: mintLeaf({ issuer: one }), presented: [other], remembered: [one] }
}

/** CAs of one name that all seem to sign each other, and lead nowhere. */
function namesakes(count: number) {
  const top = mintCa({ name: 'Clique' })
  return Array.from({ length: count }, () => mintCa({ name: 'Clique', issuer: top }))
}

test('an issuer higher up that is presented, too, adds neither path nor work', () => {
  const upper = caBelow(ROOT, 'Upper')
  const lower = caBelow(upper, 'Lower')
  const leaf = mintLeaf({ issuer: lower })
  for (const setting of [
    { presented: [lower, upper] },
    { presented: [lower], chains: [[ROOT, upper]] },
  ]) {
    const alone = met({ leaf, ...setting })
    const both = met({ leaf, ...setting, remembered: [upper] })
    expect([outcome(both), both.spent.steps]).toEqual([outcome(alone), alone.spent.steps])
    expect(outcome(both)).toBe('device-1 < Lower < Upper < Root')
  }
})

test('higher up, too, the likeliest of remembered issuers is tried first', () => {
  const uppers = Array.from({ length: 4 }, () => caBelow(ROOT, 'Upper'))
  const lower = caBelow(uppers[3] ?? ROOT, 'Lower')
  const { attempts } = met({
    leaf: mintLeaf({ issuer: lower }),
    presented: [lower],
    remembered: uppers,
  })
  expect(attempts.map(({ failure }) => failure?.kind).slice(0, 2)).toEqual([
    'untrusted-issuer',
    undefined,
  ])
})
