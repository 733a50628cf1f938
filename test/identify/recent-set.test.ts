import { expect, test } from 'vitest'
import { RecentSet } from '../../src/identify/recent-set.ts'

test('who was never added did not come', () => {
  expect(new RecentSet<string>(2).has('a')).toBe(false)
})

test('the last ones are known up to the limit, whatever came before them', () => {
  const recent = new RecentSet<number>(3)
  for (let newest = 0; newest < 20; newest += 1) {
    recent.add(newest)
    for (const back of [0, 1, 2]) expect(recent.has(newest - back)).toBe(newest >= back)
  }
})

test('no more than twice the limit are kept', () => {
  const recent = new RecentSet<number>(3)
  for (let key = 0; key < 100; key += 1) {
    recent.add(key)
    const kept = Array.from({ length: key + 1 }, (_, one) => one).filter((one) => recent.has(one))
    expect(kept.length).toBeLessThanOrEqual(6)
  }
})

test('who is added again counts as new: coming often, it stays while others go by', () => {
  const recent = new RecentSet<number>(3)
  for (let other = 1; other < 50; other += 1) {
    recent.add(0)
    recent.add(other)
    expect(recent.has(0)).toBe(true)
  }
})
