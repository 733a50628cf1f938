import { expect, test } from 'vitest'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi } from '../../../support/admin/admin-api.ts'

test('the new OAuth endpoint is greyed out, with every reason, until the fleet has migrated', async () => {
  await using api = await openAdminApi()
  const { body, etag } = await call(api, 'GET', '/api/oauth')
  expect(body).toMatchObject({
    unmet: [{ code: 'certificates-not-required' }, { code: 'sync-port-open' }],
  })
  const refused = await call(api, 'POST', '/api/oauth', {
    body: { change: 'enable-new' },
    match: etag,
  })
  expect(refused).toMatchObject({
    status: 409,
    body: {
      code: 'certificates-not-required',
      faults: [{ at: 'certificates-not-required' }, { at: 'sync-port-open' }],
    },
  })
})

test('a front end without a sync listener has no sync port to close before the new endpoint is enabled', async () => {
  await using api = await openAdminApi({ frontEnd: { syncListener: () => undefined } })
  const port = await call(api, 'GET', '/api/sync-port')
  expect(port.body).toMatchObject({ state: 'absent', listener: null, unmet: [] })
  const { body } = await call(api, 'GET', '/api/oauth')
  expect(body).toMatchObject({ unmet: [{ code: 'certificates-not-required' }] })
})

test('what is not there is neither closed nor opened', async () => {
  await using api = await openAdminApi({ frontEnd: { syncListener: () => undefined } })
  for (const verb of ['close', 'open']) {
    const sent = { match: '*', ...(verb === 'close' ? { body: { force: true } } : {}) }
    expect(await call(api, 'POST', `/api/sync-port/${verb}`, sent)).toMatchObject({
      status: 409,
      body: { code: 'sync-port-absent' },
    })
  }
  const ports = await api.store.ports.list()
  expect(ports).toMatchObject({ ok: true, value: [] })
})

test('the status names the rows of both OAuth endpoints, and none where the configuration has none', async () => {
  await using api = await openAdminApi()
  expect((await call(api, 'GET', '/api/oauth')).body).toMatchObject({
    new: 'not-configured',
    legacy: 'enabled',
    rows: [
      { endpoint: 'new', listener: 'devices', row: 'token' },
      { endpoint: 'legacy', listener: 'devices', row: 'old-token' },
    ],
  })
  await using bare = await openAdminApi({ frontEnd: { oauthRows: () => [] } })
  expect((await call(bare, 'GET', '/api/oauth')).body).toMatchObject({
    new: 'not-configured',
    rows: [],
  })
})

test('the legacy OAuth endpoint is disabled after two confirmations, and comes back', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await api.store.oauth.set(by, { mutual: 'enabled', legacy: 'enabled' }, 'any')
  const change = (body: object): Promise<Answer> =>
    call(api, 'POST', '/api/oauth', { body, match: '*' })
  expect(await change({ change: 'disable-legacy' })).toMatchObject({
    status: 409,
    body: { code: 'confirmation-missing' },
  })
  expect(await change({ change: 'disable-legacy', confirmations: 1 })).toMatchObject({
    status: 409,
  })
  expect(await change({ change: 'disable-legacy', confirmations: 2 })).toMatchObject({
    status: 200,
    body: { new: 'enabled', legacy: 'disabled' },
  })
  expect(await change({ change: 'disable-new' })).toMatchObject({
    status: 409,
    body: { code: 'both-disabled' },
  })
  expect(await change({ change: 'enable-legacy' })).toMatchObject({
    status: 200,
    body: { legacy: 'enabled' },
  })
})

test('of two who change one OAuth endpoint each at once, neither undoes the other unseen', async () => {
  await using api = await openAdminApi()
  const { oauth } = api.store
  const both = { mutual: 'enabled', legacy: 'enabled' } as const
  expect((await oauth.set({ who: 'test', from: 'test' }, both, 'any')).ok).toBe(true)
  const headers = {
    authorization: `Bearer ${await api.tokenOf('administrator')}`,
    'content-type': 'application/json',
    'if-match': '*',
  }
  const change = async (body: object): Promise<{ status: number; body: unknown }> => {
    const sent = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${api.url}/api/oauth`, sent)
    return { status: response.status, body: await response.json() }
  }
  const answers = await Promise.all([
    change({ change: 'disable-new' }),
    change({ change: 'disable-legacy', confirmations: 2 }),
  ])
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  const refused = answers.find(({ status }) => status !== 200)
  expect(refused?.body).toMatchObject({
    code: expect.stringMatching(/^(?:stale|both-disabled)$/u),
  })
})
