/** When it is told what a connection on a sync port carried. */
import { expect, test } from 'vitest'
import { ExchangeProgress, TELL_EVERY_MS } from '../../../src/forward/tunnel/exchange-progress.ts'

const DAY = 86_400_000

test('a connection is told of once octets have passed both ways, and not before', () => {
  const progress = new ExchangeProgress()
  expect(progress.due(5, 0, 0)).toBeUndefined()
  expect(progress.due(0, 5, 9 * DAY)).toBeUndefined()
  expect(progress.due(5, 7, 1000)).toEqual({
    connections: 1,
    bytesIn: 5,
    bytesOut: 7,
    isBothWays: true,
  })
  expect(progress.due(6, 7, 1001)).toBeUndefined()
})

test('one that is told of at the first instant of a clock is told of once', () => {
  const progress = new ExchangeProgress()
  expect(progress.due(1, 1, 0)?.connections).toBe(1)
  expect(progress.due(2, 1, 0)).toBeUndefined()
})

test('what an open connection goes on to carry is told of at least daily, each octet once and no second connection', () => {
  expect(TELL_EVERY_MS).toBeLessThan(DAY)
  const progress = new ExchangeProgress()
  progress.due(5, 7, 1000)
  const next = 1000 + TELL_EVERY_MS
  expect(progress.due(9, 7, next - 1)).toBeUndefined()
  expect(progress.due(9, 8, next)).toEqual({
    connections: 0,
    bytesIn: 4,
    bytesOut: 1,
    isBothWays: true,
  })
  expect(progress.due(10, 8, next + TELL_EVERY_MS - 1)).toBeUndefined()
  expect(progress.due(10, 8, next + TELL_EVERY_MS)).toEqual({
    connections: 0,
    bytesIn: 1,
    bytesOut: 0,
    isBothWays: false,
  })
})

test('a question after a long silence is told of, and its answer is as soon as it passes: together they are a use', () => {
  const progress = new ExchangeProgress()
  progress.due(5, 7, 1000)
  const later = 1000 + TELL_EVERY_MS
  expect(progress.due(9, 7, later)).toEqual({
    connections: 0,
    bytesIn: 4,
    bytesOut: 0,
    isBothWays: false,
  })
  expect(progress.due(9, 20, later + 1)).toEqual({
    connections: 0,
    bytesIn: 0,
    bytesOut: 13,
    isBothWays: true,
  })
  expect(progress.due(10, 21, later + TELL_EVERY_MS)).toBeUndefined()
  expect(progress.due(11, 22, later + 1 + TELL_EVERY_MS)?.isBothWays).toBe(true)
})

test('what goes on one way alone is told of every few hours, and is no use', () => {
  const progress = new ExchangeProgress()
  progress.due(5, 7, 0)
  for (const at of [1, 2, 3]) {
    expect(progress.due(5, 7 + at, at * TELL_EVERY_MS)).toEqual({
      connections: 0,
      bytesIn: 0,
      bytesOut: 1,
      isBothWays: false,
    })
    expect(progress.due(5, 7 + at, at * TELL_EVERY_MS + 1)).toBeUndefined()
  }
})
