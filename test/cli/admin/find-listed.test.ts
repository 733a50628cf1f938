/** A token and a saved query are meant by their whole name, or by any beginning of an id that they alone have. */
import { expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { typed } from '../../support/cli/call-admin.ts'

interface Item {
  readonly id: string
  readonly label: string
}

async function tokens(adminApi: TestAdminApi): Promise<readonly Item[]> {
  const { out } = await typed(adminApi, 'token list --json')
  return (JSON.parse(out) as { items: readonly Item[] }).items
}

async function withTokens(...labels: readonly string[]): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  for (const label of labels) {
    expect(await typed(adminApi, ['token', 'create', label])).toMatchObject({ code: 0 })
  }
  return adminApi
}

test('a token is revoked by its label', async () => {
  await using adminApi = await withTokens('nightly report', 'backup')
  const { code, out } = await typed(adminApi, ['token', 'revoke', 'nightly report'])
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/^[0-9a-f-]{36} \(nightly report\) is revoked\n$/u) as unknown,
  })
  expect((await tokens(adminApi)).map(({ label }) => label)).not.toContain('nightly report')
})

test('a token is revoked by its id, also where its label is that of another', async () => {
  await using adminApi = await withTokens('report', 'report')
  const [first, second] = (await tokens(adminApi)).filter(({ label }) => label === 'report')
  expect(await typed(adminApi, `token revoke ${first?.id}`)).toMatchObject({ code: 0 })
  const left = (await tokens(adminApi)).filter(({ label }) => label === 'report')
  expect(left.map(({ id }) => id)).toEqual([second?.id])
})

test('a label that two tokens have revokes neither, exit code 2, with the ids of both', async () => {
  await using adminApi = await withTokens('report', 'report')
  const both = (await tokens(adminApi)).filter(({ label }) => label === 'report')
  const { code, out, err } = await typed(adminApi, 'token revoke report')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  for (const { id } of both) expect(err).toContain(`  ${id}  report\n`)
  expect(err).toContain('next: write more of the id\n')
  expect(await tokens(adminApi)).toEqual(expect.arrayContaining([...both]))
})

test('the beginning of a label is no label, exit code 1, and nothing is revoked', async () => {
  await using adminApi = await withTokens('report')
  const { code, out, err } = await typed(adminApi, 'token revoke repor')
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^tfe: there is no token 'repor'; did you mean report\?\nnext: /u)
  expect((await tokens(adminApi)).map(({ label }) => label)).toContain('report')
})

test('the beginning of an id that one token alone has is enough', async () => {
  await using adminApi = await withTokens('report')
  const [{ id } = { id: '' }] = (await tokens(adminApi)).filter(({ label }) => label === 'report')
  // Each command comes with a token of its own, whose id is random: 48 bits are another's by no chance that counts.
  const beginning = id.slice(0, 13)
  expect(beginning).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}$/u)
  expect(await typed(adminApi, `token revoke ${beginning}`)).toMatchObject({ code: 0 })
  expect((await tokens(adminApi)).map((one) => one.id)).not.toContain(id)
})

test('a whole label is meant although another one begins so', async () => {
  await using adminApi = await withTokens('report', 'report of the night')
  expect(await typed(adminApi, 'token revoke report')).toMatchObject({ code: 0 })
  expect((await tokens(adminApi)).map(({ label }) => label)).toContain('report of the night')
})
