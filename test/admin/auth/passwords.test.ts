import { expect, test } from 'vitest'
import {
  hashPassword,
  verifyDummyPassword,
  verifyPassword,
} from '../../../src/admin/auth/passwords.ts'

test('a password is recognised by its hash, and the same one is never hashed alike', async () => {
  const one = await hashPassword('correct horse battery')
  const other = await hashPassword('correct horse battery')
  expect(one).not.toBe(other)
  expect(await verifyPassword('correct horse battery', one)).toBe(true)
  expect(await verifyPassword('correct horse battery', other)).toBe(true)
})

test('letters that look the same are the same on every keyboard', async () => {
  expect(await verifyPassword('cafe\u0301 au lait', await hashPassword('caf\u00e9 au lait'))).toBe(
    true,
  )
})

const WRONG = ['', 'correct horse batter', 'Correct horse battery', 'correct horse battery ']
for (const wrong of WRONG) {
  test(`${JSON.stringify(wrong)} is not the password`, async () => {
    expect(await verifyPassword(wrong, await hashPassword('correct horse battery'))).toBe(false)
  })
}

const UNREADABLE: readonly [string, string][] = [
  ['an empty hash', ''],
  ['plain text', 'correct horse battery'],
  [
    'another algorithm',
    '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo',
  ],
  ['a tag of nothing', '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$'],
  [
    'a hash that would cost gigabytes',
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo',
  ],
]
for (const [what, hash] of UNREADABLE) {
  test(`${what} fits no password`, async () => {
    expect(await verifyPassword('correct horse battery', hash)).toBe(false)
  })
}

test('the password of an unknown name is never right', async () => {
  expect(await verifyDummyPassword('anything')).toBe(false)
})
