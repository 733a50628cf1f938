/** Test and Scan over the admin API: with whose settings, and what is answered when there is no call. */
import { expect, test } from 'vitest'
import type { UpstreamCall, UpstreamCallFailure } from '../../../../src/admin/front-end.ts'
import { runtimeCatalogue } from '../../../../src/config/reading/runtime-offers.ts'
import { fail, ok } from '../../../../src/kernel/types.ts'
import { documentName, documentOf } from '../../../../src/upstream-tls/document.ts'
import { initialSettings } from '../../../../src/upstream-tls/draft-result.ts'
import { FILE } from '../../../upstream-tls/small-runtime.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const TLS = '/api/upstreams/core/tls'

const draft = (api: TestAdminApi, sent: object): Promise<Answer> =>
  call(api, 'PUT', `${TLS}/draft`, { body: { mode: 'default', ...sent }, match: '*' })
const run = (api: TestAdminApi, body: object, verb = 'test'): Promise<Answer> =>
  call(api, 'POST', `/api/upstreams/core/${verb}`, { body, as: 'operator' })

/** An admin API whose front end notes what it is asked. */
async function noting() {
  const asked: UpstreamCall[] = []
  const note = (ask: UpstreamCall) => {
    asked.push(ask)
    return Promise.resolve(ok([]))
  }
  const api = await openAdminApi({ frontEnd: { testUpstream: note, scanUpstream: note } })
  return { asked, api }
}

for (const verb of ['test', 'scan']) {
  test(`a ${verb} takes the draft where it says something else, and says which it took`, async () => {
    const { asked, api } = await noting()
    await using _api = api
    expect(await run(api, {}, verb)).toMatchObject({
      body: { settings: 'applied', reports: [] },
    })
    await draft(api, { sni: 'off' })
    expect(await run(api, {}, verb)).toMatchObject({ body: { settings: 'draft' } })
    expect(await run(api, { settings: 'applied' }, verb)).toMatchObject({
      body: { settings: 'applied' },
    })
    await call(api, 'POST', `${TLS}/apply`, { body: { acknowledged: [] }, match: '*' })
    expect(await run(api, { server: 'a:1' }, verb)).toMatchObject({
      body: { settings: 'applied' },
    })
    expect(await run(api, { settings: 'draft' }, verb)).toMatchObject({
      body: { settings: 'draft' },
    })
    const without = { verification: { sni: { kind: 'off' } } }
    expect(asked).toMatchObject([
      { upstream: 'core', server: undefined, used: undefined },
      { used: without },
      { used: undefined },
      { server: 'a:1', used: undefined },
      { used: without },
    ])
  })
}

test('items moved under Use Default are no draft', async () => {
  const { asked, api } = await noting()
  await using _api = api
  expect((await draft(api, { protocols: ['TLSv1.2'] })).status).toBe(200)
  expect(await run(api, {})).toMatchObject({ body: { settings: 'applied' } })
  expect(asked).toMatchObject([{ used: undefined }])
})

test('a draft that cannot be applied cannot be tested, for the same reasons', async () => {
  const { asked, api } = await noting()
  await using _api = api
  // Only another configuration or runtime makes a stored draft impossible.
  const rules = { catalogue: runtimeCatalogue(), preset: 'secure', file: FILE } as const
  const fresh = initialSettings(rules)
  const body = documentOf(
    { ...fresh, draft: { ...fresh.draft, chosen: { defaultStore: 'off' } } },
    rules,
  )
  const by = { who: 'test', from: 'test' }
  await api.store.documents.put(by, { name: documentName('core'), body }, 'any')
  expect(await run(api, {})).toMatchObject({
    status: 409,
    body: { code: 'empty-trust-store' },
  })
  expect(asked).toEqual([])
})

const NOT_CALLED: readonly (readonly [UpstreamCallFailure, number, string])[] = [
  [{ kind: 'unknown' }, 404, 'not-found'],
  [{ kind: 'without-tls' }, 404, 'not-found'],
  [{ kind: 'under-way' }, 409, 'call-under-way'],
  [{ kind: 'unusable', faults: [{ at: 'a', message: 'b' }] }, 422, 'data-faulty'],
]

for (const [why, status, code] of NOT_CALLED) {
  test(`what is not called because it is ${why.kind} is answered ${status}`, async () => {
    await using api = await openAdminApi({
      frontEnd: { testUpstream: () => Promise.resolve(fail(why)) },
    })
    expect(await run(api, {})).toMatchObject({ status, body: { code } })
  })
}

test('an upstream without TLS has no draft, and can be called', async () => {
  const asked: UpstreamCall[] = []
  await using api = await openAdminApi({
    frontEnd: {
      upstreams: () => [{ name: 'core', servers: [], tls: undefined }],
      testUpstream: (ask) => {
        asked.push(ask)
        return Promise.resolve(ok([]))
      },
    },
  })
  expect(await run(api, {})).toMatchObject({ body: { settings: 'applied' } })
  expect(await run(api, { settings: 'draft' })).toMatchObject({ status: 404 })
  expect(asked).toHaveLength(1)
})

for (const [what, body] of [
  ['unknown settings', { settings: 'mine' }],
  ['an unknown key', { strict: false }],
  ['a server of another kind', { server: 7 }],
] as const) {
  test(`${what} are turned down before any server is called`, async () => {
    const { asked, api } = await noting()
    await using _api = api
    expect(await run(api, body)).toMatchObject({ status: 422 })
    expect(asked).toEqual([])
  })
}

test('a viewer calls no server', async () => {
  const { asked, api } = await noting()
  await using _api = api
  for (const verb of ['test', 'scan']) {
    const path = `/api/upstreams/core/${verb}`
    expect(await call(api, 'POST', path, { body: {}, as: 'viewer' })).toMatchObject({
      status: 403,
    })
  }
  expect(asked).toEqual([])
})
