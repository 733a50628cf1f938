import { expect, test } from 'vitest'
import { isoText, type Instant } from '../../src/kernel/types.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const END_OF_9999 = 253_402_300_799_999
const text = (time: number): string => isoText(time as Instant)
const dates = (time: number): string => new Date(time).toISOString()

test('every day of four hundred years is written as Date writes it', () => {
  for (let day = 0; day < 146_097 + 366; day += 1) {
    const time = day * 86_400_000 + 43_200_000
    expect(text(time)).toBe(dates(time))
  }
})

test('any millisecond up to the year 9999 is written as Date writes it', () => {
  const random = new SeededRandom(9999)
  for (let n = 0; n < 20_000; n += 1) {
    const time = random.below(END_OF_9999 / 1000) * 1000 + random.below(1000)
    expect(text(time)).toBe(dates(time))
  }
})

for (const time of [0, 999, 86_399_999, 951_782_400_000, 951_868_799_999, END_OF_9999]) {
  test(`${dates(time)} is written so, the last and the first millisecond of a day among them`, () => {
    expect(text(time)).toBe(dates(time))
  })
}

for (const time of [-1, -62_198_755_200_000, END_OF_9999 + 1, 8.64e15, 0.5]) {
  test(`${time} is left to Date`, () => {
    expect(text(time)).toBe(dates(time))
  })
}

for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1]) {
  test(`${time} is no time`, () => {
    expect(() => text(time)).toThrow(RangeError)
  })
}
