/** Nothing is foretold of what the change itself would leave or refuse. */
import { expect, test } from 'vitest'
import { call, type Answer } from '../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { hex, makeCurrent, sighting } from '../../support/admin/sightings.ts'

const BY = { who: 'test', from: 'test' }

async function fleet(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  await makeCurrent(api.store)
  await api.store.sightings.record([sighting('1')])
  return api
}

const post = (api: TestAdminApi, path: string, body: object): Promise<Answer> =>
  call(api, 'POST', path, { body, as: 'viewer' })

async function onlyDevice({ store }: TestAdminApi) {
  const found = await store.devices.list({
    filter: {},
    order: 'last-seen',
    limit: 1,
    minimums: [],
  })
  const [device] = found.ok ? found.value.items : []
  if (device === undefined) throw new Error('one was seen')
  return device
}

test('a block is foretold of devices as they were looked at: unknown 404, changed since 412', async () => {
  await using api = await fleet()
  const { id, version } = await onlyDevice(api)
  const blocked = (device: object) =>
    post(api, '/api/devices/block/preview', { devices: [{ id, version }, device] })
  expect(await blocked({ id: 'no such device', version: 1 })).toMatchObject({ status: 404 })
  expect(await blocked({ id, version: version + 1 })).toMatchObject({ status: 412 })
  expect(await blocked({ id, version })).toMatchObject({ status: 200, body: { refused: 1 } })
  await api.store.approvals.block(BY, [{ id }])
  const again = { devices: [{ id, version: version + 1 }] }
  // Control: who is blocked already meets nothing new.
  expect(await post(api, '/api/devices/block/preview', again)).toMatchObject({
    status: 200,
    body: { refused: 0, changes: [] },
  })
})

test('a block of an entry of the inventory is foretold by its id, before it showed a key', async () => {
  await using api = await fleet()
  await api.store.inventory.import(BY, [{ id: 'urn:x-device:never-met' }])
  // What was refused links no key to an entry, and the block of that entry is met all the same.
  const { certificate } = sighting('2')
  if (certificate === undefined) throw new Error('it shows a certificate')
  await api.store.sightings.record([
    sighting('2', {
      certificate: { ...certificate, signedIds: ['urn:x-device:never-met'] },
      verdict: 'refuse',
      code: 'denied-serial',
    }),
  ])
  const listed = await api.store.devices.list({
    filter: { inInventory: true },
    order: 'last-seen',
    limit: 1,
    minimums: [],
  })
  const [entry] = listed.ok ? listed.value.items : []
  const devices = [{ id: entry?.id, version: entry?.version }]
  expect(await post(api, '/api/devices/block/preview', { devices })).toMatchObject({
    status: 200,
    body: {
      judged: 2,
      refused: 1,
      items: expect.arrayContaining([
        expect.objectContaining({ subject: 'CN=device 2', to: 'blocked' }),
      ]),
    },
  })
})

test('an entry that is on the deny list is not foretold again, by whatever spelling of its serial', async () => {
  await using api = await fleet()
  const denied = { kind: 'serial', issuer_key: hex('c'), serial: '01' }
  const entry = await post(api, '/api/deny-list/preview', { denied })
  expect(entry).toMatchObject({
    status: 200,
    body: {
      refused: 1,
      changes: [
        { from: 'verified', to: 'denied-serial' },
        { from: 'open-route', to: 'denied-serial' },
      ],
    },
  })
  expect(await api.store.denials.list()).toMatchObject({ value: [] })
  await call(api, 'POST', '/api/deny-list', { body: { denied, note: 'lost' } })
  const spelt = { denied: { ...denied, serial: '0001' } }
  expect(await post(api, '/api/deny-list/preview', spelt)).toMatchObject({
    status: 409,
    body: { code: 'already-exists' },
  })
})

test('without a sync port there is nothing to foretell of its closing', async () => {
  await using api = await openAdminApi({ frontEnd: { syncListener: () => undefined } })
  expect(await post(api, '/api/sync-port/close/preview', { force: true })).toMatchObject({
    status: 409,
    body: { code: 'sync-port-absent' },
  })
})
