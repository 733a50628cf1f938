import { expect, test } from 'vitest'
import { checkNewAdminName, nameFault } from '../../../src/admin/auth/admin-name.ts'

const FIT: readonly string[] = [
  'alice',
  'alice@example.com',
  'a',
  '9to5',
  'nightly-report',
  'o.m._-x',
  'müller',
  'олена',
  '管理者',
  'ياسمين',
  '관리자',
  'a'.repeat(63),
]

for (const name of FIT) {
  test(`a new administrator may be called ${name}`, () => {
    expect(checkNewAdminName(name, ['bob'])).toEqual({ ok: true, value: name })
  })
}

/** The name, and a part of what is said of it. */
const UNFIT: readonly (readonly [why: string, name: string, said: string])[] = [
  ['is not in small letters', 'Alice', 'found "Alice", wanted alice: write it so'],
  ['is not in small letters, outside ASCII too', 'ÉLODIE', 'wanted élodie'],
  ['ends with a space', 'alice ', 'found other characters'],
  ['begins with a space', ' alice', 'found other characters'],
  ['holds a space', 'alice smith', 'found other characters'],
  ['holds a space that looks like none', 'al\u200Bice', 'found other characters'],
  ['holds a no-break space', 'alice\u00A0', 'found other characters'],
  ['turns the text around', 'alice\u202Eecila', 'found other characters'],
  ['joins letters invisibly', 'ali\u200Dce', 'found other characters'],
  ['holds a control character', 'alice\u0007', 'found other characters'],
  ['holds half of a character', 'alice\uD83D', 'found other characters'],
  ['holds a picture', 'alice😀', 'found other characters'],
  ['is written in wide letters', '\uFF41lice', 'wanted alice'],
  ['is composed in another way', 'mu\u0308ller', 'wanted müller'],
  ['holds a ligature', 'o\uFB03ce', 'found other characters'],
  ['holds a raised letter', 'alice\u1D43', 'found other characters'],
  ['holds a mathematical letter', '\u{1D41A}lice', 'found other characters'],
  ['holds a variation selector', 'alice\uFE0F', 'found other characters'],
  ['holds a filler that is shown by nothing', 'a\u115F', 'found other characters'],
  ['mixes scripts that look alike', '\u0430lice', 'letters of several scripts'],
  ['mixes directions', 'alice\u05D0', 'letters of several scripts'],
  ['is a step up in a path', '..', 'found other characters'],
  ['begins with a sign', '-alice', 'found other characters'],
  ['is empty', '', 'found other characters'],
  ['is too long', 'a'.repeat(64), 'found a name of 64 characters, wanted at most 63'],
]

for (const [why, name, said] of UNFIT) {
  test(`a name that ${why} is not given to a new administrator`, () => {
    const checked = checkNewAdminName(name, [])
    expect(checked).toMatchObject({ ok: false, failure: expect.stringContaining(said) as unknown })
    expect(nameFault(name)).toContain(said)
    // What is wrong with it is not repeated in a way that hides it.
    expect(checked.ok ? '' : checked.failure).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
}

test('a name that reads like one that is there is not given again', () => {
  expect(checkNewAdminName('alice', ['bob', 'Alice'])).toMatchObject({
    ok: false,
    failure: 'found a name that reads like that of "Alice", wanted another: choose one',
  })
})

test('an administrator who has such a name already is told to be there, not renamed', () => {
  expect(checkNewAdminName('Alice', ['Alice'])).toEqual({ ok: true, value: 'Alice' })
})
