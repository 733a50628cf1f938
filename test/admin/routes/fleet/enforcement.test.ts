import { expect, test } from 'vitest'
import { CONFIRMATION_PHRASE } from '../../../../src/fleet/enforcement.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const throwing = {
  phrase: CONFIRMATION_PHRASE,
  read: ['irreversible'],
  save_authentication: true,
  save_decryption: false,
}
const require = (api: TestAdminApi, body: unknown, match?: string): Promise<Answer> =>
  call(api, 'POST', '/api/enforcement/require', {
    body,
    ...(match === undefined ? {} : { match }),
  })

test('certificates are required after the phrase and the warnings, and never again recorded only', async () => {
  await using api = await openAdminApi()
  const before = await call(api, 'GET', '/api/enforcement')
  expect(before.body).toMatchObject({
    enforcement: { state: 'recording' },
    warnings: [{ kind: 'irreversible' }],
  })
  const thrown = await require(api, throwing, before.etag)
  expect(thrown).toMatchObject({ status: 200, body: { state: 'required' } })
  expect(await require(api, throwing, thrown.etag)).toMatchObject({
    status: 409,
    body: { code: 'already-required' },
  })
})

const REFUSED: readonly [string, object, string | undefined, number, string][] = [
  ['without If-Match', {}, undefined, 428, 'version-missing'],
  ['on an older version', {}, '"99"', 412, 'stale'],
  ['with an If-Match of another make', {}, 'W/"1"', 400, 'version-malformed'],
  ['with another phrase', { phrase: 'yes please' }, '*', 409, 'phrase-wrong'],
  ['with a warning unread', { read: [] }, '*', 409, 'warnings-changed'],
  ['with a warning that is none', { read: ['all of them'] }, '*', 422, 'data-faulty'],
  ['with an unknown word', { force: true }, '*', 422, 'data-faulty'],
]

for (const [how, change, match, status, code] of REFUSED) {
  test(`the latch is not thrown ${how}`, async () => {
    await using api = await openAdminApi()
    const answer = await require(api, { ...throwing, ...change }, match)
    expect(answer).toMatchObject({ status, body: { code } })
    const current = await api.store.enforcement.current()
    expect(current).toMatchObject({ ok: true, value: { state: 'recording' } })
  })
}

test('of two who throw the latch at once one is told that the other was first', async () => {
  await using api = await openAdminApi()
  const { etag } = await call(api, 'GET', '/api/enforcement')
  const answers = await Promise.all([require(api, throwing, etag), require(api, throwing, etag)])
  const statuses = answers.map(({ status }) => status).sort((one, other) => one - other)
  expect(statuses[0]).toBe(200)
  expect([409, 412]).toContain(statuses[1])
})
