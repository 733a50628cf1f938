import { expect, test } from 'vitest'
import { jsonText } from '../../src/cli/json-text.ts'

const HOSTILE: readonly (readonly [what: string, text: string])[] = [
  ['a control of C0', '\u001B[2J'],
  ['a line break inside of a string', 'a\nb'],
  ['DEL and a control of C1', '\u007F\u009B2J'],
  ['text turned around', '\u202Egnp.exe\u2066'],
  ['a line separator', 'a\u2028b'],
  ['a formatting character beyond the first plane', '\u{E0041}'],
]

for (const [what, text] of HOSTILE) {
  test(`${what} is escaped, and read back as it was`, () => {
    const json = jsonText({ [text]: [text] })
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(JSON.parse(json)).toEqual({ [text]: [text] })
  })
}

test('a name in any script stays readable', () => {
  expect(jsonText({ name: 'Łódź 東京 😀' })).toBe('{\n  "name": "Łódź 東京 😀"\n}\n')
})
