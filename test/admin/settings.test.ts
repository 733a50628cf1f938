import { expect, test } from 'vitest'
import { rankOf } from '../../src/fleet/client.ts'
import { call } from './calling.ts'
import { openOffice } from './office.ts'
import { sighting } from './sighted.ts'

const MINIMUMS = '/api/settings/agent-minimums'
const MODEL = '/api/settings/approval-model'

test('a minimum version counts for the charts at once', async () => {
  await using office = await openOffice()
  await office.store.sightings.record([
    sighting('1', {
      authentication: 'failed',
      agentVersion: '9.0',
      agentRank: rankOf([9, 0]),
    }),
  ])
  const body = { minimums: [{ class: 'android-maw', version: '10.1' }] }
  expect(await call(office, 'PUT', MINIMUMS, { body, match: '"0"' })).toMatchObject({
    status: 200,
    etag: '"1"',
  })
  expect(await call(office, 'GET', MINIMUMS)).toMatchObject({
    etag: '"1"',
    body: { ...body, locked: false },
  })
  const charts = await call(office, 'GET', '/api/charts')
  expect((charts.body as { readiness: readonly unknown[] }).readiness[3]).toMatchObject({
    label: 'Client agents must upgrade',
    devices: 1,
  })
})

test('the approval model is auto until somebody chooses, and is kept', async () => {
  await using office = await openOffice()
  expect(await call(office, 'GET', MODEL)).toMatchObject({
    etag: '"0"',
    body: { model: 'auto', locked: false },
  })
  await call(office, 'PUT', MODEL, { body: { model: 'manual' }, match: '"0"' })
  expect(await call(office, 'GET', MODEL)).toMatchObject({ etag: '"1"', body: { model: 'manual' } })
})

test('what the configuration file states is shown locked, and changes nowhere else', async () => {
  await using office = await openOffice({
    serving: {
      minimums: () => [{ class: 'ios-maw', rank: 1 }],
      approvalModel: () => 'manual-external',
    },
  })
  expect(await call(office, 'GET', MINIMUMS)).toMatchObject({ body: { locked: true } })
  expect(await call(office, 'GET', MODEL)).toMatchObject({
    body: { model: 'manual-external', locked: true },
  })
  const wanted = { status: 409, body: { code: 'set-by-configuration-file' } }
  expect(await call(office, 'PUT', MODEL, { body: { model: 'off' }, match: '*' })).toMatchObject(
    wanted,
  )
  expect(await call(office, 'PUT', MINIMUMS, { body: { minimums: [] }, match: '*' })).toMatchObject(
    wanted,
  )
  expect(await office.store.documents.list()).toEqual({ ok: true, value: [] })
})

const one = { class: 'android-maw', version: '10.1' }
const FAULTY: readonly [string, string, unknown][] = [
  ['a class that is none', MINIMUMS, { minimums: [{ class: 'tv', version: '1' }] }],
  ['a version that is none', MINIMUMS, { minimums: [{ ...one, version: 'new' }] }],
  ['a class that is there twice', MINIMUMS, { minimums: [one, one] }],
  ['a model that is none', MODEL, { model: 'sometimes' }],
  ['no model', MODEL, {}],
]

for (const [what, path, body] of FAULTY) {
  test(`${what} is refused as faulty, and nothing is kept`, async () => {
    await using office = await openOffice()
    expect(await call(office, 'PUT', path, { body, match: '*' })).toMatchObject({
      status: 422,
      body: { code: 'data-faulty' },
    })
    expect(await office.store.documents.list()).toEqual({ ok: true, value: [] })
  })
}

test('a document that another version wrote is refused by name, not guessed at', async () => {
  await using office = await openOffice()
  const by = { who: 'test', from: 'test' }
  await office.store.documents.put(by, { name: 'agent-minimums', body: { tv: '1' } }, 'any')
  for (const path of [MINIMUMS, '/api/charts', '/api/devices', '/api/enforcement']) {
    expect(await call(office, 'GET', path)).toMatchObject({
      status: 503,
      body: { code: 'unknown-row' },
    })
  }
})
