import { expect, test } from 'vitest'
import { Lately } from '../../src/identify/recent-set.ts'

test('who was never added did not come', () => {
  expect(new Lately<string>(2).has('a')).toBe(false)
})

test('the last ones are known up to the limit, whatever came before them', () => {
  const lately = new Lately<number>(3)
  for (let newest = 0; newest < 20; newest += 1) {
    lately.add(newest)
    for (const back of [0, 1, 2]) expect(lately.has(newest - back)).toBe(newest >= back)
  }
})

test('no more than twice the limit are kept', () => {
  const lately = new Lately<number>(3)
  for (let key = 0; key < 100; key += 1) {
    lately.add(key)
    const kept = Array.from({ length: key + 1 }, (_, one) => one).filter((one) => lately.has(one))
    expect(kept.length).toBeLessThanOrEqual(6)
  }
})

test('who is added again counts as new: coming often, it stays while others go by', () => {
  const lately = new Lately<number>(3)
  for (let other = 1; other < 50; other += 1) {
    lately.add(0)
    lately.add(other)
    expect(lately.has(0)).toBe(true)
  }
})
