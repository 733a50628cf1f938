import { expect, test } from 'vitest'
import { DroppedLine } from '../../src/serve/process/dropped-line.ts'

test('a line is due at the first connection that is turned away, and then once a minute with how many there were', () => {
  let now = 0
  const line = new DroppedLine(() => now)
  expect(line.due()).toBe(1)
  now = 59_999
  for (let n = 0; n < 1000; n += 1) expect(line.due()).toBeUndefined()
  now = 60_000
  expect(line.due()).toBe(1001)
  expect(line.due()).toBeUndefined()
})
