import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import { KeyTable, packKeys } from '../../src/state/key-table.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const keyOf = (number: number): KeyFingerprint => hash('sha256', `key ${number}`) as KeyFingerprint

test('a table answers like a map, whatever is put in and taken out', () => {
  const table = new KeyTable()
  const map = new Map<KeyFingerprint, number>()
  const random = new SeededRandom(20_261_122, 1)
  for (let step = 0; step < 60_000; step += 1) {
    const key = keyOf(random.below(6000))
    const word = random.below(4)
    table.set(key, word)
    if (word === 0) map.delete(key)
    else map.set(key, word)
  }
  expect(table.size).toBe(map.size)
  const different = Array.from({ length: 6000 }, (_, number) => keyOf(number)).filter(
    (key) => table.valueFor(key) !== (map.get(key) ?? 0),
  )
  expect(different).toEqual([])
})

test('keys that meet in one slot are told apart, and one leaves the others findable', () => {
  const table = new KeyTable()
  const alike = Array.from(
    { length: 50 },
    (_, number) => `00000000${hash('sha256', `${number}`).slice(8)}` as KeyFingerprint,
  )
  for (const [index, key] of alike.entries()) table.set(key, 1 + (index % 3))
  for (const key of alike.filter((_, index) => index % 2 === 0)) table.set(key, 0)
  expect(alike.map((key) => table.valueFor(key))).toEqual(
    alike.map((_, index) => (index % 2 === 0 ? 0 : 1 + (index % 3))),
  )
  expect(table.size).toBe(25)
})

test('keys that differ in their first half only are one key, and those that differ there are two', () => {
  const table = new KeyTable()
  const key = keyOf(1)
  table.set(key, 2)
  expect(
    table.valueFor(
      `${key.slice(0, 31)}${key[31] === '0' ? '1' : '0'}${key.slice(32)}` as KeyFingerprint,
    ),
  ).toBe(0)
  expect(table.valueFor(`${key.slice(0, 32)}${'0'.repeat(32)}` as KeyFingerprint)).toBe(2)
})

test('pages hold everything, and make another table like this', () => {
  const table = new KeyTable()
  for (let number = 0; number < 2501; number += 1) table.set(keyOf(number), 1 + (number % 255))
  const pages = [...table.pages(1000)]
  expect(pages.map(({ values }) => values.length)).toEqual([1000, 1000, 501])
  const other = new KeyTable()
  for (const page of structuredClone(pages)) other.unpack(page)
  expect(other.size).toBe(2501)
  for (let number = 0; number < 2501; number += 1) {
    expect(other.valueFor(keyOf(number))).toBe(1 + (number % 255))
  }
})

test('an empty table has no pages', () => {
  expect([...new KeyTable().pages()]).toEqual([])
})

test('what is packed with the word 0 takes keys out', () => {
  const table = new KeyTable()
  table.unpack(
    packKeys([
      [keyOf(1), 1],
      [keyOf(2), 2],
    ]),
  )
  table.unpack(
    packKeys([
      [keyOf(1), 0],
      [keyOf(3), 0],
    ]),
  )
  expect([1, 2, 3].map((number) => table.valueFor(keyOf(number)))).toEqual([0, 2, 0])
})

test('a million keys take less than 40 MB', () => {
  const table = new KeyTable()
  // Any 32 hexadecimal digits will do: hashing a million times would be the test.
  for (let number = 0; number < 1_000_000; number += 1) {
    const spread = Math.imul(number, 0x9e3779b1) >>> 0
    table.set(
      `${spread.toString(16).padStart(8, '0')}${number.toString(16).padStart(56, '0')}` as KeyFingerprint,
      1,
    )
  }
  expect(table.size).toBe(1_000_000)
  expect(table.memory).toBeLessThan(40_000_000)
})
