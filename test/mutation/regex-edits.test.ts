import { expect, test } from 'vitest'
import { regexEdits } from './regex-edits.ts'

const rows: readonly (readonly [promise: string, literal: string, edits: readonly string[]])[] = [
  ['a plain text has none', '/abc/u', []],
  ['each anchor may go', '/^a$/', ['/a$/', '/^a/']],
  ['a class may be turned around', '/[a^]/', ['/[^a^]/']],
  ['a negated class may be turned around', '/[^^a]/', ['/[^a]/']],
  ['what a class holds is left alone', '/[$+*?\\]{2}]/', ['/[^$+*?\\]{2}]/']],
  [
    'each repetition may go',
    '/a+b*c?d{2,3}/',
    ['/ab*c?d{2,3}/', '/a+bc?d{2,3}/', '/a+b*cd{2,3}/', '/a+b*c?d/'],
  ],
  ['what is escaped is left alone', '/\\^\\$\\+\\p{Lu}/u', []],
  ['the mark of a group is no repetition', '/(?:a)(?=b)(?<c>d)/', []],
  ['the flag for case may go', '/a/giu', ['/a/gu']],
]

for (const [promise, literal, edits] of rows) {
  test(promise, () => {
    expect(regexEdits(literal)).toEqual(edits)
  })
}
