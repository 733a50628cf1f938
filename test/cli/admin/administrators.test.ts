/** `tfe admin` over the admin API: who may do it, what is refused, and where a password may come from. */
import { expect, test } from 'vitest'
import { openAdminApi, PASSWORD, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { typed, type Typist } from '../../support/cli/call-admin.ts'
import { hex } from '../../support/admin/sightings.ts'

const NEXT_PASSWORD = 'another long enough password'

async function withAlice(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  const made = await typed(adminApi, 'admin create alice --role operator', {
    stdin: `${PASSWORD}\n`,
  })
  expect(made).toEqual({ code: 0, out: 'alice may sign in as operator\n', err: '' })
  return adminApi
}

const signsIn = async ({ url }: TestAdminApi, password: string): Promise<boolean> => {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'alice', password }),
  })
  return response.status === 201
}

test('an administrator made over the API signs in with the password that was piped', async () => {
  await using adminApi = await withAlice()
  expect(await signsIn(adminApi, PASSWORD)).toBe(true)
  const { out } = await typed(adminApi, 'admin list')
  expect(out).toMatch(/^alice +operator +enabled +yes +- /mu)
  expect(out).not.toContain(PASSWORD)
})

test('a password is replaced by what is typed twice, and is not shown', async () => {
  await using adminApi = await withAlice()
  const said = await typed(adminApi, 'admin password alice', {
    answers: [NEXT_PASSWORD, NEXT_PASSWORD],
  })
  expect(said).toEqual({
    code: 0,
    out: 'alice has a new password\n',
    err: 'password: \npassword, once more: \n',
  })
  expect(await signsIn(adminApi, NEXT_PASSWORD)).toBe(true)
})

test('role, certificate and disabling are changed, and the last removes all of it', async () => {
  await using adminApi = await withAlice()
  const steps = [
    ['admin role alice viewer', 'alice is viewer now\n'],
    [
      `admin certificate alice ${hex('a').toUpperCase()}`,
      `alice signs in by the certificate key ${hex('a')}\n`,
    ],
    ['admin certificate alice none', 'alice signs in by no certificate\n'],
    ['admin disable alice', 'alice is disabled\n'],
    ['admin enable alice', 'alice is enabled\n'],
    ['admin remove alice', 'alice is removed\n'],
  ] as const
  for (const [line, out] of steps) {
    expect(await typed(adminApi, line)).toEqual({ code: 0, out, err: '' })
  }
  expect((await typed(adminApi, 'admin list')).out).not.toContain('alice')
})

test('an administrator made with a certificate key has no password, and none is read', async () => {
  await using adminApi = await openAdminApi()
  const line = `admin create bob --role viewer --certificate-key ${hex('b')} --json`
  const { out } = await typed(adminApi, line, { stdin: `${PASSWORD}\n` })
  expect(JSON.parse(out)).toMatchObject({ password: false, certificate_key: hex('b') })
})

const REFUSED: readonly (readonly [string, string, number, RegExp, Typist?])[] = [
  ['a name that is there', 'admin create alice --role viewer', 1, /\(already-exists\)/u],
  ['a short password', 'admin create bob --role viewer', 1, /password/u, { stdin: 'short\n' }],
  ['no password at all', 'admin password alice', 2, /found no password/u, { stdin: '' }],
  [
    'a question that is not answered',
    'admin password alice',
    2,
    /found no password/u,
    { answers: [] },
  ],
  [
    'two different passwords',
    'admin password alice',
    2,
    /found two different entries, wanted the password twice/u,
    { answers: [NEXT_PASSWORD, PASSWORD] },
  ],
  ['a password as an argument', 'admin password alice secret', 2, /too many arguments/u],
  ['a role that is none', 'admin role alice boss', 2, /viewer, operator, administrator/u],
  ['a key that is none', 'admin certificate alice abc', 2, /64 hexadecimal digits/u],
  ['a new key that is none', 'admin create b --role viewer --certificate-key x', 2, /64 hexa/u],
  ['a name that is unknown', 'admin disable bob', 1, /\(not-found\)/u],
  ['the removal of an unknown name', 'admin remove bob', 1, /\(not-found\)/u],
  ['an action that is none', 'admin delete alice', 2, /there is no action 'delete'/u],
  [
    'the API options beside --config',
    'admin create b --role viewer --config x --url http://localhost:1',
    2,
    /found --url with --config/u,
  ],
  [
    'a certificate key beside --config',
    `admin create b --role viewer --config x --certificate-key ${hex('b')}`,
    2,
    /found --certificate-key with --config/u,
  ],
  ['the role operator', 'admin list', 1, /\(role-too-weak\)/u, { as: 'operator' }],
  ['the role viewer', 'admin enable alice', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
]

for (const [what, line, code, says, how] of REFUSED) {
  test(`${what} is refused, exit code ${code}, and alice stays as she is`, async () => {
    await using adminApi = await withAlice()
    const said = await typed(adminApi, line, { stdin: `${PASSWORD}\n`, ...how })
    expect(said).toMatchObject({ code, out: '' })
    expect(said.err).toMatch(says)
    expect((await typed(adminApi, 'admin list')).out).toMatch(
      /^alice +operator +enabled +yes +- /mu,
    )
    expect(await signsIn(adminApi, PASSWORD)).toBe(true)
  })
}

test('the last administrator stays one', async () => {
  await using adminApi = await openAdminApi()
  for (const line of [
    'admin remove administrator',
    'admin role administrator viewer',
    'admin disable administrator',
  ]) {
    const said = await typed(adminApi, line)
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toMatch(/^tfe: .*\(last-administrator\)\nnext: /u)
  }
})
