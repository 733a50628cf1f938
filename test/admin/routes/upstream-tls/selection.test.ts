import { expect, test } from 'vitest'
import { parseTlsSettingsDocument } from '../../../../src/config/upstream/stored-document.ts'
import { runtimeCatalogue } from '../../../../src/config/reading/runtime-offers.ts'
import { documentName } from '../../../../src/upstream-tls/document.ts'
import { FILE } from '../../../upstream-tls/small-runtime.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const PAGE = '/api/upstreams/core/tls'
const applyActions = (
  api: TestAdminApi,
  actions: readonly object[],
  match = '*',
): Promise<Answer> => call(api, 'POST', PAGE, { body: { applyActions: actions }, match })
const stored = async (api: TestAdminApi): Promise<unknown> => {
  const found = await api.store.documents.find(documentName('core'))
  return found.ok ? found.value?.body : undefined
}

interface Shown {
  readonly page: { readonly suites: { readonly selected: readonly string[] } }
}

test('a page that nobody touched follows the default, and keeps nothing', async () => {
  await using api = await openAdminApi()
  expect(await call(api, 'GET', PAGE, { as: 'viewer' })).toMatchObject({
    etag: '"0"',
    body: { applied: 'default', draft: 'default', locked: false, version: 0 },
  })
  expect(await stored(api)).toBeUndefined()
})

test('Apply asks first; with Yes the selection is kept as applied', async () => {
  await using api = await openAdminApi()
  const asked = await applyActions(api, [{ kind: 'choose-custom' }], '"0"')
  expect(asked).toMatchObject({ body: { asked: { question: 'proceed' }, took_effect: false } })
  const custom = await applyActions(api, [{ kind: 'choose-custom' }, { kind: 'proceed' }], '"0"')
  const [weakest] = (custom.body as Shown).page.suites.selected.slice(-1)
  const drafted = await applyActions(
    api,
    [{ kind: 'deselect', column: 'suites', names: [weakest] }],
    custom.etag,
  )
  const confirm = await applyActions(api, [{ kind: 'apply' }], drafted.etag)
  expect(confirm.body).toMatchObject({
    asked: { question: 'confirm', texts: [`Cipher Suites: removes ${weakest}`] },
    took_effect: false,
    page: { applied: 'default' },
  })
  const applied = await applyActions(api, [{ kind: 'apply' }, { kind: 'confirm' }], confirm.etag)
  expect(applied.body).toMatchObject({
    asked: null,
    took_effect: true,
    page: { applied: 'custom' },
  })
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.applied.kind).toBe('custom')
})

const REFUSED: readonly [string, readonly object[], string, number, string][] = [
  ['Yes to nothing', [{ kind: 'confirm' }], '*', 409, 'nothing-asked'],
  ['Apply without a difference', [{ kind: 'apply' }], '*', 409, 'nothing-to-apply'],
  ['a column without names', [{ kind: 'select', column: 'suites' }], '*', 409, 'button-incomplete'],
  [
    'a name that is none',
    [
      { kind: 'choose-custom' },
      { kind: 'proceed' },
      { kind: 'select', column: 'suites', names: ['ROT13'] },
    ],
    '*',
    409,
    'unknown-name',
  ],
  ['a button that is none', [{ kind: 'save' }], '*', 422, 'data-faulty'],
  ['no button', [], '*', 422, 'data-faulty'],
  ['another version', [{ kind: 'choose-custom' }], '"3"', 412, 'stale'],
]

for (const [what, actions, match, status, code] of REFUSED) {
  test(`${what} is turned down, and nothing is kept`, async () => {
    await using api = await openAdminApi()
    expect(await applyActions(api, actions, match)).toMatchObject({ status, body: { code } })
    expect(await stored(api)).toBeUndefined()
  })
}

test('what the configuration file states is locked', async () => {
  const { secure } = runtimeCatalogue().defaults
  const tls = { preset: 'secure', file: { ...FILE, selection: secure } } as const
  await using api = await openAdminApi({
    frontEnd: { upstreams: () => [{ name: 'core', servers: [], tls }] },
  })
  expect(await call(api, 'GET', PAGE)).toMatchObject({ body: { locked: true } })
  expect(await applyActions(api, [{ kind: 'choose-custom' }])).toMatchObject({
    status: 409,
    body: { code: 'set-by-configuration-file' },
  })
})

test('an upstream that is none, or is called without TLS, has no page', async () => {
  await using api = await openAdminApi({
    frontEnd: { upstreams: () => [{ name: 'core', servers: [], tls: undefined }] },
  })
  for (const path of [PAGE, '/api/upstreams/other/tls']) {
    expect(await call(api, 'GET', path)).toMatchObject({ status: 404 })
  }
})

test('a page that another version kept is refused by name, not guessed at', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await api.store.documents.put(by, { name: documentName('core'), body: { version: 3 } }, 'any')
  expect(await call(api, 'GET', PAGE)).toMatchObject({
    status: 503,
    body: { code: 'unknown-row' },
  })
})
