import { expect, test } from 'vitest'
import { parseMinimum, versionRank, type ClientClass } from '../../../../src/fleet/client.ts'
import { PROFILES } from '../../../../src/config/reading/profiles.ts'
import type { FrontEndView } from '../../../../src/admin/front-end.ts'
import { call } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { sighting } from '../../../support/admin/sightings.ts'

const MINIMUMS = '/api/settings/agent-minimums'
const MODEL = '/api/settings/approval-model'

test('a minimum version counts for the charts at once', async () => {
  await using api = await openAdminApi()
  await api.store.sightings.record([
    sighting('1', {
      authentication: 'failed',
      agentVersion: '9.0',
      agentRank: versionRank([9, 0]),
    }),
  ])
  const body = { minimums: [{ class: 'android-maw', version: '10.1' }] }
  expect(await call(api, 'PUT', MINIMUMS, { body, match: '"0"' })).toMatchObject({
    status: 200,
    etag: '"1"',
  })
  expect(await call(api, 'GET', MINIMUMS)).toMatchObject({
    etag: '"1"',
    body: { ...body, locked: false },
  })
  const charts = await call(api, 'GET', '/api/charts')
  expect((charts.body as { readiness: readonly unknown[] }).readiness[3]).toMatchObject({
    label: 'Client agents must upgrade',
    devices: 1,
  })
})

const told = (profile: keyof typeof PROFILES, statedByFile: boolean): Partial<FrontEndView> => ({
  minimums: () => ({ versions: PROFILES[profile].minimums, statedByFile }),
})

async function failedAgent(api: TestAdminApi, name: ClientClass, version: string): Promise<void> {
  const recorded = await api.store.sightings.record([
    sighting('1', {
      class: name,
      authentication: 'failed',
      verdict: 'refuse',
      code: 'no-certificate',
      agentVersion: version,
      agentRank: versionRank(parseMinimum(version) ?? []),
    }),
  ])
  expect(recorded.ok).toBe(true)
}

const COUNTED: readonly [keyof typeof PROFILES, string, string][] = [
  ['epmm-11.5', '12.11.9', 'must-upgrade'],
  ['epmm-11.5', '12.11.10', 'failed'],
  ['core-10', '9.7.9', 'must-upgrade'],
  ['core-10', '9.8', 'failed'],
  ['generic', '1.0', 'failed'],
]

for (const [profile, version, state] of COUNTED) {
  test(`under ${profile} Mobile@Work ${version} for iOS counts as ${state} on the chart, in the list and alone`, async () => {
    await using api = await openAdminApi({ frontEnd: told(profile, false) })
    await failedAgent(api, 'ios-maw', version)
    const { readiness } = (await call(api, 'GET', '/api/charts')).body as {
      readiness: readonly { state: string; devices: number }[]
    }
    expect(readiness.filter(({ devices }) => devices > 0)).toMatchObject([{ state, devices: 1 }])
    const { items } = (await call(api, 'GET', `/api/devices?authentication=${state}`)).body as {
      items: readonly { id: string }[]
    }
    expect(items).toMatchObject([{ authentication: state }])
    expect(await call(api, 'GET', `/api/devices/${items[0]?.id ?? ''}`)).toMatchObject({
      body: {
        device: {
          authentication: state,
          authentication_cause: expect.stringContaining(
            state === 'failed' ? 'without a certificate' : `its agent is ${version}`,
          ),
        },
      },
    })
  })
}

test("the portal begins with the profile's minimums, and what it keeps replaces all of them", async () => {
  await using api = await openAdminApi({ frontEnd: told('epmm-11.5', false) })
  await failedAgent(api, 'ios-maw', '9.0')
  expect(await call(api, 'GET', MINIMUMS)).toMatchObject({
    etag: '"0"',
    body: { minimums: [{ class: 'ios-maw', version: '12.11.10' }, {}, {}, {}], locked: false },
  })
  const body = { minimums: [{ class: 'android-maw', version: '10.1' }] }
  await call(api, 'PUT', MINIMUMS, { body, match: '"0"' })
  expect(await call(api, 'GET', MINIMUMS)).toMatchObject({ body: { ...body, locked: false } })
  expect(await call(api, 'GET', '/api/devices?authentication=failed')).toMatchObject({
    body: { items: [{ authentication: 'failed' }] },
  })
})

test('what the file states beats what the portal kept before', async () => {
  await using api = await openAdminApi({ frontEnd: told('core-10', true) })
  const by = { who: 'test', from: 'test' }
  await api.store.documents.put(by, { name: 'agent-minimums', body: { 'ios-maw': '99' } }, 'any')
  await failedAgent(api, 'ios-maw', '9.8')
  expect(await call(api, 'GET', '/api/devices?authentication=must-upgrade')).toMatchObject({
    body: { items: [] },
  })
  expect(await call(api, 'GET', MINIMUMS)).toMatchObject({
    body: { minimums: [{ class: 'ios-maw', version: '9.8' }, {}, {}, {}], locked: true },
  })
})

test('the approval model is auto until an administrator chooses, and is kept', async () => {
  await using api = await openAdminApi()
  expect(await call(api, 'GET', MODEL)).toMatchObject({
    etag: '"0"',
    body: { model: 'auto', locked: false },
  })
  await call(api, 'PUT', MODEL, { body: { model: 'manual' }, match: '"0"' })
  expect(await call(api, 'GET', MODEL)).toMatchObject({ etag: '"1"', body: { model: 'manual' } })
})

test('what the configuration file states is shown locked, and changes nowhere else', async () => {
  await using api = await openAdminApi({
    frontEnd: {
      minimums: () => ({ versions: new Map([['ios-maw', [12, 1]]]), statedByFile: true }),
      approvalModel: () => 'manual-external',
    },
  })
  expect(await call(api, 'GET', MINIMUMS)).toMatchObject({
    body: { minimums: [{ class: 'ios-maw', version: '12.1' }], locked: true },
  })
  expect(await call(api, 'GET', MODEL)).toMatchObject({
    body: { model: 'manual-external', locked: true },
  })
  const wanted = { status: 409, body: { code: 'set-by-configuration-file' } }
  expect(await call(api, 'PUT', MODEL, { body: { model: 'off' }, match: '*' })).toMatchObject(
    wanted,
  )
  expect(await call(api, 'PUT', MINIMUMS, { body: { minimums: [] }, match: '*' })).toMatchObject(
    wanted,
  )
  expect(await api.store.documents.list()).toEqual({ ok: true, value: [] })
})

const one = { class: 'android-maw', version: '10.1' }
const FAULTY: readonly [string, string, unknown][] = [
  ['a class that is none', MINIMUMS, { minimums: [{ class: 'tv', version: '1' }] }],
  ['a version that is none', MINIMUMS, { minimums: [{ ...one, version: 'new' }] }],
  [
    'a version that could not be ranked',
    MINIMUMS,
    { minimums: [{ ...one, version: '1.2.3.4.5' }] },
  ],
  ['a class that is there twice', MINIMUMS, { minimums: [one, one] }],
  ['a model that is none', MODEL, { model: 'sometimes' }],
  ['no model', MODEL, {}],
]

for (const [what, path, body] of FAULTY) {
  test(`${what} is refused as faulty, and nothing is kept`, async () => {
    await using api = await openAdminApi()
    expect(await call(api, 'PUT', path, { body, match: '*' })).toMatchObject({
      status: 422,
      body: { code: 'data-faulty' },
    })
    expect(await api.store.documents.list()).toEqual({ ok: true, value: [] })
  })
}

test('a document that another version wrote is refused by name, not guessed at', async () => {
  await using api = await openAdminApi()
  const by = { who: 'test', from: 'test' }
  await api.store.documents.put(by, { name: 'agent-minimums', body: { tv: '1' } }, 'any')
  for (const path of [MINIMUMS, '/api/charts', '/api/devices', '/api/enforcement']) {
    expect(await call(api, 'GET', path)).toMatchObject({
      status: 503,
      body: { code: 'unknown-row' },
    })
  }
})

test('a model is previewed for the devices and the classes that it would keep out, and is not chosen by that', async () => {
  await using api = await openAdminApi()
  const answer = await call(api, 'POST', `${MODEL}/preview`, {
    body: { model: 'manual' },
    as: 'viewer',
  })
  expect(answer).toMatchObject({ status: 200, body: { judged: 0, refused: 0, changes: [] } })
  expect(await call(api, 'GET', MODEL)).toMatchObject({ body: { model: 'auto', version: 0 } })
})
