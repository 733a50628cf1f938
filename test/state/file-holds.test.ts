/** Which words of the file hold against the store's: only what narrows. */
import { expect, test } from 'vitest'
import type { EnrollmentSetting } from '../../src/config/trust/types.ts'
import type { Instant } from '../../src/kernel/types.ts'
import {
  distrustedByFileAlone,
  heldWord,
  standingInForce,
  type FileTrust,
  type StandingInStore,
} from '../../src/state/file-holds.ts'

const at = (day: number): Instant => (day * 86_400_000) as Instant
const previous = (sunset?: number, retired = 1) =>
  ({
    kind: 'previously-trusted',
    retiredAt: at(retired),
    cutOff: 'not-before',
    sunset: sunset === undefined ? undefined : at(sunset),
  }) as const
const STAGED = { kind: 'staged' } as const
const CURRENT = { kind: 'current' } as const
const DISTRUSTED = { kind: 'distrusted' } as const
const REMOVED = { kind: 'removed' } as const

/** What a file says of the setting CA: nothing, where it is left out. */
function fileOf(word: StandingInStore | undefined): FileTrust {
  const place = 'c.yaml:3:7'
  if (word === undefined) return { enrollmentSettings: [], removed: [] }
  if (word.kind === 'removed') {
    return { enrollmentSettings: [], removed: [{ at: place, name: 'CA' }] }
  }
  const chain = { at: place, path: 'ca.pem', bytes: Buffer.alloc(0) }
  const setting: EnrollmentSetting = {
    at: place,
    name: 'CA',
    source: 'local',
    standing: word,
    chain,
    crl: undefined,
  }
  return { enrollmentSettings: [setting], removed: [] }
}

type Row = readonly [
  file: StandingInStore | undefined,
  store: StandingInStore | undefined,
  inForce: StandingInStore | 'as stored',
]

const ROWS: readonly Row[] = [
  // Stricter words hold.
  [DISTRUSTED, STAGED, DISTRUSTED],
  [DISTRUSTED, CURRENT, DISTRUSTED],
  [DISTRUSTED, previous(), DISTRUSTED],
  [DISTRUSTED, REMOVED, DISTRUSTED],
  [REMOVED, STAGED, REMOVED],
  [REMOVED, CURRENT, REMOVED],
  [REMOVED, previous(9), REMOVED],
  [previous(5), previous(), previous(5)],
  [previous(5), previous(6), previous(5)],
  // The file narrows, and what else the store says stays.
  [previous(5, 2), previous(6, 3), previous(5, 3)],
  // The same word, or a looser one, does not.
  [DISTRUSTED, DISTRUSTED, 'as stored'],
  [REMOVED, REMOVED, 'as stored'],
  [REMOVED, DISTRUSTED, 'as stored'],
  [previous(5), previous(5), 'as stored'],
  [previous(6), previous(5), 'as stored'],
  [previous(), previous(5), 'as stored'],
  [previous(5), CURRENT, 'as stored'],
  [previous(5), STAGED, 'as stored'],
  [previous(5), DISTRUSTED, 'as stored'],
  [previous(5), REMOVED, 'as stored'],
  [STAGED, CURRENT, 'as stored'],
  [STAGED, previous(), 'as stored'],
  [CURRENT, STAGED, 'as stored'],
  [CURRENT, previous(5), 'as stored'],
  [CURRENT, DISTRUSTED, 'as stored'],
  [CURRENT, REMOVED, 'as stored'],
  [undefined, CURRENT, 'as stored'],
]

const text = (word: StandingInStore | undefined): string => {
  if (word === undefined) return 'nothing'
  if (word.kind !== 'previously-trusted') return word.kind
  return `previously-trusted until ${word.sunset === undefined ? 'ever' : word.sunset / 86_400_000}`
}

for (const [file, store, inForce] of ROWS) {
  const stored = store ?? REMOVED
  const expected = inForce === 'as stored' ? stored : inForce
  test(`${text(file)} in the file and ${text(store)} in the store come to ${text(expected)}`, () => {
    expect(standingInForce('CA', stored, fileOf(file))).toEqual(expected)
    expect(heldWord('CA', stored, fileOf(file)) === undefined).toBe(inForce === 'as stored')
  })
  test(`what is said of another setting leaves ${text(store)} as it is, where ${text(file)} is said`, () => {
    expect(standingInForce('Other', stored, fileOf(file))).toEqual(stored)
  })
}

test('a held word has its place in the file', () => {
  expect(heldWord('CA', CURRENT, fileOf(DISTRUSTED))).toEqual({
    kind: 'distrusted',
    at: 'c.yaml:3:7',
  })
  expect(heldWord('CA', CURRENT, fileOf(REMOVED))).toEqual({ kind: 'removed', at: 'c.yaml:3:7' })
  expect(heldWord('CA', previous(), fileOf(previous(5)))).toEqual({
    kind: 'sunset',
    at: 'c.yaml:3:7',
    sunset: at(5),
  })
})

test('of settings that the store does not know, only distrusted ones hold', () => {
  const names = (word: StandingInStore, stored: readonly { name: string }[]) =>
    distrustedByFileAlone(stored, fileOf(word)).map(({ name }) => name)
  expect(names(DISTRUSTED, [])).toEqual(['CA'])
  expect(names(DISTRUSTED, [{ name: 'Other' }])).toEqual(['CA'])
  expect(names(DISTRUSTED, [{ name: 'CA' }])).toEqual([])
  expect(names(CURRENT, [])).toEqual([])
  expect(names(STAGED, [])).toEqual([])
  expect(names(previous(), [])).toEqual([])
  expect(names(REMOVED, [])).toEqual([])
})
