import { expect, test } from 'vitest'
import { SlotList, type Slot } from '../../src/kernel/slot-list.ts'
import { SeededRandom } from '../support/seeded-random.ts'

test('each one that joined and did not leave is there, whatever the order of coming and going', () => {
  const random = new SeededRandom(1)
  const list = new SlotList<number>()
  const slots: Slot<number>[] = []
  for (let step = 0; step < 2000; step += 1) {
    const [gone] =
      random.oneIn(2) && slots.length > 0 ? slots.splice(random.below(slots.length), 1) : []
    if (gone === undefined) slots.push(list.add(step))
    else list.remove(gone)
    const there = slots.map(({ item }) => item)
    expect([...list].sort((one, other) => one - other)).toEqual(
      there.sort((one, other) => one - other),
    )
    expect(list.size).toBe(there.length)
  }
})

test('leaving twice takes no other one along', () => {
  const list = new SlotList<string>()
  const [one] = [list.add('one'), list.add('other')]
  list.remove(one)
  list.remove(one)
  expect([...list]).toEqual(['other'])
})

test('a slot of one list is none of another', () => {
  const [here, there] = [new SlotList<string>(), new SlotList<string>()]
  here.add('here')
  here.remove(there.add('there'))
  expect([...here]).toEqual(['here'])
})

for (const leaver of ['the one who is looked at', 'everybody']) {
  test(`when ${leaver} leaves during a round, none that stays is missed and none that left is met`, () => {
    const list = new SlotList<number>()
    const slots = Array.from({ length: 9 }, (_, member) => list.add(member))
    const met: number[] = []
    for (const member of list) {
      met.push(member)
      const leaving = leaver === 'everybody' ? slots : slots.filter((one) => one.item === member)
      if (member % 3 === 0) for (const slot of leaving) list.remove(slot)
    }
    expect(met).toEqual(leaver === 'everybody' ? [8, 7, 6] : [8, 7, 6, 5, 4, 3, 2, 1, 0])
  })
}
