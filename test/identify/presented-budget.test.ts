import { expect, test } from 'vitest'
import { ORDINARY_OCTETS, PresentedBudget } from '../../src/identify/presented-budget.ts'

test('what fills the budget to the last octet is held, and one octet more is not', () => {
  const budget = new PresentedBudget(20_000)
  budget.hold(10_000)
  expect(budget.hasRoom(10_000)).toBe(true)
  expect(budget.hasRoom(10_001)).toBe(false)
})

test('what is released makes room, and nothing is left when all is', () => {
  const budget = new PresentedBudget(20_000)
  const releases = [budget.hold(9000), budget.hold(11_000)]
  expect(budget.hasRoom(9000)).toBe(false)
  releases[0]?.()
  expect(budget.hasRoom(9000)).toBe(true)
  releases[1]?.()
  expect(budget.held).toBe(0)
})

test('an ordinary handshake always finds room and takes none; one octet more asks for it', () => {
  const budget = new PresentedBudget(10_000)
  for (let n = 0; n < 1000; n += 1) budget.hold(ORDINARY_OCTETS)
  expect(budget.held).toBe(0)
  budget.hold(10_000)
  expect(budget.hasRoom(ORDINARY_OCTETS)).toBe(true)
  expect(budget.hasRoom(ORDINARY_OCTETS + 1)).toBe(false)
})
