import { expect, test } from 'vitest'
import { FairShares } from '../../src/record/fair-shares.ts'

interface Added {
  readonly code: string
  readonly owner: string
  readonly name: string
}

const add = (shares: FairShares<string>, code: string, owner: string, name = owner) =>
  shares.add({ code, owner }, () => name)

/** Fills it: each of these so often. */
function filled(limit: number, ...groups: readonly (readonly [string, string, number])[]) {
  const shares = new FairShares<string>(limit)
  for (const [code, owner, count] of groups) {
    for (let index = 0; index < count; index += 1) add(shares, code, owner, `${owner}${index}`)
  }
  return shares
}

const ROWS: readonly {
  readonly promise: string
  readonly groups: readonly (readonly [string, string, number])[]
  readonly added: Pick<Added, 'code' | 'owner'>
  readonly displaced: { readonly code: string; readonly owner: string; readonly item?: string }
}[] = [
  {
    promise: 'one more of the only owner goes itself',
    groups: [['a', 'x', 4]],
    added: { code: 'a', owner: 'x' },
    displaced: { code: 'a', owner: 'x' },
  },
  {
    promise: 'another owner of the code takes the newest of the one with the most',
    groups: [['a', 'x', 4]],
    added: { code: 'a', owner: 'y' },
    displaced: { code: 'a', owner: 'x', item: 'x3' },
  },
  {
    promise: 'an owner with one less than the one with the most has its share',
    groups: [
      ['a', 'x', 2],
      ['a', 'y', 1],
      ['a', 'z', 1],
    ],
    added: { code: 'a', owner: 'y' },
    displaced: { code: 'a', owner: 'y' },
  },
  {
    promise: 'another code takes from the code with the most, of the owner with the most there',
    groups: [
      ['a', 'x', 1],
      ['a', 'y', 2],
      ['b', 'x', 1],
    ],
    added: { code: 'b', owner: 'x' },
    displaced: { code: 'a', owner: 'y', item: 'y1' },
  },
  {
    promise: 'a code with one less than the one with the most takes from itself',
    groups: [
      ['a', 'x', 3],
      ['b', 'y', 2],
    ],
    added: { code: 'b', owner: 'z' },
    displaced: { code: 'b', owner: 'y', item: 'y1' },
  },
  {
    promise: 'a new code where every code has one goes itself',
    groups: [
      ['a', 'x', 1],
      ['b', 'x', 1],
    ],
    added: { code: 'c', owner: 'x' },
    displaced: { code: 'c', owner: 'x' },
  },
]

for (const { promise, groups, added, displaced } of ROWS) {
  test(promise, () => {
    const limit = groups.reduce((all, [, , count]) => all + count, 0)
    const shares = filled(limit, ...groups)
    expect(shares.size).toBe(limit)
    const gone = add(shares, added.code, added.owner, 'new')
    expect(gone).toEqual({ item: undefined, ...displaced })
    expect(shares.size).toBe(limit)
    const items = shares.drain()
    expect(items).toHaveLength(limit)
    expect(items.includes('new')).toBe(displaced.item !== undefined)
  })
}

test('what has no room is not made', () => {
  const shares = filled(1, ['a', 'x', 1])
  const made = shares.add({ code: 'a', owner: 'x' }, () => {
    throw new Error('it was made')
  })
  expect(made?.item).toBeUndefined()
})

test('after it was drained there is room again, and the shares begin anew', () => {
  const shares = filled(2, ['a', 'x', 2])
  expect(shares.drain()).toEqual(['x0', 'x1'])
  expect(shares.drain()).toEqual([])
  expect(add(shares, 'a', 'x')).toBeUndefined()
  expect(add(shares, 'b', 'y')).toBeUndefined()
  expect(shares.size).toBe(2)
})

test('whatever comes in whatever order, an owner keeps what is at most its share of its code', () => {
  const shares = new FairShares<string>(40)
  // Two codes, and in the first a flood of four owners around one that comes once.
  for (let index = 0; index < 1000; index += 1) add(shares, 'a', `flood${index % 4}`)
  add(shares, 'a', 'quiet')
  for (let index = 0; index < 1000; index += 1) add(shares, 'a', `flood${index % 4}`)
  for (let index = 0; index < 30; index += 1) add(shares, 'b', 'other')
  for (let index = 0; index < 1000; index += 1) add(shares, 'a', `flood${index % 4}`)
  const items = shares.drain()
  expect(items).toContain('quiet')
  const of = (owner: string) => items.filter((one) => one === owner).length
  expect(of('other')).toBe(20)
  for (let index = 0; index < 4; index += 1) expect(of(`flood${index}`)).toBeGreaterThanOrEqual(4)
})
