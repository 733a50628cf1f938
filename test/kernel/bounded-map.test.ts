import { expect, test } from 'vitest'
import { BoundedMap } from '../../src/kernel/bounded-map.ts'

test('a bounded map drops what was not set for the longest time, and never holds more', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('one', 1)
  map.set('two', 2)
  map.set('one', 3)
  expect(map.size).toBe(2)
  map.set('three', 4)
  const kept = ['one', 'two', 'three'].map((key) => map.get(key))
  expect([...kept, map.size]).toEqual([3, undefined, 4, 2])
})

test('a bounded map returns what it forgets for an entry, and nothing while there is room', () => {
  const map = new BoundedMap<string, number>(2)
  expect([map.set('one', 1), map.set('two', 2), map.set('two', 3), map.set('three', 4)]).toEqual([
    undefined,
    undefined,
    undefined,
    1,
  ])
})
