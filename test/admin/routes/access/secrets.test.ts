import { expect, test } from 'vitest'
import type { Instant } from '../../../../src/kernel/types.ts'
import type { KeyRing } from '../../../../src/store/secrets/seal.ts'
import { MAX_SECRET_OCTETS, TICKET_SECRET } from '../../../../src/store/secrets/secret-limits.ts'
import { openStore } from '../../../../src/store/store.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { CONFIG, openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const key = (octet: number): Buffer => Buffer.alloc(32, octet)
const ringOf = (...versions: readonly number[]): KeyRing => ({
  keys: new Map(versions.map((version) => [version, key(version)])),
})
const WORD = Buffer.from('correct horse').toString('base64')

const put = (api: TestAdminApi, match?: string, secret = WORD): Promise<Answer> =>
  call(api, 'PUT', '/api/secrets/upstream%20key', {
    body: { secret },
    ...(match === undefined ? {} : { match }),
  })

test('a secret goes in, is listed by name, and never comes out', async () => {
  await using api = await openAdminApi({ ring: ringOf(1) })
  const stored = await put(api, '"0"')
  expect(stored).toMatchObject({ status: 200, etag: '"1"', body: { key_version: 1 } })
  const all = [stored, await call(api, 'GET', '/api/secrets'), await call(api, 'GET', '/api/audit')]
  expect(all[1]?.body).toMatchObject({ items: [{ name: 'upstream key', version: 1 }] })
  for (const { body } of all) {
    expect(JSON.stringify(body)).not.toContain(WORD)
    expect(JSON.stringify(body)).not.toContain('correct horse')
  }
  const opened = await api.store.secrets.open('upstream key')
  expect(opened.ok && opened.value?.secret.toString()).toBe('correct horse')
})

const REFUSED: readonly [string, string | undefined, string, number, string][] = [
  ['without If-Match', undefined, WORD, 428, 'version-missing'],
  ['over one that is there', '"0"', WORD, 412, 'stale'],
  ['that is no base64', '*', 'correct horse', 422, 'data-faulty'],
  ['that is empty', '*', '', 422, 'data-faulty'],
  [
    'of more octets than one may have',
    '*',
    Buffer.alloc(MAX_SECRET_OCTETS + 1).toString('base64'),
    422,
    'data-faulty',
  ],
]

for (const [how, match, secret, status, code] of REFUSED) {
  test(`a secret ${how} is refused, and the one before stays`, async () => {
    await using api = await openAdminApi({ ring: ringOf(1) })
    await put(api, '"0"')
    const refused = await put(api, match, secret)
    expect(refused).toMatchObject({ status, body: { code } })
    expect(JSON.stringify(refused.body)).not.toContain('horse')
    const kept = await api.store.secrets.open('upstream key')
    expect(kept.ok && kept.value?.version).toBe(1)
  })
}

test('without a key nothing is sealed, and the operator is told which is missing', async () => {
  await using api = await openAdminApi()
  expect(await put(api, '"0"')).toMatchObject({ status: 409, body: { code: 'key-missing' } })
})

test('an older key is left behind by rotating and sealing anew', async () => {
  await using api = await openAdminApi({ ring: ringOf(1) })
  await put(api, '"0"')
  expect(await call(api, 'GET', '/api/keys')).toMatchObject({
    etag: '"1"',
    body: { current: 1, held: [1], warnings: [] },
  })
  expect(await call(api, 'POST', '/api/keys/rotate', { match: '"1"', body: {} })).toMatchObject({
    status: 409,
    body: { code: 'key-not-newer' },
  })
  expect(await call(api, 'POST', '/api/keys/rotate', { match: '"9"', body: {} })).toMatchObject({
    status: 412,
  })
  expect(await call(api, 'POST', '/api/keys/rotate', { body: {} })).toMatchObject({ status: 428 })
  expect(await call(api, 'POST', '/api/keys/reseal', { body: {} })).toMatchObject({
    body: { resealed: 0, left: 0 },
  })
})

test('a replica without the current key is named in a warning', async () => {
  await using api = await openAdminApi({ ring: ringOf(2) })
  await put(api, '"0"')
  await api.store.secrets.report({ id: 'a', name: 'replica a' })
  const { where: path } = api.store
  const { clock } = api
  const replica = await openStore(
    { kind: 'sqlite', path },
    { clock: { now: () => clock.at as Instant }, ring: ringOf(1), initialSettings: undefined },
  )
  if (!replica.ok) throw new Error(replica.failure.kind)
  await replica.value.secrets.report({ id: 'b', name: 'replica b' })
  await replica.value.close()
  expect(await call(api, 'GET', '/api/keys', { as: 'viewer' })).toMatchObject({
    body: {
      lacking: [{ id: 'b' }],
      warnings: ['replica b runs and lacks key 2: give it the key before it is asked for'],
    },
  })
})

test('removing a secret asks for its version', async () => {
  await using api = await openAdminApi({ ring: ringOf(1) })
  await put(api, '"0"')
  const remove = (match: string): Promise<Answer> =>
    call(api, 'DELETE', '/api/secrets/upstream%20key', { match })
  expect(await remove('"7"')).toMatchObject({ status: 412 })
  expect(await remove('"1"')).toMatchObject({ status: 204 })
  expect(await remove('"1"')).toMatchObject({ status: 404 })
})

test('no caller chooses the secret behind session tickets', async () => {
  await using api = await openAdminApi({ ring: ringOf(1) })
  const path = `/api/secrets/${encodeURIComponent(TICKET_SECRET)}`
  const body = { secret: Buffer.from('known').toString('base64') }
  expect(await call(api, 'PUT', path, { body, match: '*' })).toMatchObject({ status: 422 })
  expect(await api.store.secrets.list()).toEqual({ ok: true, value: [] })
})

const BY = { who: 'test', from: 'test' }
const SETTING = 'listeners.devices.certificates[0].key'

/** An API whose front end takes the secret `tls-key`, as long as it does; `free` is taken by none. */
async function withTaken() {
  const state = { taken: true }
  const api = await openAdminApi({
    ring: ringOf(1),
    frontEnd: {
      config: () => ({
        ...CONFIG,
        storedSecrets: state.taken ? [{ name: 'tls-key', setting: SETTING }] : [],
      }),
    },
  })
  for (const name of ['free', 'tls-key']) {
    const body = { secret: WORD }
    await call(api, 'PUT', `/api/secrets/${name}`, { body, match: '"0"' })
  }
  return { api, state }
}

const used = async (api: TestAdminApi): Promise<unknown> => {
  const { body } = await call(api, 'GET', '/api/secrets')
  return (body as { readonly items: readonly { readonly used_by: unknown }[] }).items.map(
    (it) => it.used_by,
  )
}

const removed = (api: TestAdminApi, name: string, as?: 'operator'): Promise<Answer> =>
  call(api, 'DELETE', `/api/secrets/${name}`, { match: '"1"', ...(as === undefined ? {} : { as }) })

test('a secret that the configuration takes is listed with the setting, and not removed before that lets go', async () => {
  const { api, state } = await withTaken()
  await using _ = api
  expect(await used(api)).toEqual([[], [SETTING]])
  const refused = await removed(api, 'tls-key')
  expect(refused).toMatchObject({ status: 409, body: { code: 'secret-in-use' } })
  expect(JSON.stringify(refused.body)).toContain(SETTING)
  expect(await removed(api, 'tls-key', 'operator')).toMatchObject({ status: 403 })
  expect(await removed(api, 'free')).toMatchObject({ status: 204 })
  expect(await used(api)).toEqual([[SETTING]])
  await api.store.secrets.put(BY, { name: TICKET_SECRET, secret: Buffer.from('made') }, 0)
  expect(await used(api)).toEqual([['session tickets'], [SETTING]])
  await api.store.secrets.remove(BY, TICKET_SECRET, 'any')
  state.taken = false
  expect(await used(api)).toEqual([[]])
  expect(await removed(api, 'tls-key')).toMatchObject({ status: 204 })
})

test('a secret that another instance takes is not removed until that one is silent for a day', async () => {
  const { api, state } = await withTaken()
  await using _ = api
  state.taken = false
  const replica = await openStore(
    { kind: 'sqlite', path: api.store.where },
    { clock: { now: () => api.clock.at as Instant }, ring: ringOf(1), initialSettings: undefined },
  )
  if (!replica.ok) throw new Error(replica.failure.kind)
  await replica.value.secrets.report({ id: 'b', name: 'replica b', secrets: ['tls-key'] })
  await replica.value.close()
  expect(await used(api)).toEqual([[], ['instance replica b']])
  const refused = await removed(api, 'tls-key')
  expect(refused).toMatchObject({ status: 409, body: { code: 'secret-in-use' } })
  expect(JSON.stringify(refused.body)).toContain('instance replica b')
  api.clock.at += 86_400_001
  expect(await used(api)).toEqual([[], []])
  expect(await removed(api, 'tls-key')).toMatchObject({ status: 204 })
})
