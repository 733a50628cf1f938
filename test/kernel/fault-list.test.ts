import { expect, test } from 'vitest'
import { FaultList, MAX_FAULTS } from '../../src/kernel/fault-list.ts'

interface Numbered {
  readonly line: number
  readonly message: string
}

const listOf = (count: number, first = 1): FaultList<Numbered> => {
  const list = new FaultList<Numbered>()
  for (let line = first; line < first + count; line += 1) list.add({ line, message: `m${line}` })
  return list
}

const summary = (line: number, text: string): Numbered => ({
  line,
  message: `found ${text} from here on, wanted none: mend those above first`,
})

test('a hundred faults are kept as they are', () => {
  const { all, more } = listOf(MAX_FAULTS)
  expect(all).toHaveLength(MAX_FAULTS)
  expect([all[0], all.at(-1)]).toEqual([
    { line: 1, message: 'm1' },
    { line: 100, message: 'm100' },
  ])
  expect(more).toBe(0)
})

const BEYOND = [
  [101, '1 more fault'],
  [102, '2 more faults'],
  [5000, '4900 more faults'],
] as const

for (const [count, text] of BEYOND) {
  test(`of ${count} faults a hundred are kept and the rest is one, at the place of its first`, () => {
    const { all, more } = listOf(count)
    expect(all).toHaveLength(MAX_FAULTS + 1)
    expect(all.at(-1)).toEqual(summary(101, text))
    expect(more).toBe(count - MAX_FAULTS)
  })
}

const JOINED = [
  [0, 0, 0],
  [1, 0, 0],
  [0, 100, 0],
  [60, 40, 0],
  [60, 41, 1],
  [0, 101, 1],
  [0, 150, 50],
  [1, 150, 51],
  [100, 1, 1],
  [120, 130, 150],
] as const

for (const [here, there, beyond] of JOINED) {
  test(`${there} faults that join ${here} are counted once each`, () => {
    const list = listOf(here)
    list.join(listOf(there, here + 1))
    expect(list.more).toBe(beyond)
    const kept = Math.min(here + there, MAX_FAULTS)
    expect(list.all).toHaveLength(kept + (beyond === 0 ? 0 : 1))
    expect(list.all.slice(0, kept).map(({ line }) => line)).toEqual(
      Array.from({ length: kept }, (_, index) => index + 1),
    )
    if (beyond > 0) {
      expect(list.all.at(-1)).toEqual(
        summary(101, `${beyond} more fault${beyond === 1 ? '' : 's'}`),
      )
    }
  })
}
