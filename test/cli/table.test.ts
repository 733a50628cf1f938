import { expect, test } from 'vitest'
import {
  dayCell,
  formatFacts,
  formatTable,
  idCell,
  shortestPrefixLength,
  timeCell,
  wholeCell,
  type Cell,
  type View,
} from '../../src/cli/table.ts'

const PIPE: View = { columns: undefined, timeZone: 'Europe/Berlin', ellipsis: '…' }
const on = (columns: number): View => ({ ...PIPE, columns })
const IDS = ['0192f0c4-aaaa-7000', '0192f0c4-abbb-7000', '0192f0c5-0000-7000']
const LONG = `CN=${'a very long name '.repeat(10)}`
const ROWS: readonly (readonly Cell[])[] = IDS.map((id, at) => [
  idCell(id),
  `${LONG}${at}`,
  timeCell('2026-11-29T20:41:00.000Z'),
])
const HEADS = ['ID', 'NAME', 'LAST SEEN']

test('a table that is piped is whole, whatever the width of a terminal would be', () => {
  const [head, first] = formatTable(HEADS, ROWS, PIPE)
  expect(head).toMatch(/^ID +NAME +LAST SEEN \(\+01:00\)$/u)
  expect(first).toBe(`${IDS[0] ?? ''}  ${LONG}0  2026-11-29 21:41`)
})

test('on a terminal a table fits its width, and ids are as short as they stay different', () => {
  const lines = formatTable(HEADS, ROWS, on(100))
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(lines[1]).toMatch(/^0192f0c4-aa {2}CN=a very long .*… {2}2026-11-29 21:41$/u)
  expect(lines[2]).toMatch(/^0192f0c4-ab /u)
})

test('the widest cells are cut first, and none to less than says something', () => {
  const row = ['x'.repeat(90), 'y'.repeat(20), 'short']
  const [, cut] = formatTable(['A', 'B', 'C'], [row], on(60))
  expect(cut).toBe(`${'x'.repeat(30)}…  ${'y'.repeat(20)}  short`)
  const [, narrow] = formatTable(['A', 'B', 'C'], [row], on(10))
  expect(narrow).toBe(`${'x'.repeat(11)}…  ${'y'.repeat(11)}…  short`)
})

test('what is copied into another command is never cut', () => {
  const [, row] = formatTable(['DENIED'], [[wholeCell('ab'.repeat(60))]], on(40))
  expect(row).toBe('ab'.repeat(60))
})

test('a cut leaves no half of a character', () => {
  const [, row = ''] = formatTable(['A'], [['😀'.repeat(20)]], on(12))
  expect(row.isWellFormed()).toBe(true)
})

test('wide characters take two columns, marks none, and what is cut ends at the same column', () => {
  const names = ['東京の端末', '한국어', 'ｶﾀｶﾅ', 'e\u0301te\u0301', '😀']
  const rows = names.map((name) => [name, 'x'])
  expect(formatTable(['NAME', 'END'], rows, PIPE).slice(1)).toEqual([
    '東京の端末  x',
    '한국어      x',
    'ｶﾀｶﾅ        x',
    'e\u0301te\u0301         x',
    '😀          x',
  ])
  const [, cut] = formatTable(['NAME', 'END'], [['東'.repeat(20), 'x']], on(20))
  expect(cut).toBe(`${'東'.repeat(7)}…  x`)
})

test('ids are at least eight characters, and one that stands twice makes none longer', () => {
  expect(shortestPrefixLength(['0192f0c4-aaaa', '1192f0c4-aaaa'])).toBe(8)
  expect(shortestPrefixLength(['0192f0c4-aaaa', '0192f0c4-aaaa'])).toBe(8)
  expect(shortestPrefixLength(['0192f0c4', '0192f0c4-aaaa'])).toBe(9)
  expect(shortestPrefixLength([])).toBe(8)
})

test('days of certificates are in UTC and say so; what never happened is a dash', () => {
  const rows = [
    [dayCell('2026-11-30T23:59:59.000Z'), timeCell(null)],
    [dayCell(null), null],
  ]
  expect(formatTable(['ENDS', 'LAST USED'], rows, PIPE)).toEqual([
    'ENDS (UTC)  LAST USED (UTC)',
    '2026-11-30  -',
    '-           -',
  ])
})

test('facts tell a time with UTC beside', () => {
  const facts: readonly (readonly [string, Cell])[] = [
    ['last seen', timeCell('2026-11-29T20:41:00.000Z')],
    ['ends', dayCell('2026-11-30T23:59:59.000Z')],
    ['never', timeCell(null)],
  ]
  expect(formatFacts(facts, PIPE)).toEqual([
    'last seen  2026-11-29 21:41 +01:00 (20:41Z)',
    'ends       2026-11-30 (UTC)',
    'never      -',
  ])
})

test('no cell moves a cursor, whatever kind it is of', () => {
  const hostile = '\u001B[2J\u009B\u202E'
  const cells = [hostile, idCell(hostile), timeCell(hostile), dayCell(hostile), wholeCell(hostile)]
  const lines = [
    ...formatTable(['A', 'B', 'C', 'D', 'E'], [cells], on(100)),
    ...formatFacts(
      cells.map((cell) => ['fact', cell]),
      PIPE,
    ),
  ]
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})
