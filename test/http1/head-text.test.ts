/** What is written of a head: lines that a reader takes for what they were, and nothing that ends a line. */
import { expect, test } from 'vitest'
import {
  chunkSize,
  fieldLines,
  isFieldSound,
  lastChunk,
  statusLine,
} from '../../src/http1/head-text.ts'

test('fields are lines in order, spelled as they came, repeated and empty ones too', () => {
  expect(fieldLines([])).toBe('')
  expect(fieldLines(['hOST', 'a', 'X', '', 'X', 'b: c'])).toBe('hOST: a\r\nX: \r\nX: b: c\r\n')
})

test('a name without a value is not written', () => {
  expect(fieldLines(['X'])).toBe('')
  expect(fieldLines(['A', 'b', 'X'])).toBe('A: b\r\n')
})

for (const [reason, written] of [
  ['OK', 'OK'],
  ['', ''],
  ['I\t ~', 'I\t ~'],
  ['caf\xe9', ''],
  ['a\r\nX: b', ''],
  ['a\n', ''],
  ['\0', ''],
  ['a\x1f', ''],
  ['a\x7f', ''],
] as const) {
  test(`the reason phrase ${JSON.stringify(reason)} is ${written === reason ? 'written' : 'left out'}`, () => {
    expect(statusLine(404, reason)).toBe(`HTTP/1.1 404 ${written}\r\n`)
  })
}

const SOUND: readonly (readonly [string, string])[] = [
  ['A', ''],
  ['x-y_z.0', 'a b\tc'],
  ["!#$%&'*+-.^_`|~", '~ '],
  ['A', '\x80\xff'],
]
const UNSOUND: readonly (readonly [string, string])[] = [
  ['', 'a'],
  ['A B', 'a'],
  ['A:', 'a'],
  ['A\r\n', 'a'],
  [' A', 'a'],
  ['A"', 'a'],
  ['\xe9', 'a'],
  ['A', 'a\r\nB: c'],
  ['A', '\n'],
  ['A', '\0'],
  ['A', 'a\x1f'],
  ['A', '\x7f'],
  ['A', '\u0100'],
]

test('a field of ours is sound when its name is a token and its value ends no line', () => {
  expect(SOUND.filter(([name, value]) => !isFieldSound(name, value))).toEqual([])
  expect(UNSOUND.filter(([name, value]) => isFieldSound(name, value))).toEqual([])
})

test('the size of a chunk is hexadecimal', () => {
  expect([1, 15, 16, 65_536].map(chunkSize)).toEqual(['1\r\n', 'f\r\n', '10\r\n', '10000\r\n'])
})

test('the last chunk is followed by trailers, if there are any, and an empty line', () => {
  expect(lastChunk([])).toBe('0\r\n\r\n')
  expect(lastChunk(['T', 'u'])).toBe('0\r\nT: u\r\n\r\n')
})
