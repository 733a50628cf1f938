/** Strict TLS, trust stores and SNI over the admin API: drafted, acknowledged, applied, audited, locked, refused. */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseTlsSettingsDocument } from '../../../../src/config/upstream/stored-document.ts'
import { documentName } from '../../../../src/upstream-tls/document.ts'
import type { EffectiveSettings } from '../../../../src/upstream-tls/settings-types.ts'
import { FILE } from '../../../upstream-tls/small-runtime.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import {
  mintCa,
  openAdminApi,
  type AdminApiOptions,
  type TestAdminApi,
} from '../../../support/admin/admin-api.ts'

const TLS = '/api/upstreams/core/tls'
const ca = mintCa({ name: 'Internal Root' })
const SHA256 = hash('sha256', ca.certificate)

const draft = (api: TestAdminApi, sent: object, match = '*'): Promise<Answer> =>
  call(api, 'PUT', `${TLS}/draft`, { body: { mode: 'default', ...sent }, match })
const apply = (api: TestAdminApi, acknowledged: readonly string[], match = '*'): Promise<Answer> =>
  call(api, 'POST', `${TLS}/apply`, { body: { acknowledged }, match })
const stored = async (api: TestAdminApi): Promise<unknown> => {
  const found = await api.store.documents.find(documentName('core'))
  return found.ok ? found.value?.body : undefined
}

const STRICT_OFF = { strict: false }
const OWN_CA = { default_store: 'off', custom_store: { enabled: true, certificates: [ca.pem] } }

test('an upstream that was never edited shows the default of each setting, unlocked', async () => {
  await using api = await openAdminApi()
  const state = {
    strict: true,
    allow_and_log: false,
    default_store: 'bundled',
    custom_store: { enabled: false, certificates: [] },
    sni: 'on',
  }
  expect((await call(api, 'GET', TLS, { as: 'viewer' })).body).toMatchObject({
    applied: state,
    draft: state,
    default: state,
    locked: [],
    changed: false,
    warnings: [],
  })
})

test('what is drafted stands beside what is applied until it is applied, and says what is dangerous about it', async () => {
  await using api = await openAdminApi()
  const drafted = await draft(api, STRICT_OFF, '"0"')
  expect(drafted.body).toMatchObject({
    changed: true,
    applied: { strict: true },
    draft: { strict: false },
    default: { strict: true },
    changes: ['Enable Strict TLS: from on to off'],
    warnings: [
      {
        code: 'unverified',
        text: expect.stringContaining('anybody on the way can pose as the upstream') as string,
        dangerous: true,
      },
    ],
  })
  const asked = await apply(api, ['untrusted-servers-allowed'], drafted.etag)
  expect(asked).toMatchObject({
    status: 409,
    body: { code: 'not-acknowledged', faults: [{ at: 'unverified' }] },
  })
  expect((await call(api, 'GET', TLS)).body).toMatchObject({ applied: { strict: true } })
  const applied = await apply(api, ['unverified'], drafted.etag)
  expect(applied.body).toMatchObject({
    changed: false,
    applied: { strict: false },
    draft: { strict: false },
  })
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.chosen).toEqual({ strict: false })
})

test('Allow and Log under strict TLS is dangerous, and says that the client certificate field is handed over', async () => {
  await using api = await openAdminApi()
  const drafted = await draft(api, { allow_and_log: true })
  expect(drafted.body).toMatchObject({
    draft: { strict: true, allow_and_log: true },
    warnings: [
      {
        code: 'untrusted-servers-allowed',
        text: expect.stringContaining('the client certificate field') as string,
        dangerous: true,
      },
    ],
  })
  expect(await apply(api, ['unverified'], drafted.etag)).toMatchObject({
    status: 409,
    body: { code: 'not-acknowledged', faults: [{ at: 'untrusted-servers-allowed' }] },
  })
  expect((await apply(api, ['untrusted-servers-allowed'], drafted.etag)).status).toBe(200)
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.chosen).toEqual({ allowAndLog: true })
})

test('a weak protocol is among what is dangerous, a weak suite is not', async () => {
  await using api = await openAdminApi()
  const { body } = await draft(api, {
    mode: 'custom',
    protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1'],
    suites: ['TLS_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA'],
  })
  const { warnings } = body as {
    readonly warnings: readonly { readonly code: string; readonly dangerous: boolean }[]
  }
  expect(warnings.map(({ code, dangerous }) => `${code} ${dangerous}`)).toEqual([
    'custom-selection false',
    'weak-protocol true',
    'weak-suites false',
  ])
})

test('an uploaded CA is shown by name and fingerprint, stays when it is sent again, and goes when it is left out', async () => {
  await using api = await openAdminApi()
  const drafted = await draft(api, OWN_CA)
  const shown = { pem: ca.pem, sha256: SHA256, subject: 'CN=Internal Root' }
  expect(drafted.body).toMatchObject({
    applied: { custom_store: { enabled: false, certificates: [] } },
    draft: { custom_store: { enabled: true, certificates: [shown] } },
  })
  expect(await draft(api, { ...OWN_CA, sni: 'off' })).toMatchObject({
    body: { draft: { sni: 'off', custom_store: { certificates: [shown] } } },
  })
  expect(await draft(api, { custom_store: { enabled: true, certificates: [] } })).toMatchObject({
    body: { draft: { custom_store: { enabled: true, certificates: [] } } },
  })
})

test('the audit trail has the settings before and after, trusted certificates included', async () => {
  await using api = await openAdminApi()
  await draft(api, OWN_CA)
  expect((await apply(api, [])).status).toBe(200)
  const audit = await call(api, 'GET', '/api/audit?action=document.put&limit=1')
  expect(audit.body).toMatchObject({
    items: [
      {
        who: 'administrator',
        action: 'document.put',
        subject: documentName('core'),
        before: { chosen: {}, draft: { chosen: { defaultStore: 'off' } } },
        after: {
          chosen: {
            defaultStore: 'off',
            customStore: { enabled: true, certificates: [ca.pem] },
          },
        },
      },
    ],
  })
})

test('what the TLS library cannot use is not applied, and its faults are told', async () => {
  const asked: EffectiveSettings[] = []
  const faults = [{ at: 'upstreams.core.tls', message: 'the TLS library refuses these settings' }]
  await using api = await openAdminApi({
    frontEnd: {
      upstreamFaults: (_, used) => {
        asked.push(used)
        return faults
      },
    },
  })
  await draft(api, OWN_CA)
  expect(asked).toEqual([])
  expect(await apply(api, [])).toMatchObject({
    status: 422,
    body: { code: 'data-faulty', faults },
  })
  expect(asked).toMatchObject([{ verification: { defaultStore: 'off' } }])
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.chosen).toEqual({})
})

const custom = (certificates: unknown) => ({ custom_store: { enabled: true, certificates } })

const REFUSED: readonly (readonly [string, object, number, string])[] = [
  ['Allow and Log without strict TLS', { strict: false, allow_and_log: true }, 422, 'data-faulty'],
  ['a switch of the API before', { allow_untrusted: true }, 422, 'data-faulty'],
  ['strict TLS with an empty trust store', { default_store: 'off' }, 422, 'data-faulty'],
  ['PEM that holds no certificate', custom(['hello']), 422, 'data-faulty'],
  ['PEM that cannot be read', custom([ca.pem.replace(/\n.{8}/, '\n!!!!!!!!')]), 422, 'data-faulty'],
  [
    'a private key among certificates',
    custom([`${ca.pem}${ca.pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')}`]),
    422,
    'data-faulty',
  ],
  ['a certificate twice', custom([ca.pem, ca.pem]), 422, 'data-faulty'],
  ['a server name that is an address', { sni: '10.0.0.1' }, 422, 'data-faulty'],
  ['a store without its switch', { custom_store: { certificates: [] } }, 422, 'data-faulty'],
  ['a store without its certificates', { custom_store: { enabled: true } }, 422, 'data-faulty'],
  ['an upload without text', custom(['']), 422, 'data-faulty'],
  ['a certificate by its fingerprint', custom(['a'.repeat(64)]), 422, 'data-faulty'],
  ['a text for a list of certificates', custom(ca.pem), 422, 'data-faulty'],
  ['SNI without a name', { sni: '' }, 422, 'data-faulty'],
  ['a word for a switch', { strict: 'maybe' }, 422, 'data-faulty'],
  ['a trust store that is none', { default_store: 'java' }, 422, 'data-faulty'],
  ['a key that is none', { ...STRICT_OFF, dangerousStrictOff: true }, 422, 'data-faulty'],
  ['a server name with control characters', { sni: 'core\r\nX-Evil: 1' }, 422, 'data-faulty'],
  ['a server name without end', { sni: 'a'.repeat(300) }, 422, 'data-faulty'],
  ['more than a body may hold', custom([ca.pem.repeat(3000)]), 413, 'body-too-large'],
]

for (const [what, sent, status, code] of REFUSED) {
  test(`${what} is turned down, and nothing is stored`, async () => {
    await using api = await openAdminApi()
    const answer = await draft(api, sent)
    expect(answer).toMatchObject({ status, body: { code } })
    expect(JSON.stringify(answer.body)).not.toContain(ca.pem.split('\n')[1])
    expect(await stored(api)).toBeUndefined()
    expect(api.bugs).toEqual([])
  })
}

test('a call that does not say which version was decided on, or says an older one, changes nothing', async () => {
  await using api = await openAdminApi()
  const body = { mode: 'default', allow_and_log: true }
  const acknowledged = { acknowledged: ['untrusted-servers-allowed', 'unverified'] }
  expect(await call(api, 'PUT', `${TLS}/draft`, { body })).toMatchObject({ status: 428 })
  await draft(api, body)
  expect(await draft(api, STRICT_OFF, '"0"')).toMatchObject({ status: 412 })
  expect(await call(api, 'POST', `${TLS}/apply`, { body: acknowledged })).toMatchObject({
    status: 428,
  })
  expect(await apply(api, acknowledged.acknowledged, '"0"')).toMatchObject({ status: 412 })
  for (const [method, path, sent] of [
    ['PUT', `${TLS}/draft`, body],
    ['POST', `${TLS}/apply`, acknowledged],
  ] as const) {
    expect(await call(api, method, path, { body: sent, match: '*', as: 'operator' })).toMatchObject(
      { status: 403 },
    )
  }
  expect(await call(api, 'GET', TLS)).toMatchObject({
    body: { applied: { allow_and_log: false }, draft: { strict: true, allow_and_log: true } },
  })
})

/** An admin API whose configuration file states some settings. */
const stating = (file: Partial<typeof FILE>): AdminApiOptions => ({
  frontEnd: {
    upstreams: () => [
      { name: 'core', servers: [], tls: { preset: 'secure', file: { ...FILE, ...file } } },
    ],
  },
})

const LOCKED = [
  ['strict', 'strict', STRICT_OFF],
  ['allowAndLog', 'allow_and_log', { allow_and_log: true }],
  ['defaultStore', 'default_store', { default_store: 'system' }],
  ['customStore', 'custom_store', { custom_store: { enabled: true, certificates: [] } }],
  ['customStore', 'custom_store', custom([ca.pem])],
  ['sni', 'sni', { sni: 'off' }],
] as const

for (const [setting, field, sent] of LOCKED) {
  test(`${JSON.stringify(sent).slice(0, 50)} is locked where the file states ${setting}, and says so`, async () => {
    await using api = await openAdminApi(stating({ stated: [setting] }))
    expect(await draft(api, sent)).toMatchObject({
      status: 422,
      body: {
        code: 'data-faulty',
        faults: [
          {
            at: field,
            message: expect.stringContaining(
              'is set by the configuration file: change it there, or take it out of the file to change it here',
            ) as string,
          },
        ],
      },
    })
    expect((await call(api, 'GET', TLS)).body).toMatchObject({ locked: [field] })
  })
}

test('a selection that the file states leaves trust and SNI to the store', async () => {
  await using free = await openAdminApi()
  const { protocols, suites, groups } = (
    (await call(free, 'GET', TLS)).body as {
      readonly draft: NonNullable<(typeof FILE)['selection']>
    }
  ).draft
  await using locked = await openAdminApi(stating({ selection: { protocols, suites, groups } }))
  await draft(locked, { sni: 'off' })
  expect(await apply(locked, [])).toMatchObject({
    body: { locked: ['mode', 'protocols', 'suites', 'groups'], applied: { sni: 'off' } },
  })
})

test('settings from before trust was among them are read, and written anew with it', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await draft(api, { mode: 'custom' })
  await apply(api, ['custom-selection'])
  const kept = parseTlsSettingsDocument(await stored(api))
  if (!kept.ok) expect.fail()
  const { applied, draft: kind, seen } = kept.value
  const { mode, selection } = kind
  const { offered, default: usual } = seen
  const body = {
    version: 1,
    applied,
    draft: { mode, selection },
    seen: { offered, default: usual },
  }
  await api.store.documents.put(by, { name: documentName('core'), body }, 'any')
  const shown = await call(api, 'GET', TLS)
  expect(shown).toMatchObject({
    status: 200,
    body: { applied: { mode: 'custom' }, changed: false },
  })
  const drafted = await draft(api, { mode: 'custom', sni: 'core.internal' }, shown.etag)
  await apply(api, [], drafted.etag)
  expect(await stored(api)).toMatchObject({
    version: 2,
    applied: { kind: 'custom' },
    chosen: { sni: { kind: 'name', name: 'core.internal' } },
  })
})
