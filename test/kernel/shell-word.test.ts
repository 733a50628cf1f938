import { expect, test } from 'vitest'
import { shellWord } from '../../src/kernel/shell-word.ts'

const ROWS: readonly (readonly [string, string])[] = [
  ['fleet-2026.pem', 'fleet-2026.pem'],
  ['/etc/tfe/ca_1.pem', '/etc/tfe/ca_1.pem'],
  ['Previous Device CA', "'Previous Device CA'"],
  ["Bob's CA", "'Bob'\\''s CA'"],
  ['', "''"],
  ['a;rm', "'a;rm'"],
  ['$(x)', "'$(x)'"],
  ['a\nb', "'a\nb'"],
  ['Gerät', "'Gerät'"],
]

for (const [text, word] of ROWS) {
  test(`${JSON.stringify(text)} is one word of a shell`, () => {
    expect(shellWord(text)).toBe(word)
  })
}
