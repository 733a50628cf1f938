import { expect, test } from 'vitest'
import { isOlder, parseVersion, versionRank, versionText } from '../../src/fleet/client.ts'

const READ: readonly [string, readonly number[] | undefined][] = [
  ['10', [10]],
  ['10.2.0.0', [10, 2, 0, 0]],
  ['12.11.10', [12, 11, 10]],
  ['1.2.3.4.5.6', [1, 2, 3, 4, 5, 6]],
  ['1.2.3.4.5.6.7', undefined],
  ['', undefined],
  ['10.', undefined],
  ['.10', undefined],
  ['10..2', undefined],
  ['v10', undefined],
  ['10.2-beta', undefined],
  ['-1.0', undefined],
  ['1e3', undefined],
  ['1234567890', undefined],
  ['10.2\n', undefined],
]

for (const [text, version] of READ) {
  test(`${JSON.stringify(text)} is ${version === undefined ? 'no version' : 'a version'}`, () => {
    expect(parseVersion(text)).toEqual(version)
  })
}

test('a version is printed as it was read', () => {
  expect(versionText(parseVersion('10.2.0.0') ?? [])).toBe('10.2.0.0')
})

const ORDER: readonly [string, string, boolean][] = [
  ['9.7.9', '9.8', true],
  ['9.8', '9.8', false],
  ['9.8.0.0', '9.8', false],
  ['9.8', '9.8.0.1', true],
  ['9.10', '9.9', false],
  ['10.1', '9.8', false],
  ['12.11.9', '12.11.10', true],
  ['12.11.10', '12.11.10', false],
]

for (const [one, other, below] of ORDER) {
  test(`${one} is ${below ? '' : 'not '}older than ${other}`, () => {
    expect(isOlder(parseVersion(one) ?? [], parseVersion(other) ?? [])).toBe(below)
  })
}

for (const [one, other, below] of ORDER) {
  test(`${one} ranks ${below ? 'below' : 'at or above'} ${other}`, () => {
    const rank = (text: string): number => versionRank(parseVersion(text) ?? [])
    expect(rank(one) < rank(other)).toBe(below)
  })
}

test('a part that does not fit in a rank never puts a newer release below an older one', () => {
  expect(versionRank([10, 2, 0, 123_456])).toBeLessThan(versionRank([10, 2, 1]))
  expect(versionRank([999_999_999, 999_999_999, 999_999_999, 999_999_999])).toBeLessThan(
    Number.MAX_SAFE_INTEGER,
  )
})
