/** How devices depart from the server's documents: in the API, on the command line, and what a front end says of it. */
import { expect, test } from 'vitest'
import type { Installation } from '../../../src/fleet/expectation.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { makeCurrent, sighting } from '../../support/admin/sightings.ts'
import { call } from '../../support/admin/call.ts'
import { typed } from '../../support/cli/call-admin.ts'

const EPMM: Installation = {
  profile: 'epmm-11.5',
  setting: undefined,
  isRequired: true,
  storefrontCertificates: undefined,
}

const BY = { who: 'test', from: 'test' }

async function withDepartures(installation: Installation | undefined): Promise<TestAdminApi> {
  const adminApi = await openAdminApi({ frontEnd: { installation: () => installation } })
  await makeCurrent(adminApi.store)
  await adminApi.store.inventory.import(BY, [
    { id: 'mac', name: 'Mac', class: 'macos-maw' },
    { id: 'tablet', name: 'Tablet', class: 'ios-mdm' },
  ])
  const refused = { verdict: 'refuse', code: 'no-certificate', authentication: 'failed' } as const
  const claim = (reportedId: string) => {
    return sighting('0', { certificate: undefined, class: undefined, reportedId, ...refused })
  }
  await adminApi.store.sightings.record([
    sighting('1'),
    sighting('2', { class: 'win10', listener: 'sync', migration: 'pending' }),
    sighting('3', { agentVersion: '9.5', agentRank: 9, listener: 'sync', migration: 'pending' }),
    sighting('4', { class: undefined, listener: 'sync', migration: 'pending' }),
    claim('mac'),
  ])
  return adminApi
}

const listed = async (api: TestAdminApi, query: string): Promise<readonly unknown[]> => {
  const { body } = await call(api, 'GET', `/api/devices?${query}`)
  return (body as { readonly items: readonly unknown[] }).items
}

test('a list is narrowed to those that depart in one way, and shows how with a next step', async () => {
  await using api = await withDepartures(EPMM)
  expect(await listed(api, 'departure=on-sync-port')).toMatchObject([
    {
      class: 'win10',
      expectation: {
        port: 'https',
        mutual_authentication: 'used',
        text: 'the documents of EPMM 11.5 expect Windows 10 on 443 with a certificate',
      },
      departures: [
        { code: 'on-sync-port', next_step: expect.stringContaining('register the device again') },
      ],
    },
  ])
  expect(await listed(api, 'departure=cannot-migrate')).toMatchObject([
    {
      class: 'android-maw',
      expectation: { port: null, mutual_authentication: 'from-next-check-in' },
      departures: [{ code: 'cannot-migrate', next_step: 'upgrade it to 10.1 or later' }],
    },
  ])
  expect(await listed(api, 'departure=came-without-certificate')).toMatchObject([
    { inventory: { id: 'mac' }, departures: [{ code: 'came-without-certificate' }] },
  ])
  expect(await listed(api, 'departure=on-https-port')).toEqual([])
  expect(await listed(api, 'departure=on-sync-port&class=macos-maw')).toEqual([])
})

test('no expectation and no departure is shown of a class that is unknown, or by a profile without documents', async () => {
  await using api = await withDepartures(EPMM)
  const unknown = (await listed(api, 'migration=pending')).filter(
    (one) => (one as { readonly class: string | null }).class === null,
  )
  expect(unknown).toMatchObject([{ expectation: null, departures: [] }])
  await using generic = await withDepartures(undefined)
  const all = await listed(generic, '')
  expect(all).toHaveLength(6)
  for (const one of all) expect(one).toMatchObject({ expectation: null, departures: [] })
  for (const code of ['on-sync-port', 'came-without-certificate', 'cannot-migrate']) {
    expect(await listed(generic, `departure=${code}`)).toEqual([])
  }
  const { out } = await typed(generic, 'devices departures')
  expect(out).toContain('documents: none for this profile, so no departure can be told\n')
})

test('a code that is none is refused, in the call and in a saved query', async () => {
  await using api = await withDepartures(EPMM)
  const { status } = await call(api, 'GET', '/api/devices?departure=wrong-port')
  expect(status).toBe(400)
  const saved = await typed(api, 'queries save x --departure wrong-port')
  expect(saved).toMatchObject({ code: 2, out: '' })
})

test('what is counted is what the list finds, and each class says what it is detected by', async () => {
  await using api = await withDepartures(EPMM)
  const { body } = await call(api, 'GET', '/api/departures')
  expect(body).toMatchObject({
    documents: 'epmm-11.5',
    departures: [
      { code: 'on-sync-port', devices: 1 },
      { code: 'on-https-port', devices: 0 },
      { code: 'came-without-certificate', devices: 1 },
      { code: 'cannot-migrate', devices: 1 },
    ],
  })
  const { out } = await typed(api, 'devices departures', { as: 'viewer' })
  expect(out).toMatch(/^on the sync port, expected on 443 +1 +on-sync-port$/mu)
  expect(out).toMatch(/^macos-maw +the inventory only: no User-Agent of it is on record$/mu)
  expect(out).toMatch(/^ios-appconnect +the inventory only/mu)
  expect(out).toMatch(/^ios-maw +signs that were never compared with a real client$/mu)
  expect(out).toMatch(/^documents: epmm-11.5$/mu)
})

test('one device shows what is expected of it and how it departs', async () => {
  await using api = await withDepartures(EPMM)
  const { out } = await typed(api, 'devices show Mac --wide', { as: 'viewer' })
  expect(out).toMatch(
    /^expected +the documents of EPMM 11.5 expect Mobile@Work for macOS on 443 with a certificate$/mu,
  )
  expect(out).toMatch(/^departs +came-without-certificate: a client that said to be this device/mu)
  const quiet = await typed(api, 'devices show Tablet --wide')
  expect(quiet.out).toMatch(/^expected +the documents of EPMM 11.5 expect iOS MDM on 443 with/mu)
  expect(quiet.out).not.toMatch(/^departs/mu)
})

test('a saved query keeps the departure and lists the same devices', async () => {
  await using api = await withDepartures(EPMM)
  await typed(api, 'queries save stuck --departure cannot-migrate')
  const [run, named] = await Promise.all([
    typed(api, 'queries run stuck --json'),
    typed(api, 'devices list --departure cannot-migrate --json'),
  ])
  expect(run.out).toBe(named.out)
  expect((JSON.parse(run.out) as { items: readonly unknown[] }).items).toHaveLength(1)
})
