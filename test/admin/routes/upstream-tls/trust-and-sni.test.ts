/** Strict TLS, trust stores and SNI over the admin API: drafted, asked about, applied, audited, locked, refused. */
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

const PAGE = '/api/upstreams/core/tls'
const ca = mintCa({ name: 'Internal Root' })
const SHA256 = hash('sha256', ca.certificate)

const applyActions = (
  api: TestAdminApi,
  actions: readonly object[],
  match = '*',
): Promise<Answer> => call(api, 'POST', PAGE, { body: { applyActions: actions }, match })
const stored = async (api: TestAdminApi): Promise<unknown> => {
  const found = await api.store.documents.find(documentName('core'))
  return found.ok ? found.value?.body : undefined
}

const YES = [{ kind: 'apply' }, { kind: 'confirm' }]
const STRICT_OFF = { kind: 'set-strict', enabled: false }
const ALLOW = { kind: 'set-allow-untrusted', enabled: true }
const OWN_CA = [
  { kind: 'set-default-store', store: 'off' },
  { kind: 'set-custom-store', enabled: true },
  { kind: 'add-certificates', pem: ca.pem },
]

test('a page that nobody touched shows the default of each setting, unlocked', async () => {
  await using api = await openAdminApi()
  const same = (value: unknown) => ({ applied: value, draft: value, default: value, locked: false })
  const store = { enabled: false, certificates: [] }
  expect((await call(api, 'GET', PAGE, { as: 'viewer' })).body).toMatchObject({
    verification: {
      strict: same(true),
      allow_untrusted: same(false),
      default_store: same('bundled'),
      custom_store: { applied: store, draft: store, locked: false },
      sni: same('on'),
    },
    changed: false,
    notices: [],
  })
})

test('what is drafted stands beside what is applied until Yes, and says what is dangerous about it', async () => {
  await using api = await openAdminApi()
  const drafted = await applyActions(api, [STRICT_OFF, ALLOW], '"0"')
  expect(drafted.body).toMatchObject({
    took_effect: false,
    page: {
      changed: true,
      verification: { strict: { applied: true, draft: false, default: true } },
      notices: [expect.stringContaining('anybody on the way can pose as the upstream')],
    },
  })
  const asked = await applyActions(api, [{ kind: 'apply' }], drafted.etag)
  const dangerous = [expect.stringContaining('anybody on the way') as string]
  expect(asked.body).toMatchObject({
    took_effect: false,
    asked: {
      question: 'confirm',
      texts: [
        'Enable Strict TLS: from on to off',
        'Allow and Log untrusted servers: from off to on',
        ...dangerous,
      ],
      dangerous,
    },
    page: { verification: { strict: { applied: true } } },
  })
  const applied = await applyActions(api, YES, asked.etag)
  expect(applied.body).toMatchObject({
    took_effect: true,
    asked: null,
    page: { changed: false, verification: { strict: { applied: false, draft: false } } },
  })
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.chosen).toEqual({ strict: false, allowUntrusted: true })
})

test('a weak protocol is among what is dangerous, a weak suite is not', async () => {
  await using api = await openAdminApi()
  const asked = await applyActions(api, [
    { kind: 'choose-custom' },
    { kind: 'proceed' },
    { kind: 'select', column: 'protocols', names: ['TLSv1.1'] },
    { kind: 'select', column: 'suites', names: ['ECDHE-RSA-AES128-SHA'] },
    { kind: 'apply' },
  ])
  expect(asked.body).toMatchObject({
    asked: { dangerous: [expect.stringContaining('TLSv1.1 is weak')] },
  })
})

test('an uploaded CA is shown by name and fingerprint, and taken away by it', async () => {
  await using api = await openAdminApi()
  const drafted = await applyActions(api, OWN_CA)
  expect(drafted.body).toMatchObject({
    page: {
      verification: {
        custom_store: {
          applied: { enabled: false, certificates: [] },
          draft: {
            enabled: true,
            certificates: [{ sha256: SHA256, subject: 'CN=Internal Root' }],
          },
        },
      },
    },
  })
  const without = await applyActions(api, [{ kind: 'remove-certificate', sha256: SHA256 }])
  expect(without.body).toMatchObject({
    page: { verification: { custom_store: { draft: { certificates: [] } } } },
  })
})

test('the audit trail has the page before and after, trusted certificates included', async () => {
  await using api = await openAdminApi()
  await applyActions(api, OWN_CA)
  await applyActions(api, YES)
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
  await applyActions(api, OWN_CA)
  expect(asked).toEqual([])
  expect(await applyActions(api, YES)).toMatchObject({
    status: 422,
    body: { code: 'data-faulty', faults },
  })
  expect(asked).toMatchObject([{ verification: { defaultStore: 'off' } }])
  const kept = parseTlsSettingsDocument(await stored(api))
  expect(kept.ok && kept.value.chosen).toEqual({})
})

const REFUSED: readonly (readonly [string, readonly object[], number, string])[] = [
  ['strict TLS off without a signature', [STRICT_OFF, ...YES], 409, 'strict-off-unsigned'],
  ['strict TLS with an empty trust store', [OWN_CA[0] ?? {}, ...YES], 409, 'empty-trust-store'],
  [
    'PEM that holds no certificate',
    [{ kind: 'add-certificates', pem: 'hello' }],
    409,
    'no-certificate',
  ],
  [
    'PEM that cannot be read',
    [{ kind: 'add-certificates', pem: ca.pem.replace(/\n.{8}/, '\n!!!!!!!!') }],
    409,
    'certificate-unreadable',
  ],
  [
    'a private key among certificates',
    [
      {
        kind: 'add-certificates',
        pem: `${ca.pem}${ca.pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')}`,
      },
    ],
    409,
    'certificate-unreadable',
  ],
  [
    'the removal of a certificate that is not there',
    [{ kind: 'remove-certificate', sha256: 'a'.repeat(64) }],
    409,
    'not-trusted',
  ],
  [
    'a server name that is an address',
    [{ kind: 'set-sni', sni: '10.0.0.1' }],
    409,
    'server-name-malformed',
  ],
  ['a switch without its position', [{ kind: 'set-strict' }], 409, 'button-incomplete'],
  ['a store without its name', [{ kind: 'set-default-store' }], 409, 'button-incomplete'],
  ['an upload without text', [{ kind: 'add-certificates' }], 409, 'button-incomplete'],
  ['a removal without a fingerprint', [{ kind: 'remove-certificate' }], 409, 'button-incomplete'],
  ['SNI without a name', [{ kind: 'set-sni' }], 409, 'button-incomplete'],
  ['a word for a switch', [{ kind: 'set-strict', enabled: 'maybe' }], 422, 'data-faulty'],
  [
    'a trust store that is none',
    [{ kind: 'set-default-store', store: 'java' }],
    422,
    'data-faulty',
  ],
  ['a fingerprint that is none', [{ kind: 'remove-certificate', sha256: 'x' }], 422, 'data-faulty'],
  ['a key that nobody reads', [{ ...STRICT_OFF, dangerousUnverified: true }], 422, 'data-faulty'],
  [
    'a server name with control characters',
    [{ kind: 'set-sni', sni: 'core\r\nX-Evil: 1' }],
    422,
    'data-faulty',
  ],
  ['a server name without end', [{ kind: 'set-sni', sni: 'a'.repeat(300) }], 422, 'data-faulty'],
  [
    'more than a body may hold',
    [{ kind: 'add-certificates', pem: ca.pem.repeat(3000) }],
    413,
    'body-too-large',
  ],
]

for (const [what, actions, status, code] of REFUSED) {
  test(`${what} is turned down, and nothing is kept`, async () => {
    await using api = await openAdminApi()
    expect(await applyActions(api, actions)).toMatchObject({ status, body: { code } })
    expect(await stored(api)).toBeUndefined()
    expect(api.bugs).toEqual([])
  })
}

test('who does not say which page was decided on, or says an older one, changes nothing', async () => {
  await using api = await openAdminApi()
  const body = { applyActions: [ALLOW] }
  expect(await call(api, 'POST', PAGE, { body })).toMatchObject({ status: 428 })
  await applyActions(api, [ALLOW])
  expect(await applyActions(api, [STRICT_OFF, ...YES], '"0"')).toMatchObject({ status: 412 })
  expect(await call(api, 'POST', PAGE, { body, match: '*', as: 'operator' })).toMatchObject({
    status: 403,
  })
})

/** An office whose configuration file states some settings. */
const stating = (file: Partial<typeof FILE>): AdminApiOptions => ({
  frontEnd: {
    upstreams: () => [
      { name: 'core', servers: [], tls: { preset: 'secure', file: { ...FILE, ...file } } },
    ],
  },
})

const LOCKED = [
  ['strict', [STRICT_OFF]],
  ['allowUntrusted', [ALLOW]],
  ['defaultStore', OWN_CA.slice(0, 1)],
  ['customStore', OWN_CA.slice(1, 2)],
  ['customStore', OWN_CA.slice(2)],
  ['sni', [{ kind: 'set-sni', sni: 'off' }]],
] as const

for (const [setting, actions] of LOCKED) {
  test(`${actions[0]?.kind} is locked where the file states ${setting}, and says so`, async () => {
    await using api = await openAdminApi(stating({ stated: [setting] }))
    expect(await applyActions(api, actions)).toMatchObject({
      status: 409,
      body: {
        code: 'set-by-configuration-file',
        detail: expect.stringContaining('is set by the configuration file') as string,
        next_step: 'change it there, or take it out of the file to change it here',
      },
    })
    const { body } = await call(api, 'GET', PAGE)
    const shown = (body as { readonly verification: Readonly<Record<string, object>> }).verification
    const locked = Object.entries(shown).flatMap(([name, one]) =>
      'locked' in one && one.locked === true ? [name] : [],
    )
    expect(locked).toEqual([setting.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)])
  })
}

test('a selection that the file states leaves trust and SNI to the page', async () => {
  await using api = await openAdminApi()
  const free = await call(api, 'GET', PAGE)
  const { protocols, suites, groups } = free.body as Readonly<
    Record<'protocols' | 'suites' | 'groups', { readonly selected: readonly string[] }>
  >
  const selection = {
    protocols: protocols.selected as ['TLSv1.3'],
    suites: suites.selected,
    groups: groups.selected,
  }
  await using locked = await openAdminApi(stating({ selection }))
  const applied = await applyActions(locked, [{ kind: 'set-sni', sni: 'off' }, ...YES])
  expect(applied.body).toMatchObject({
    took_effect: true,
    page: { locked: true, verification: { sni: { applied: 'off' } } },
  })
})

test('a page from before trust was on it is read, and written anew with it', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await applyActions(api, [{ kind: 'choose-custom' }, { kind: 'proceed' }, ...YES])
  const kept = parseTlsSettingsDocument(await stored(api))
  if (!kept.ok) expect.fail()
  const { applied, draft, seen } = kept.value
  const { mode, selection } = draft
  const { offered, default: usual } = seen
  const body = {
    version: 1,
    applied,
    draft: { mode, selection },
    seen: { offered, default: usual },
  }
  await api.store.documents.put(by, { name: documentName('core'), body }, 'any')
  const shown = await call(api, 'GET', PAGE)
  expect(shown).toMatchObject({ status: 200, body: { applied: 'custom', changed: false } })
  await applyActions(api, [{ kind: 'set-sni', sni: 'core.internal' }, ...YES], shown.etag)
  expect(await stored(api)).toMatchObject({
    version: 2,
    applied: { kind: 'custom' },
    chosen: { sni: { kind: 'name', name: 'core.internal' } },
  })
})
