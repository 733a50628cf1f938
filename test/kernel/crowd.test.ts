import { expect, test } from 'vitest'
import { Crowd, type Place } from '../../src/kernel/slot-list.ts'
import { Random } from '../support/random.ts'

test('whoever joined and did not leave is there, whatever the order of coming and going', () => {
  const random = new Random(1)
  const crowd = new Crowd<number>()
  const places: Place<number>[] = []
  for (let step = 0; step < 2000; step += 1) {
    const [gone] =
      random.once(2) && places.length > 0 ? places.splice(random.below(places.length), 1) : []
    if (gone === undefined) places.push(crowd.join(step))
    else crowd.leave(gone)
    const there = places.map(({ member }) => member)
    expect([...crowd].sort((one, other) => one - other)).toEqual(
      there.sort((one, other) => one - other),
    )
    expect(crowd.size).toBe(there.length)
  }
})

test('leaving twice takes nobody else along', () => {
  const crowd = new Crowd<string>()
  const [one] = [crowd.join('one'), crowd.join('other')]
  crowd.leave(one)
  crowd.leave(one)
  expect([...crowd]).toEqual(['other'])
})

test('a place in one crowd is none in another', () => {
  const [here, there] = [new Crowd<string>(), new Crowd<string>()]
  here.join('here')
  here.leave(there.join('there'))
  expect([...here]).toEqual(['here'])
})

for (const leaver of ['the one who is looked at', 'everybody']) {
  test(`when ${leaver} leaves during a round, nobody who stays is missed and nobody who left is met`, () => {
    const crowd = new Crowd<number>()
    const places = Array.from({ length: 9 }, (_, member) => crowd.join(member))
    const met: number[] = []
    for (const member of crowd) {
      met.push(member)
      const leaving =
        leaver === 'everybody' ? places : places.filter((one) => one.member === member)
      if (member % 3 === 0) for (const place of leaving) crowd.leave(place)
    }
    expect(met).toEqual(leaver === 'everybody' ? [8, 7, 6] : [8, 7, 6, 5, 4, 3, 2, 1, 0])
  })
}
