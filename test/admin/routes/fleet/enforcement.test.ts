import { expect, test } from 'vitest'
import { CONFIRMATION_PHRASE } from '../../../../src/fleet/enforcement.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { sighting } from '../../../support/admin/sightings.ts'

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

/** What devices of an unknown CA met last, and what is foretold of them. */
const FORETOLD: readonly [string, string, string][] = [
  ['comes from an unknown CA', 'untrusted-issuer', 'untrusted-issuer'],
  ['is for servers', 'wrong-purpose', 'wrong-purpose'],
  ['bears the name of a CA that is gone', 'bad-signature', 'untrusted-issuer'],
  // What was met last says nothing of the certificate.
  ['was blocked when it came last', 'blocked', 'untrusted-issuer'],
]

for (const [what, code, foretold] of FORETOLD) {
  test(`a device whose certificate ${what} is told among those that would be refused`, async () => {
    await using api = await openAdminApi()
    const { certificate, ...met } = sighting('1', {
      verdict: 'refuse',
      code,
      authentication: 'failed',
    })
    if (certificate === undefined) throw new Error('the sighting has no certificate')
    const refused = { ...certificate, sound: false, setting: undefined }
    await api.store.sightings.record([{ ...met, certificate: refused }])
    const { body } = await call(api, 'GET', '/api/enforcement')
    expect(body).toMatchObject({
      would_refuse: [{ code: foretold, devices: 1 }],
      warnings: expect.arrayContaining([expect.objectContaining({ kind: 'devices-refused' })]),
    })
    expect(await require(api, throwing, '*')).toMatchObject({
      status: 409,
      body: { code: 'warnings-changed' },
    })
  })
}

test('a device that no CA vouches for and that is blocked is refused before and after, and not told', async () => {
  await using api = await openAdminApi()
  const { certificate, ...met } = sighting('1', { verdict: 'refuse', code: 'untrusted-issuer' })
  if (certificate === undefined) throw new Error('the sighting has no certificate')
  await api.store.sightings.record([
    { ...met, certificate: { ...certificate, sound: false, setting: undefined } },
  ])
  const listed = await call(api, 'GET', '/api/devices')
  const { items } = listed.body as { readonly items: readonly { readonly id: string }[] }
  const by = { who: 'test', from: 'test' }
  await api.store.approvals.block(by, [{ id: items[0]?.id ?? '' }])
  expect(await call(api, 'GET', '/api/enforcement')).toMatchObject({ body: { would_refuse: [] } })
})
