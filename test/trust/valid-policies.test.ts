import { expect, test } from 'vitest'
import { validPolicies } from '../../src/trust/policy-graph.ts'
import type { Certificate } from '../../src/x509/certificate.ts'

const ANY = '2.5.29.32.0'

interface Parts {
  readonly policies?: readonly string[]
  readonly inhibitAnyPolicy?: number
  readonly map?: readonly (readonly [issuer: string, subject: string])[]
  readonly selfIssued?: boolean
}

/** As much of a certificate as policies are about. */
const certificate = (name: string, parts: Parts): Certificate => {
  const { policies, inhibitAnyPolicy, map, selfIssued = false } = parts
  const policyMappings = map?.map(([issuerDomain, subjectDomain]) => ({
    issuerDomain,
    subjectDomain,
  }))
  return {
    subject: { key: name },
    issuer: { key: selfIssued ? name : `${name}'s issuer` },
    extensions: { policies, policyMappings, inhibitAnyPolicy, policyConstraints: undefined },
  } as unknown as Certificate
}

interface Row {
  readonly promise: string
  /** From the leaf upwards; the anchor last. */
  readonly path: readonly Parts[]
  readonly valid: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    promise: 'under an anchor the leaf has what it names',
    path: [{ policies: ['1.2', '1.3'] }, {}],
    valid: ['1.2', '1.3'],
  },
  { promise: 'a leaf that names nothing has nothing', path: [{}, {}], valid: [] },
  {
    promise: 'what the CA above does not name, the leaf does not have',
    path: [{ policies: ['1.2', '1.3'] }, { policies: ['1.3', '1.4'] }, {}],
    valid: ['1.3'],
  },
  {
    promise: 'a CA that names nothing passes nothing on',
    path: [{ policies: ['1.2'] }, {}, {}],
    valid: [],
  },
  {
    promise: 'a CA for any policy passes on what the leaf names',
    path: [{ policies: ['1.2'] }, { policies: [ANY] }, {}],
    valid: ['1.2'],
  },
  {
    promise: 'any policy that the anchor inhibits is passed on by no CA below',
    path: [{ policies: ['1.2'] }, { policies: [ANY] }, { inhibitAnyPolicy: 0 }],
    valid: [],
  },
  {
    promise: 'a leaf for any policy has what its CA names',
    path: [{ policies: [ANY] }, { policies: ['1.2'] }, {}],
    valid: ['1.2'],
  },
  {
    promise: "a mapped policy counts under the leaf's own name for it",
    path: [{ policies: ['2.2', '1.2'] }, { policies: ['1.2'], map: [['1.2', '2.2']] }, {}],
    valid: ['2.2'],
  },
  {
    promise: 'what a CA for any policy maps counts for a leaf for any policy',
    path: [{ policies: [ANY] }, { policies: [ANY], map: [['1.2', '2.2']] }, {}],
    valid: [ANY, '2.2'],
  },
  {
    promise: 'policies are mapped from the anchor downwards',
    path: [
      { policies: ['3.2'] },
      { policies: ['2.2'], map: [['2.2', '3.2']] },
      { policies: ['1.2'], map: [['1.2', '2.2']] },
      {},
    ],
    valid: ['3.2'],
  },
  {
    promise: 'a CA that renews itself passes any policy on where others no longer may',
    path: [{ policies: ['1.2'] }, { policies: [ANY], selfIssued: true }, { inhibitAnyPolicy: 0 }],
    valid: ['1.2'],
  },
  {
    promise: 'a leaf with the name of its issuer has no policy by any policy that is inhibited',
    path: [{ policies: [ANY], selfIssued: true }, { policies: ['1.2'], inhibitAnyPolicy: 0 }, {}],
    valid: [],
  },
  {
    promise: 'every CA of a long path has a say',
    path: [{ policies: ['1.2'] }, { policies: ['1.2'] }, { policies: ['1.3'] }, {}],
    valid: [],
  },
]

for (const { promise, path, valid } of ROWS) {
  test(promise, () => {
    const all = path.map((parts, depth) => certificate(`certificate ${depth}`, parts))
    const anchor = all.at(-1)
    if (anchor === undefined) throw new Error('a path ends at an anchor')
    expect(validPolicies(all.slice(0, -1), { certificate: anchor })).toEqual(valid)
  })
}

test('a path without certificates has no policies', () => {
  expect(validPolicies([], { certificate: certificate('anchor', {}) })).toEqual([])
})
