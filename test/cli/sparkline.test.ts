import { expect, test } from 'vitest'
import { groupSize, merged, sparkline } from '../../src/cli/sparkline.ts'

const LEVELS = '0123'

test.each([
  ['nought is the lowest, and anything more is seen', [0, 1, 100], '013'],
  ['a value is rounded up to its level', [33, 34, 66, 67, 99], '12233'],
  ['noughts alone are the lowest', [0, 0], '00'],
  ['what was not recorded is blank', [null, 0, null, 5], ' 0 3'],
  ['nothing is nothing', [], ''],
] as const)('%s', (_promise, values, expected) => {
  expect(sparkline(values, LEVELS)).toBe(expected)
})

test('values that share a sign add up, and of states the last stands', () => {
  const values = [1, 2, null, 4, null, null, 7]
  expect(merged(values, 'count', 4)).toEqual([3, 4, null, 7])
  expect(merged(values, 'state', 4)).toEqual([2, 4, null, 7])
  expect(merged(values, 'count', 7)).toEqual(values)
  expect(merged(values, 'count', Infinity)).toEqual(values)
})

test('no more signs are drawn than there is room for', () => {
  expect([groupSize(24, 24), groupSize(25, 24), groupSize(744, 100), groupSize(5, 0)]).toEqual([
    1, 2, 8, 5,
  ])
})
