import { expect, test } from 'vitest'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { sighting } from '../../../support/admin/sightings.ts'

const EXCHANGE = { address: '192.0.2.1', connections: 1, octetsIn: 3, octetsOut: 4 }
const BY = { who: 'test', from: 'test' }

/** Certificates are required, one device has migrated, another is pending, and a third is only in the inventory. */
async function migrating(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  const keeping = { saveAuthentication: false, saveDecryption: false }
  await api.store.enforcement.require(BY, keeping, 'any')
  await api.store.sightings.record([
    sighting('1', { migration: 'pending' }),
    sighting('2', { migration: 'pending' }),
    sighting('2', { migration: 'success' }),
    sighting('9', { certificate: undefined, listener: 'sync', exchange: EXCHANGE }),
  ])
  await api.store.inventory.import(BY, [{ id: 'never met' }])
  return api
}

const close = (api: TestAdminApi, force: boolean, match = '*'): Promise<Answer> =>
  call(api, 'POST', '/api/sync-port/close', { body: { force }, match })

test('what keeps the sync port open is counted, with what to do about each', async () => {
  await using api = await migrating()
  expect(await call(api, 'GET', '/api/sync-port')).toMatchObject({
    etag: '"0"',
    body: {
      state: 'open',
      pending: 1,
      never_met: 1,
      unidentified: 1,
      callers: [{ device: null, address: '192.0.2.1', octets_in: 3, octets_out: 4 }],
      unmet: [
        { code: 'devices-pending' },
        { code: 'devices-never-met' },
        { code: 'connections-unidentified' },
      ],
    },
  })
})

test('the sync port is not closed while devices are pending, and every reason is told', async () => {
  await using api = await migrating()
  const refused = await close(api, false, '"0"')
  expect(refused).toMatchObject({ status: 409, body: { code: 'devices-pending' } })
  expect((refused.body as { faults: readonly unknown[] }).faults).toHaveLength(3)
  expect(await call(api, 'GET', '/api/sync-port')).toMatchObject({ body: { state: 'open' } })
})

test('forced, it closes, and the audit trail says who forced it and over what', async () => {
  await using api = await migrating()
  expect(await close(api, true, '"0"')).toMatchObject({
    status: 200,
    body: { state: 'closed', forced: true, unmet: [], version: 1 },
  })
  expect(await call(api, 'GET', '/api/audit?action=port.close')).toMatchObject({
    body: {
      items: [
        {
          who: 'administrator',
          after: {
            forced: true,
            over: [
              { kind: 'devices-pending', pending: 1 },
              { kind: 'devices-never-met', neverMet: 1 },
              { kind: 'connections-unidentified', unidentified: 1 },
            ],
          },
        },
      ],
    },
  })
})

test('force means nothing while certificates are not required', async () => {
  await using api = await openAdminApi()
  expect(await close(api, true)).toMatchObject({
    status: 409,
    body: { code: 'mutual-authentication-off' },
  })
})

test('a new installation closes it at once, unforced, whatever connected before', async () => {
  await using api = await openAdminApi()
  const keeping = { saveAuthentication: false, saveDecryption: false }
  await api.store.enforcement.require(BY, keeping, 'any')
  await api.store.sightings.record([
    sighting('9', { certificate: undefined, listener: 'sync', exchange: EXCHANGE }),
  ])
  expect(await close(api, false)).toMatchObject({
    status: 200,
    body: { state: 'closed', forced: false },
  })
})

test('it opens again, on the version that closed it and on no other', async () => {
  await using api = await migrating()
  await close(api, true, '"0"')
  const open = (match: string): Promise<Answer> =>
    call(api, 'POST', '/api/sync-port/open', { match })
  expect(await open('"0"')).toMatchObject({ status: 412, body: { code: 'stale' } })
  expect(await open('"1"')).toMatchObject({ status: 200, body: { state: 'open', version: 2 } })
})

const REFUSED: readonly [string, object, string | undefined, number, string][] = [
  ['without If-Match', { force: true }, undefined, 428, 'version-missing'],
  ['on another version', { force: true }, '"7"', 412, 'stale'],
  ['without saying whether it is forced', {}, '*', 422, 'data-faulty'],
  ['with force that is no switch', { force: 'yes' }, '*', 422, 'data-faulty'],
]

for (const [how, body, match, status, code] of REFUSED) {
  test(`the sync port is not closed ${how}`, async () => {
    await using api = await migrating()
    const sent = { body, ...(match === undefined ? {} : { match }) }
    const answer = await call(api, 'POST', '/api/sync-port/close', sent)
    expect(answer).toMatchObject({ status, body: { code } })
    expect(await api.store.ports.list()).toEqual({ ok: true, value: [] })
  })
}

test('migration is counted altogether, by class, and against the inventory', async () => {
  await using api = await migrating()
  expect(await call(api, 'GET', '/api/migration', { as: 'viewer' })).toMatchObject({
    body: {
      status: [
        { label: 'None', devices: 1 },
        { label: 'Pending', devices: 1 },
        { label: 'Success', devices: 1 },
      ],
      pending_by_class: [{ class: 'android-maw', devices: 1 }],
      in_inventory: 1,
      never_met: 1,
    },
  })
})
