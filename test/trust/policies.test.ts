import { expect, test } from 'vitest'
import * as der from '../support/certificates/der-writer.ts'
import type { MintedExtension } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, OIDS, type Ca } from '../support/certificates/mint.ts'
import { caBelow, judged, verdict } from './fleet.ts'

const ANY = '2.5.29.32.0'
const GOLD = '1.2.3.1'
const SILVER = '1.2.3.2'

const policies = (...oids: readonly string[]): MintedExtension => ({
  oid: OIDS.certificatePolicies,
  value: der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))),
})
const mapping = (...pairs: readonly (readonly [string, string])[]): MintedExtension => ({
  oid: OIDS.policyMappings,
  critical: true,
  value: der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))),
})
const skip = (tag: number, count: number): Buffer => der.contextPrimitive(tag, Buffer.from([count]))
const demand = (after: number): MintedExtension => ({
  oid: OIDS.policyConstraints,
  critical: true,
  value: der.sequence(skip(0, after)),
})
const forbidMapping = (after: number): MintedExtension => ({
  oid: OIDS.policyConstraints,
  critical: true,
  value: der.sequence(skip(0, 0), skip(1, after)),
})
const forbidAny = (after: number): MintedExtension => ({
  oid: OIDS.inhibitAnyPolicy,
  critical: true,
  value: der.integer(after),
})

type Extensions = readonly MintedExtension[]

interface Row {
  readonly promise: string
  readonly root?: Extensions
  /** From the one below the root to the issuing one. */
  readonly cas?: readonly Extensions[]
  readonly leaf?: Extensions
  readonly expect: string
}

const rows: readonly Row[] = [
  { promise: 'without a demand no policy is needed', expect: 'sound' },
  {
    promise: 'policies may be critical',
    cas: [[{ ...policies(GOLD), critical: true }]],
    leaf: [{ ...policies(GOLD), critical: true }],
    expect: 'sound',
  },
  {
    promise: 'any policy stands for one in the next CA when it is inhibited after that',
    root: [demand(0), forbidAny(1)],
    cas: [[policies(ANY)]],
    leaf: [policies(GOLD)],
    expect: 'sound',
  },
  {
    promise: 'any policy stands for one in the next CA but one when it is inhibited after that',
    root: [demand(0), forbidAny(2)],
    cas: [[policies(ANY)], [policies(ANY)]],
    leaf: [policies(GOLD)],
    expect: 'sound',
  },
  {
    promise: 'any policy stands for none after as many CAs as it was inhibited for',
    root: [demand(0), forbidAny(1)],
    cas: [[policies(ANY)], [policies(ANY)]],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
  {
    promise: 'the next CA but one may map when that is forbidden after it',
    root: [forbidMapping(2)],
    cas: [[policies(GOLD)], [policies(GOLD), mapping([GOLD, SILVER])]],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'no CA may map after as many as that was forbidden for',
    root: [forbidMapping(1)],
    cas: [[policies(GOLD)], [policies(GOLD), mapping([GOLD, SILVER])]],
    leaf: [policies(SILVER)],
    expect: 'no-common-policy',
  },
  {
    promise: 'policies that do not meet are no matter where none is demanded',
    cas: [[policies(GOLD)]],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'a demanded policy that runs through is found',
    cas: [[policies(GOLD), demand(0)]],
    leaf: [policies(GOLD)],
    expect: 'sound',
  },
  {
    promise: 'a demanded policy that the device lacks is missed',
    cas: [[policies(GOLD), demand(0)]],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demanded policy that differs is missed',
    cas: [[policies(GOLD), demand(0)]],
    leaf: [policies(SILVER)],
    expect: 'no-common-policy',
  },
  {
    promise: 'one of several policies is enough',
    cas: [[policies(GOLD, SILVER), demand(0)]],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'a demand by the anchor counts',
    root: [demand(0)],
    cas: [[]],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demand by the anchor can be met',
    root: [demand(0)],
    cas: [[policies(GOLD)]],
    leaf: [policies(GOLD)],
    expect: 'sound',
  },
  {
    promise: 'a demand from the next certificate on spares the next but one',
    cas: [[demand(1)], [policies(GOLD)]],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demand beyond the device is not met by accident',
    cas: [[demand(2)]],
    expect: 'sound',
  },
  {
    promise: 'a demand that begins at the device counts',
    cas: [[demand(1)]],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demand comes nearer with every CA',
    cas: [[demand(2)], []],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demand that is still one CA away is none',
    cas: [[demand(3)], []],
    expect: 'sound',
  },
  {
    promise: 'a demand by the device itself counts',
    leaf: [demand(0)],
    expect: 'no-common-policy',
  },
  {
    promise: 'a demand by the device itself can be met',
    cas: [[policies(GOLD)]],
    leaf: [policies(GOLD), demand(0)],
    expect: 'sound',
  },

  {
    promise: 'any policy in a CA leads to every policy',
    cas: [[policies(ANY), demand(0)]],
    leaf: [policies(GOLD)],
    expect: 'sound',
  },
  {
    promise: 'any policy in the device keeps the policies above',
    cas: [[policies(GOLD), demand(0)]],
    leaf: [policies(ANY)],
    expect: 'sound',
  },
  {
    promise: 'any policy may be forbidden',
    cas: [[policies(GOLD), demand(0), forbidAny(0)]],
    leaf: [policies(ANY)],
    expect: 'no-common-policy',
  },
  {
    promise: 'any policy may be forbidden later',
    cas: [[policies(GOLD), demand(0), forbidAny(1)]],
    leaf: [policies(ANY)],
    expect: 'sound',
  },
  {
    promise: 'forbidden for later is forbidden in the end',
    cas: [[policies(GOLD), demand(0), forbidAny(1)], [policies(GOLD)]],
    leaf: [policies(ANY)],
    expect: 'no-common-policy',
  },

  {
    promise: 'a mapped policy runs on under its other name',
    cas: [[policies(GOLD), demand(0), mapping([GOLD, SILVER])]],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'a mapped policy does not run on under its own',
    cas: [[policies(GOLD), demand(0), mapping([GOLD, SILVER])]],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
  {
    promise: 'a policy may be mapped to several',
    cas: [[policies(GOLD), demand(0), mapping([GOLD, SILVER], [GOLD, '1.2.3.3'])]],
    leaf: [policies('1.2.3.3')],
    expect: 'sound',
  },
  {
    promise: 'a policy that only any policy covers can be mapped',
    cas: [[policies(ANY), demand(0), mapping([GOLD, SILVER])]],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'a policy that is not there is not mapped',
    cas: [[policies('1.2.3.9'), demand(0), mapping([GOLD, SILVER])]],
    leaf: [policies(SILVER)],
    expect: 'no-common-policy',
  },
  {
    promise: 'mapping may be forbidden',
    cas: [
      [policies(GOLD), forbidMapping(0)],
      [policies(GOLD), mapping([GOLD, SILVER])],
    ],
    leaf: [policies(SILVER)],
    expect: 'no-common-policy',
  },
  {
    promise: 'a forbidden mapping takes the policy away altogether',
    cas: [
      [policies(GOLD), forbidMapping(0)],
      [policies(GOLD), mapping([GOLD, SILVER])],
    ],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
  {
    promise: 'mapping that is forbidden later is allowed before',
    cas: [
      [policies(GOLD), forbidMapping(1)],
      [policies(GOLD), mapping([GOLD, SILVER])],
    ],
    leaf: [policies(SILVER)],
    expect: 'sound',
  },
  {
    promise: 'mapping that is forbidden later is forbidden then',
    cas: [
      [policies(GOLD), forbidMapping(1)],
      [policies(GOLD)],
      [policies(GOLD), mapping([GOLD, SILVER])],
    ],
    leaf: [policies(SILVER)],
    expect: 'no-common-policy',
  },
  {
    promise: 'nothing maps to any policy',
    cas: [[policies(GOLD), mapping([GOLD, ANY])]],
    expect: 'policy-mapping-malformed',
  },
  {
    promise: 'any policy maps to nothing',
    cas: [[policies(GOLD), mapping([ANY, GOLD])]],
    expect: 'policy-mapping-malformed',
  },

  {
    promise: 'a CA without policies ends them all',
    cas: [[policies(GOLD)], [], [policies(GOLD), demand(0)]],
    leaf: [policies(GOLD)],
    expect: 'no-common-policy',
  },
]

for (const { promise, root: rootExtensions = [], cas = [], leaf = [], expect: expected } of rows) {
  test(promise, () => {
    const root = mintCa({ name: 'Root', extensions: rootExtensions })
    const presented: Ca[] = []
    cas.forEach((extensions, index) => {
      presented.push(caBelow(presented.at(-1) ?? root, `CA ${index}`, { extensions }))
    })
    const issuer = presented.at(-1) ?? root
    const peer = { leaf: mintLeaf({ issuer, extensions: leaf }), presented, chains: [[root]] }
    expect(verdict(peer)).toBe(expected)
  })
}

test('a self-issued CA may use any policy where others may not, and counts for no skip', () => {
  const root = mintCa({ name: 'Root', extensions: [demand(0), forbidAny(0)] })
  const issuing = caBelow(root, 'Issuing', { extensions: [policies(GOLD)] })
  const renewed = caBelow(issuing, 'Issuing', { extensions: [policies(ANY)] })
  const leaf = mintLeaf({ issuer: renewed, extensions: [policies(GOLD)] })
  expect(verdict({ leaf, presented: [issuing, renewed], chains: [[root]] })).toBe('sound')
  const other = caBelow(issuing, 'Other', { extensions: [policies(ANY)] })
  const below = mintLeaf({ issuer: other, extensions: [policies(GOLD)] })
  expect(verdict({ leaf: below, presented: [issuing, other], chains: [[root]] })).toBe(
    'no-common-policy',
  )
})

test('a self-issued device may not use any policy where others may not', () => {
  const root = mintCa({ name: 'Root', extensions: [demand(0), forbidAny(0)] })
  const issuing = caBelow(root, 'Issuing', { extensions: [policies(GOLD)] })
  const leaf = mintLeaf({ issuer: issuing, name: 'Issuing', extensions: [policies(ANY)] })
  expect(verdict({ leaf, presented: [issuing], chains: [[root]] })).toBe('no-common-policy')
})

test('a self-issued CA does not use up the distance to a demand', () => {
  const root = mintCa({ name: 'Root' })
  const issuing = caBelow(root, 'Issuing', { extensions: [demand(2)] })
  const renewed = caBelow(issuing, 'Issuing')
  const leaf = mintLeaf({ issuer: renewed })
  expect(verdict({ leaf, presented: [issuing, renewed], chains: [[root]] })).toBe('sound')
})

test('an intermediate as anchor demands nothing by itself', () => {
  const root = mintCa({ name: 'Root' })
  const issuing = caBelow(root, 'Issuing')
  expect(verdict({ leaf: mintLeaf({ issuer: issuing }), presented: [], chains: [[issuing]] })).toBe(
    'sound',
  )
})

test('a demand that a CA in between does not meet is missed there', () => {
  const root = mintCa({ name: 'Root', extensions: [demand(1)] })
  const [upper, lower] = [caBelow(root, 'Upper'), caBelow(root, 'Lower')]
  const middle = caBelow(upper, 'Middle')
  for (const [presented, subject] of [
    [[upper, middle], 'CN=Middle'],
    [[lower], 'CN=device-1'],
  ] as const) {
    const leaf = mintLeaf({ issuer: presented.at(-1) ?? root })
    expect(judged({ leaf, presented, chains: [[root]] })).toEqual({
      ok: false,
      failure: { kind: 'no-common-policy', subject },
    })
  }
})
