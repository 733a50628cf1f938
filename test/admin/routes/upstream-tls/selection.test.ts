/** Protocols, suites and groups over the admin API: drafted, acknowledged, applied, locked, refused. */
import { expect, test } from 'vitest'
import { parseTlsSettingsDocument } from '../../../../src/config/upstream/stored-document.ts'
import { runtimeCatalogue } from '../../../../src/config/reading/runtime-offers.ts'
import { documentName } from '../../../../src/upstream-tls/document.ts'
import { FILE } from '../../../upstream-tls/small-runtime.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const TLS = '/api/upstreams/core/tls'
const draft = (api: TestAdminApi, body: object, match = '*'): Promise<Answer> =>
  call(api, 'PUT', `${TLS}/draft`, { body, match })
const apply = (api: TestAdminApi, body: object, match = '*'): Promise<Answer> =>
  call(api, 'POST', `${TLS}/apply`, { body, match })
const stored = async (api: TestAdminApi): Promise<unknown> => {
  const found = await api.store.documents.find(documentName('core'))
  return found.ok ? found.value?.body : undefined
}
const { secure } = runtimeCatalogue().defaults
const weakest = secure.suites.at(-1) ?? ''
const LESS = { mode: 'custom', suites: secure.suites.slice(0, -1) }

test('an upstream that was never edited follows the default, and nothing is stored', async () => {
  await using api = await openAdminApi()
  const state = { mode: 'default', ...secure }
  expect(await call(api, 'GET', TLS, { as: 'viewer' })).toMatchObject({
    etag: '"0"',
    body: { applied: state, draft: state, default: state, locked: [], changes: [], version: 0 },
  })
  expect(await stored(api)).toBeUndefined()
})

test('the catalogue has every item that can be selected once, in both spellings, with what is weak about it', async () => {
  await using api = await openAdminApi()
  const { body } = await call(api, 'GET', TLS)
  const { catalogue } = body as {
    readonly catalogue: Readonly<Record<string, readonly { readonly name: string }[]>>
  }
  for (const column of ['protocols', 'suites', 'groups'] as const) {
    const names = catalogue[column]?.map(({ name }) => name)
    expect(new Set(names).size).toBe(names?.length)
    expect(names).toEqual(expect.arrayContaining([...secure[column]]))
  }
  expect(catalogue['protocols']?.map(({ name }) => name)).not.toContain('SSLv2Hello')
  expect(catalogue['suites']).toContainEqual({
    name: 'AES128-SHA',
    standard_name: 'TLS_RSA_WITH_AES_128_CBC_SHA',
    weak: expect.stringContaining('no forward secrecy') as string,
  })
})

test('a draft is applied once its warnings are acknowledged, and then stored as applied', async () => {
  await using api = await openAdminApi()
  const drafted = await draft(api, LESS, '"0"')
  expect(drafted).toMatchObject({
    status: 200,
    body: {
      applied: { mode: 'default' },
      draft: LESS,
      changed: true,
      changes: [`Cipher Suites: removes ${weakest}`],
      warnings: [{ code: 'custom-selection', dangerous: false }],
    },
  })
  const asked = await apply(api, { acknowledged: [] }, drafted.etag)
  expect(asked).toMatchObject({
    status: 409,
    body: {
      code: 'not-acknowledged',
      faults: [
        { at: 'custom-selection', message: expect.stringContaining('performance') as string },
      ],
    },
  })
  expect(await call(api, 'GET', TLS)).toMatchObject({
    etag: drafted.etag,
    body: { applied: { mode: 'default' } },
  })
  const applied = await apply(api, { acknowledged: ['custom-selection'] }, drafted.etag)
  expect(applied).toMatchObject({
    status: 200,
    body: { applied: LESS, draft: LESS, changed: false, warnings: [] },
  })
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.applied.kind).toBe('custom')
})

test('what was read is put again without a change, and the default goes back to where it was', async () => {
  await using api = await openAdminApi()
  const { etag } = await draft(api, LESS)
  const { body } = await call(api, 'GET', TLS)
  const { protocols, suites, groups } = (body as { readonly draft: typeof secure }).draft
  const again = await draft(api, { mode: 'custom', protocols, suites, groups }, etag)
  expect(again).toMatchObject({ status: 200, etag })
  expect(await draft(api, { mode: 'default' }, etag)).toMatchObject({
    body: { draft: { mode: 'default', ...secure }, changed: false },
  })
})

const REFUSED: readonly [string, object, string, number, string][] = [
  ['a name that is none', { mode: 'custom', suites: ['ROT13'] }, '*', 422, 'data-faulty'],
  ['an empty column', { mode: 'custom', groups: [] }, '*', 422, 'data-faulty'],
  ['a draft without its mode', { suites: secure.suites }, '*', 422, 'data-faulty'],
  ['a mode that is none', { mode: 'secure' }, '*', 422, 'data-faulty'],
  ['a column that is none', { mode: 'custom', ciphers: secure.suites }, '*', 422, 'data-faulty'],
  ['a name for a list', { mode: 'custom', suites: weakest }, '*', 422, 'data-faulty'],
  ['no draft at all', [], '*', 422, 'data-faulty'],
  ['another version', LESS, '"3"', 412, 'stale'],
]

for (const [what, sent, match, status, code] of REFUSED) {
  test(`${what} is turned down, and nothing is stored`, async () => {
    await using api = await openAdminApi()
    expect(await draft(api, sent, match)).toMatchObject({ status, body: { code } })
    expect(await stored(api)).toBeUndefined()
    expect(api.bugs).toEqual([])
  })
}

const NOT_APPLIED: readonly [string, object, string, number, string][] = [
  [
    'a draft that changes nothing',
    { acknowledged: ['custom-selection'] },
    '*',
    409,
    'nothing-to-apply',
  ],
  ['a warning that is none', { acknowledged: ['yes'] }, '*', 422, 'data-faulty'],
  ['an answer for a list', { acknowledged: true }, '*', 422, 'data-faulty'],
  ['a call without acknowledgements', {}, '*', 422, 'data-faulty'],
  ['another version', { acknowledged: [] }, '"3"', 412, 'stale'],
]

for (const [what, sent, match, status, code] of NOT_APPLIED) {
  test(`${what} is not applied, and nothing is stored`, async () => {
    await using api = await openAdminApi()
    expect(await apply(api, sent, match)).toMatchObject({ status, body: { code } })
    expect(await stored(api)).toBeUndefined()
  })
}

test('every fault of a draft is told at once, with its field and the next step', async () => {
  await using api = await openAdminApi()
  const sent = {
    mode: 'custom',
    suites: ['AES128-SHB'],
    groups: [],
    default_store: 'off',
    sni: '::1',
  }
  const { body } = await draft(api, sent)
  expect(body).toMatchObject({
    code: 'data-faulty',
    faults: [
      {
        at: 'suites',
        message: 'this runtime has no cipher suite AES128-SHB: did you mean AES128-SHA?',
      },
      { at: 'groups' },
      { at: 'sni' },
      { at: 'default_store' },
    ],
  })
})

test('what the configuration file states is locked, and may be repeated', async () => {
  const tls = { preset: 'secure', file: { ...FILE, selection: secure } } as const
  await using api = await openAdminApi({
    frontEnd: { upstreams: () => [{ name: 'core', servers: [], tls }] },
  })
  const locked = ['mode', 'protocols', 'suites', 'groups']
  expect(await call(api, 'GET', TLS)).toMatchObject({ body: { locked } })
  const { faults } = (await draft(api, { mode: 'custom', suites: [weakest] })).body as {
    readonly faults: readonly object[]
  }
  expect(faults).toMatchObject([
    { at: 'mode', message: expect.stringContaining('is set by the configuration file') as string },
    { at: 'suites' },
  ])
  expect(await draft(api, { mode: 'default', ...secure })).toMatchObject({ status: 200 })
})

test('an upstream that is none, or is called without TLS, has no settings', async () => {
  await using api = await openAdminApi({
    frontEnd: { upstreams: () => [{ name: 'core', servers: [], tls: undefined }] },
  })
  for (const path of [TLS, '/api/upstreams/other/tls']) {
    expect(await call(api, 'GET', path)).toMatchObject({ status: 404 })
    expect(
      await call(api, 'PUT', `${path}/draft`, { body: { mode: 'default' }, match: '*' }),
    ).toMatchObject({ status: 404 })
    expect(
      await call(api, 'POST', `${path}/apply`, { body: { acknowledged: [] }, match: '*' }),
    ).toMatchObject({ status: 404 })
  }
})

test('settings that another version stored are refused by name, not guessed at', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await api.store.documents.put(by, { name: documentName('core'), body: { version: 3 } }, 'any')
  expect(await call(api, 'GET', TLS)).toMatchObject({
    status: 503,
    body: { code: 'unknown-row' },
  })
})
