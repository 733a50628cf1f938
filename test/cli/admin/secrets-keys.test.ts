/** `tfe secrets`, and `tfe keys` over the admin API. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TICKET_SECRET } from '../../../src/store/secrets/secret-limits.ts'
import type { KeyRing } from '../../../src/store/secrets/seal.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { changeBetween } from '../../support/admin/change-between.ts'
import { typed, type Typist } from '../../support/cli/call-admin.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-cli-secrets-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const ringOf = (...versions: readonly number[]): KeyRing => ({
  keys: new Map(versions.map((version) => [version, randomBytes(32)])),
})

const WORD = 'correct horse\n'

async function withSecret(ring = ringOf(1)): Promise<TestAdminApi> {
  const adminApi = await openAdminApi({ ring })
  const put = await typed(adminApi, 'secrets put api-key', { stdin: WORD })
  expect(put).toEqual({ code: 0, out: 'api-key is sealed with key 1, 14 octets\n', err: '' })
  return adminApi
}

const opened = async ({ store }: TestAdminApi): Promise<string> => {
  const found = await store.secrets.open('api-key')
  return found.ok ? (found.value?.secret.toString('utf8') ?? '') : found.failure.kind
}

test('what is piped is kept octet for octet, listed by name, and never printed', async () => {
  await using adminApi = await withSecret()
  expect(await opened(adminApi)).toBe(WORD)
  const { out } = await typed(adminApi, 'secrets list')
  expect(out).toMatch(/^api-key +1 +1 /mu)
  expect(out).not.toContain('horse')
})

test('a file replaces a secret, and what is typed at a terminal is not shown', async () => {
  await using adminApi = await withSecret()
  const path = join(folder, 'key.bin')
  writeFileSync(path, Buffer.from([0xff, 0x00, 0x0a]))
  expect((await typed(adminApi, ['secrets', 'put', 'api-key', '--file', path])).code).toBe(0)
  const found = await adminApi.store.secrets.open('api-key')
  expect(found).toMatchObject({ ok: true, value: { secret: Buffer.from([0xff, 0x00, 0x0a]) } })
  const asked = await typed(adminApi, 'secrets put api-key', { answers: ['typed'] })
  expect(asked).toMatchObject({ code: 0, err: 'secret: \n' })
  expect(await opened(adminApi)).toBe('typed')
})

test('a secret is removed', async () => {
  await using adminApi = await withSecret()
  expect(await typed(adminApi, 'secrets remove api-key')).toMatchObject({
    code: 0,
    out: 'api-key is removed\n',
  })
  expect(await opened(adminApi)).toBe('')
})

type Words = string | readonly string[]
const REFUSED: readonly (readonly [string, Words, number, RegExp, Typist?])[] = [
  ['an empty value', 'secrets put api-key', 2, /found an empty value/u, { stdin: '' }],
  ['a file that is not there', 'secrets put api-key --file /no', 2, /found no such file/u],
  ['a value as an argument', 'secrets put api-key value', 2, /too many arguments/u],
  ['the name that the program uses', ['secrets', 'put', TICKET_SECRET], 1, /\(data-faulty\)/u],
  ['the removal of an unknown name', 'secrets remove other', 1, /\(not-found\)/u],
  ['a name that is missing', 'secrets remove', 2, /missing required argument/u],
  ['the list for an operator', 'secrets list', 1, /\(role-too-weak\)/u, { as: 'operator' }],
  ['a secret of an operator', 'secrets put api-key', 1, /\(role-too-weak\)/u, { as: 'operator' }],
  ['a rotation of an operator', 'keys rotate', 1, /\(role-too-weak\)/u, { as: 'operator' }],
  ['resealing as a viewer', 'keys reseal', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
]

for (const [what, line, code, says, how] of REFUSED) {
  test(`${what} is refused, exit code ${code}, and the secret stays`, async () => {
    await using adminApi = await withSecret()
    const said = await typed(adminApi, line, { stdin: 'x', ...how })
    expect(said).toMatchObject({ code, out: '' })
    expect(said.err).toMatch(says)
    expect(await opened(adminApi)).toBe(WORD)
  })
}

test('without a key nothing is sealed, and the next step says how to get one', async () => {
  await using adminApi = await openAdminApi()
  const said = await typed(adminApi, 'secrets put api-key', { stdin: 'x' })
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(/^tfe: .*\nnext: .*keys/u)
  expect((await typed(adminApi, 'keys status')).out).toMatch(/^sealed with key +none yet$/mu)
})

test('a secret that another administrator was faster to put is not overwritten', async () => {
  await using adminApi = await withSecret()
  await using way = await changeBetween(adminApi, () =>
    typed(adminApi, 'secrets put api-key', { stdin: 'theirs' }),
  )
  const said = await typed(adminApi, ['secrets', 'put', 'api-key', '--url', way.url], {
    stdin: 'ours',
  })
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(/\(stale\)\nnext: look at what it says now/u)
  expect(await opened(adminApi)).toBe('theirs')
})

test('a newer key is rotated to, and everything is sealed anew in as many calls as it takes', async () => {
  const ring = { keys: new Map(ringOf(1).keys) }
  await using adminApi = await withSecret(ring)
  for (let at = 0; at < 120; at += 1) {
    await adminApi.store.secrets.put(
      { who: 'test', from: 'test' },
      { name: `more-${at}`, secret: Buffer.from('x') },
      'any',
    )
  }
  ring.keys.set(2, randomBytes(32))
  const { out: before } = await typed(adminApi, 'keys status', { as: 'viewer' })
  expect(before).toMatch(/^held here +1, 2$/mu)
  expect(before).toContain('warning: ')
  expect((await typed(adminApi, 'keys rotate')).out).toContain('sealed with key 2 from now on')
  expect((await typed(adminApi, 'keys status')).out).toMatch(/^sealed with another +121 secrets$/mu)
  expect(await typed(adminApi, 'keys reseal')).toMatchObject({
    code: 0,
    out: '121 secrets sealed anew, 0 left with an older key\n',
  })
  expect(await opened(adminApi)).toBe(WORD)
})
