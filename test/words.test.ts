import { expect, test } from 'vitest'
import { findWords, retiredWords } from '../scripts/check-words.ts'

const CHANGELOG = `# Changelog

## Retired names

| gone | in its place |
| --- | --- |
| \`aardvark\`, \`blueWhale\` | animal |

## 0.1.0

| \`stays\` | here |
`

test('retired names are the first column of their table, and of no other', () => {
  expect(retiredWords(CHANGELOG)).toEqual(['aardvark', 'blueWhale'])
})

test('a retired name is found in any case and in compound text, with its line', () => {
  const texts = new Map([['src/a.ts', 'const a = 1\n// An Aardvark-like thing\nbluewhale()\n']])
  expect(findWords(retiredWords(CHANGELOG), texts)).toEqual([
    { word: 'aardvark', at: 'src/a.ts:2' },
    { word: 'bluewhale', at: 'src/a.ts:3' },
  ])
})

test('a longer word that contains a retired name is another word', () => {
  const texts = new Map([['src/a.ts', 'aardvarks blueWhales my_aardvark aardvark2\n']])
  expect(findWords(retiredWords(CHANGELOG), texts)).toEqual([])
})

test('without the table nothing is retired', () => {
  expect(retiredWords('# Changelog\n')).toEqual([])
})
