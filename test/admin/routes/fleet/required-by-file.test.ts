/** `enforcement: required` in the file of a store that records: in force, told as what it is, and not for good. */
import { expect, test } from 'vitest'
import { openAdminApi } from '../../../support/admin/admin-api.ts'
import { call } from '../../../support/admin/call.ts'

const BY_FILE = {
  fileEnforcement: () => ({ enforcement: 'required', enforcementStated: true }) as const,
  enforcement: () => ({ state: 'required', saidBy: 'file' }) as const,
}

test('what the file requires is shown as in force by the file, with the warnings before the latch', async () => {
  await using api = await openAdminApi({ frontEnd: BY_FILE })
  const { body } = await call(api, 'GET', '/api/enforcement')
  expect(body).toMatchObject({
    enforcement: { state: 'required', said_by: 'file', latched: false },
    warnings: [{ kind: 'irreversible' }],
  })
  expect((await call(api, 'GET', '/api/status')).body).toMatchObject({
    enforcement: { state: 'required', said_by: 'file', latched: false },
  })
})

test('closing the sync port and the new OAuth endpoint ask for the latch, and say so', async () => {
  await using api = await openAdminApi({ frontEnd: BY_FILE })
  const closing = await call(api, 'POST', '/api/sync-port/close', {
    body: { force: true },
    match: '*',
  })
  expect(closing).toMatchObject({ status: 409, body: { code: 'required-by-file-alone' } })
  expect(JSON.stringify(closing.body)).toContain('tfe enforce require')
  const oauth = await call(api, 'POST', '/api/oauth', {
    body: { change: 'enable-new' },
    match: '*',
  })
  expect(oauth.status).toBe(409)
  expect(JSON.stringify(oauth.body)).toContain('required-by-file-alone')
})

test('the latch is thrown by a command, over what the file says, and says so from then on', async () => {
  await using api = await openAdminApi({ frontEnd: BY_FILE })
  const { body, etag } = await call(api, 'GET', '/api/enforcement')
  const { phrase, warnings } = body as { phrase: string; warnings: readonly { kind: string }[] }
  const thrown = await call(api, 'POST', '/api/enforcement/require', {
    body: {
      phrase,
      read: warnings.map(({ kind }) => kind),
      save_authentication: false,
      save_decryption: false,
    },
    match: etag,
  })
  expect(thrown).toMatchObject({
    status: 200,
    body: { state: 'required', said_by: 'latch', latched: true },
  })
})

test('recording in the file of a latched store is not in force', async () => {
  await using api = await openAdminApi({
    frontEnd: {
      fileEnforcement: () => ({ enforcement: 'recording', enforcementStated: true }) as const,
    },
  })
  const retention = { saveAuthentication: false, saveDecryption: false }
  const by = { who: 'test', from: 'test' }
  expect((await api.store.enforcement.require(by, retention, 'any')).ok).toBe(true)
  expect((await call(api, 'GET', '/api/enforcement')).body).toMatchObject({
    enforcement: { state: 'required', said_by: 'latch', latched: true },
    warnings: [],
  })
})
