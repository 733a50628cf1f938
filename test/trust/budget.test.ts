import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, type Ca } from '../support/certificates/mint.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { caBelow, device, examined, ROOT, verdict, type Peer } from './fleet.ts'

/** As many as there may be, each signed by the one before, under names of their own. */
function longChain(length: number): readonly Ca[] {
  const cas: Ca[] = []
  while (cas.length < length) cas.push(caBelow(cas.at(-1) ?? ROOT, `Rung ${cas.length}`))
  return cas
}

/** So many CAs that the root really signed, with one name and a key each. */
const namesakes = (count: number): readonly Ca[] =>
  Array.from({ length: count }, () => caBelow(ROOT, 'Namesake'))

test('a chain may be as long as the limit of its depth, and not longer by one', () => {
  const cas = longChain(DEFAULT_LIMITS.depth + 1)
  const leafBelow = (depth: number) => mintLeaf({ issuer: cas[depth - 1] ?? ROOT })
  const { depth } = DEFAULT_LIMITS
  expect(verdict({ leaf: leafBelow(depth), presented: cas })).toBe('sound')
  expect(verdict({ leaf: leafBelow(depth + 1), presented: cas })).toBe('path-too-long')
})

test('a chain of a hundred is given up at its depth, before any signature', () => {
  const cas = longChain(100)
  const { result, spent } = examined({
    leaf: mintLeaf({ issuer: cas[99] ?? ROOT }),
    presented: cas,
  })
  expect(result).toMatchObject({ failure: { kind: 'path-too-long' } })
  expect(spent.signatures).toBe(0)
  expect(spent.steps).toBeLessThanOrEqual(DEFAULT_LIMITS.depth + 1)
})

test('among more namesakes than there are signatures the search ends with their number', () => {
  const cas = namesakes(DEFAULT_LIMITS.signatures)
  const leaf = mintLeaf({ issuer: mintCa({ name: 'Namesake' }) })
  const { result, spent } = examined({ leaf, presented: cas })
  const limit = DEFAULT_LIMITS.signatures
  expect(result).toMatchObject({
    failure: { kind: 'budget-exhausted', resource: 'signatures', limit },
  })
  expect(spent.signatures).toBe(limit + 1)
})

test('a forged leaf among half as many namesakes is told to be forged', () => {
  // Each costs two: its own signature and the leaf's.
  const cas = namesakes(DEFAULT_LIMITS.signatures / 2)
  const leaf = mintLeaf({ issuer: mintCa({ name: 'Namesake' }) })
  const { result, spent } = examined({ leaf, presented: cas })
  expect(result).toMatchObject({ failure: { kind: 'bad-signature' } })
  expect(spent.signatures).toBe(DEFAULT_LIMITS.signatures)
})

const hostile: readonly (readonly [promise: string, peer: () => Peer])[] = [
  [
    'a web in which everybody signed everybody',
    () => {
      const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
      const bases = names.map((name) => mintCa({ name }))
      const presented = bases.flatMap((issuer) =>
        bases.map((subject) => mintCa({ name: subject.name, keys: subject, issuer })),
      )
      const outside = mintCa({ name: 'E', keys: mintKeys() })
      return { leaf: mintLeaf({ issuer: outside }), presented }
    },
  ],
  [
    'a web of one name and many keys',
    () => {
      const bases = Array.from({ length: 10 }, () => mintCa({ name: 'Same' }))
      const presented = bases.map((subject, index) =>
        mintCa({ name: 'Same', keys: subject, issuer: bases[(index + 1) % 10] ?? ROOT }),
      )
      return { leaf: mintLeaf({ issuer: bases[0] ?? ROOT }), presented }
    },
  ],
  [
    'a web that really hangs from an anchor, with a leaf from elsewhere',
    () => {
      const first = caBelow(ROOT, 'Web')
      const presented = [first]
      while (presented.length < 10) presented.push(caBelow(presented.at(-1) ?? first, 'Web'))
      return { leaf: mintLeaf({ issuer: mintCa({ name: 'Web' }) }), presented }
    },
  ],
]

for (const [promise, make] of hostile) {
  test(`${promise} ends with the budget, in work that was counted`, () => {
    const { result, spent } = examined(make())
    expect(result).toMatchObject({ ok: false, failure: { kind: 'budget-exhausted' } })
    expect(spent.steps).toBeLessThanOrEqual(DEFAULT_LIMITS.steps + 1)
    expect(spent.signatures).toBeLessThanOrEqual(DEFAULT_LIMITS.signatures + 1)
  })
}

test('whatever signs whatever, the work stays within its budgets', () => {
  const keys = Array.from({ length: 6 }, () => mintKeys())
  for (let number = 0; number < 40; number += 1) {
    const random = new SeededRandom(20_261_122, number)
    const any = () => ({
      name: random.pick(['P', 'Q', 'R']),
      keys: keys[random.below(keys.length)] ?? mintKeys(),
    })
    const presented = Array.from({ length: 30 }, () =>
      mintCa({ ...any(), issuer: random.oneIn(5) ? ROOT : mintCa(any()) }),
    )
    const leaf = mintLeaf({ issuer: mintCa(any()) })
    const { spent, attempts } = examined({ leaf, presented })
    expect(spent.steps).toBeLessThanOrEqual(DEFAULT_LIMITS.steps + 1)
    expect(spent.signatures).toBeLessThanOrEqual(DEFAULT_LIMITS.signatures + 1)
    expect(attempts.length).toBeLessThanOrEqual(spent.steps + 1)
  }
})

test('an honest device among all that is admitted as if it were alone', () => {
  const presented = [...namesakes(8), ...longChain(4)]
  const honest = caBelow(ROOT, 'Honest')
  expect(verdict({ leaf: device({ issuer: honest }), presented: [...presented, honest] })).toBe(
    'sound',
  )
})
