import { expect, test } from 'vitest'
import { memoized } from '../../src/message/memo.ts'

/** Answers with the length of a name, and says how often it had to count. */
function counter(): {
  readonly lengthOf: (name: string) => number
  readonly counted: () => number
} {
  let times = 0
  const lengthOf = memoized((name) => {
    times += 1
    return name.length
  })
  return { lengthOf, counted: () => times }
}

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `name-${index}`)

test('a name is worked out once, and answered the same ever after', () => {
  const { lengthOf, counted } = counter()
  expect([lengthOf('one'), lengthOf('three'), lengthOf('one'), lengthOf('three')]).toEqual([
    3, 5, 3, 5,
  ])
  expect(counted()).toBe(2)
})

test('a name of 64 characters is remembered, a longer one never', () => {
  for (const [length, times] of [
    [64, 1],
    [65, 2],
  ] as const) {
    const { lengthOf, counted } = counter()
    const name = 'n'.repeat(length)
    expect([lengthOf(name), lengthOf(name)]).toEqual([length, length])
    expect(counted()).toBe(times)
  }
})

test('512 names are remembered, and one more makes it forget them', () => {
  const { lengthOf, counted } = counter()
  for (const name of [...names(512), ...names(512)]) lengthOf(name)
  expect(counted()).toBe(512)
  lengthOf('one more')
  lengthOf('one more')
  expect(counted()).toBe(513)
  for (const name of names(511)) lengthOf(name)
  expect(counted()).toBe(513 + 511)
  lengthOf('one more')
  expect(counted()).toBe(513 + 511)
})
