import { expect, test } from 'vitest'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Role } from '../../../src/admin/auth/principal.ts'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { openAdminApi, PASSWORD, type TestAdminApi } from '../../support/admin/admin-api.ts'

const signIn = (api: TestAdminApi, name: string, password: string): Promise<Response> =>
  fetch(`${api.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  })

const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { code?: unknown }).code

test('a session begins with name and password, says who one is, and ends', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  const begun = await signIn(api, 'operator', PASSWORD)
  expect(begun.status).toBe(201)
  const [cookie = ''] = begun.headers.getSetCookie()
  expect(cookie).toMatch(/^tfe-session=[\w-]{43};/u)
  expect(cookie).toMatch(/HttpOnly/u)
  expect(cookie).toMatch(/SameSite=Strict/u)
  const headers = { cookie: cookie.split(';')[0] ?? '', 'x-requested-by': 'tfe' }
  const me = await fetch(`${api.url}/api/session`, { headers })
  expect(await me.json()).toEqual({ name: 'operator', role: 'operator', by: 'session' })
  const ended = await fetch(`${api.url}/api/session`, { method: 'DELETE', headers })
  expect(ended.status).toBe(204)
  const after = await fetch(`${api.url}/api/session`, { headers })
  expect(after.status).toBe(401)
})

test('a wrong password and an unknown name get the same answer', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  const wrong = await signIn(api, 'operator', 'something else')
  const unknown = await signIn(api, 'no such name', 'something else')
  expect(wrong.status).toBe(401)
  expect(await wrong.text()).toBe(await unknown.text())
})

test('after five failures a name is locked even for the right password, and another one is not', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  for (let attempt = 0; attempt < 5; attempt += 1) {
    expect(await codeOf(await signIn(api, 'operator', 'wrong'))).toBe('credential-unknown')
  }
  expect(await codeOf(await signIn(api, 'operator', PASSWORD))).toBe('too-many-attempts')
  api.monotonicClock.at += 60_000
  expect((await signIn(api, 'operator', PASSWORD)).status).toBe(201)
})

test('a clock that is set back by an hour locks a name no longer, and one that is set forward no shorter', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  for (let attempt = 0; attempt < 5; attempt += 1) await signIn(api, 'operator', 'wrong')
  api.clock.at += 3_600_000
  expect(await codeOf(await signIn(api, 'operator', PASSWORD))).toBe('too-many-attempts')
  api.clock.at -= 2 * 3_600_000
  api.monotonicClock.at += 59_999
  expect(await codeOf(await signIn(api, 'operator', PASSWORD))).toBe('too-many-attempts')
  api.monotonicClock.at += 1
  expect((await signIn(api, 'operator', PASSWORD)).status).toBe(201)
})

test('guesses that are sent all at once are no more than those that wait for each other', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => signIn(api, 'operator', 'wrong').then(codeOf)),
  )
  expect(answers.filter((code) => code === 'credential-unknown')).toHaveLength(5)
  expect(answers.filter((code) => code === 'too-many-attempts')).toHaveLength(15)
})

test('the log says who fails to sign in from where, and repeats no name that may be a password', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  await signIn(api, 'operator', 'wrong')
  await signIn(api, PASSWORD, 'operator')
  for (let attempt = 0; attempt < 4; attempt += 1) await signIn(api, 'operator', 'wrong')
  expect(api.warnings).toMatchObject([
    { from: '127.0.0.1', who: 'operator' },
    { who: 'no known administrator' },
    { who: 'operator' },
    { who: 'operator' },
    { who: 'operator' },
    { seconds: 60 },
  ])
  expect(JSON.stringify(api.warnings)).not.toContain(PASSWORD)
})

test('signing in rightly is no failure, however often', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  for (let attempt = 0; attempt < 6; attempt += 1) {
    expect((await signIn(api, 'operator', PASSWORD)).status).toBe(201)
  }
})

test('a disabled administrator neither signs in nor uses what is left of the last time', async () => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('viewer')
  const disabled = await api.store.admins.change({ who: 'test', from: 'test' }, 'viewer', {
    expected: 'any',
    change: { disabled: true },
  })
  expect(disabled.ok).toBe(true)
  expect(await codeOf(await signIn(api, 'viewer', PASSWORD))).toBe('credential-unknown')
  const headers = { authorization: `Bearer ${token}` }
  const used = await fetch(`${api.url}/api/session`, { headers })
  expect(await codeOf(used)).toBe('administrator-disabled')
})

test('an address outside the allow list is refused before its credential is looked at', async () => {
  await using api = await openAdminApi({ allow: ['192.0.2.0/24'] })
  const headers = { authorization: `Bearer ${await api.tokenOf('administrator')}` }
  const response = await fetch(`${api.url}/api/session`, { headers })
  expect(response.status).toBe(403)
  expect(await codeOf(response)).toBe('address-not-allowed')
})

test('signing in and out is in the audit trail, the password is not', async () => {
  await using api = await openAdminApi()
  await api.tokenOf('operator')
  await signIn(api, 'operator', PASSWORD)
  const trail = await api.store.audit.list({ limit: 1 })
  expect(trail).toMatchObject({
    ok: true,
    value: { items: [{ action: 'session.begin', who: 'operator', subject: 'operator' }] },
  })
  expect(JSON.stringify(trail)).not.toContain(PASSWORD)
})

const ca = mintCa({ name: 'Anybody' })
const server = mintLeaf({
  issuer: ca,
  name: 'office',
  dns: ['localhost'],
  purposes: ['serverAuth'],
})
const tls = { key: server.keyPem, cert: server.chainPem, clientCertificates: true }

async function callWith(
  api: TestAdminApi,
  identity: { readonly key: string; readonly cert: string } | undefined,
  sent: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<{ status: number; body: unknown }> {
  const agent = new Agent({ connect: { ca: ca.pem, ...identity } })
  try {
    const path = sent.method === undefined ? '/api/session' : '/api/upstreams/core/test'
    const response = await undiciFetch(`${api.url}${path}`, { dispatcher: agent, ...sent })
    return { status: response.status, body: await response.json() }
  } finally {
    await agent.close()
  }
}

test('an administrator is known by the key of a client certificate, whichever CA signed that', async () => {
  await using api = await openAdminApi({ tls, at: Date.now() })
  const mine = mintLeaf({ issuer: ca, name: 'me' })
  const parsed = parseCertificate(mine.der)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  const certificateKey: KeyFingerprint = parsed.value.publicKey.fingerprint
  const made = await api.store.admins.create(
    { who: 'test', from: 'test' },
    { name: 'me', role: 'operator', passwordHash: undefined, certificateKey },
  )
  expect(made.ok).toBe(true)
  expect(await callWith(api, { key: mine.keyPem, cert: mine.pem })).toEqual({
    status: 200,
    body: { name: 'me', role: 'operator', by: 'certificate' },
  })
})

test('a client certificate changes nothing for a page from elsewhere', async () => {
  await using api = await openAdminApi({ tls, at: Date.now() })
  const mine = mintLeaf({ issuer: ca, name: 'me' })
  const parsed = parseCertificate(mine.der)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  const certificateKey = parsed.value.publicKey.fingerprint
  const me = { name: 'me', role: 'administrator', passwordHash: undefined, certificateKey } as const
  expect((await api.store.admins.create({ who: 'test', from: 'test' }, me)).ok).toBe(true)
  const identity = { key: mine.keyPem, cert: mine.pem }
  expect(await callWith(api, identity, { method: 'POST' })).toMatchObject({
    status: 403,
    body: { code: 'cross-site' },
  })
  const headers = { 'x-requested-by': 'tfe' }
  expect(await callWith(api, identity, { method: 'POST', headers })).not.toMatchObject({
    status: 403,
  })
})

test('a token of no administrator makes none that outlasts it', async () => {
  await using api = await openAdminApi()
  const lasting = async (role: Role): Promise<string> => {
    const response = await fetch(`${api.url}/api/tokens`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await api.tokenOf(role)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ label: 'ci', days: 400 }),
    })
    return ((await response.json()) as { about: { expires: string } }).about.expires
  }
  expect(await lasting('operator')).toBe('2026-11-23T00:00:00.000Z')
  expect(await lasting('administrator')).toBe('2027-12-27T00:00:00.000Z')
})

test('another key under the same name is unknown, and so is an expired certificate of the right one', async () => {
  await using api = await openAdminApi({ tls, at: Date.now() })
  const mine = mintLeaf({ issuer: ca, name: 'me', notAfter: api.clock.at - 60_000 })
  const other = mintLeaf({ issuer: ca, name: 'me' })
  const parsed = parseCertificate(mine.der)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  await api.store.admins.create(
    { who: 'test', from: 'test' },
    {
      name: 'me',
      role: 'operator',
      passwordHash: undefined,
      certificateKey: parsed.value.publicKey.fingerprint,
    },
  )
  expect(await callWith(api, { key: other.keyPem, cert: other.pem })).toMatchObject({
    body: { code: 'credential-unknown' },
  })
  expect(await callWith(api, { key: mine.keyPem, cert: mine.pem })).toMatchObject({
    body: { code: 'credential-missing' },
  })
  expect(await callWith(api, undefined)).toMatchObject({ body: { code: 'credential-missing' } })
})
