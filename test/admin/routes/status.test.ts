import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from '../../../src/store/store.ts'
import { until } from '../../support/until.ts'
import { call } from '../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { sighting } from '../../support/admin/sightings.ts'

test('the status says how the store is and what the configuration file has locked', async () => {
  await using api = await openAdminApi({
    frontEnd: {
      locked: () => ['approval.model'],
      snapshot: () => ({ revision: 0, builtAt: 0 as never }),
    },
  })
  const { body } = await call(api, 'GET', '/api/status', { as: 'viewer' })
  expect(body).toMatchObject({
    store: { id: api.store.id, trouble: null },
    snapshot: { revision: 0 },
    locked: ['approval.model'],
  })
  const { snapshot, store } = body as { snapshot: { behind: number }; store: { revision: number } }
  expect(snapshot.behind).toBe(store.revision)
})

test('an export is whole, and imports elsewhere', async () => {
  await using api = await openAdminApi()
  await api.store.sightings.record([sighting('1')])
  const { status, body } = await call(api, 'GET', '/api/export')
  const lines = String(body).trimEnd().split('\n')
  expect(status).toBe(200)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ end: true, rows: lines.length - 2 })
  await using other = await openAdminApi()
  const taken = await other.store.transfer.import({ who: 'test', from: 'test' }, each(lines))
  expect(taken.ok).toBe(true)
  expect(await other.store.devices.count({}, [])).toEqual({ ok: true, value: 1 })
})

test('a backup is a store that opens', async () => {
  await using api = await openAdminApi()
  await api.store.sightings.record([sighting('1')])
  const response = await fetch(`${api.url}/api/backup`, {
    headers: { authorization: `Bearer ${await api.tokenOf('administrator')}` },
  })
  expect(response.status).toBe(200)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-restored-'))
  try {
    const path = join(folder, 'store.db')
    writeFileSync(path, Buffer.from(await response.arrayBuffer()))
    const { clock } = api
    const now = () => clock.at as never
    const ring = { keys: new Map() }
    const opened = await openStore(
      { kind: 'sqlite', path },
      { clock: { now }, ring, initialSettings: undefined },
    )
    if (!opened.ok) throw new Error(opened.failure.kind)
    expect(await opened.value.devices.count({}, [])).toEqual({ ok: true, value: 1 })
    await opened.value.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a client that hangs up before its backup is made keeps no other from one', async () => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('administrator')
  const { hostname, port } = new URL(api.url)
  const client = connect(Number(port), hostname)
  client.end(
    `GET /api/backup HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  await once(client.resume(), 'close')
  const headers = { authorization: `Bearer ${token}` }
  const asked = async () => {
    const response = await fetch(`${api.url}/api/backup`, { headers })
    await response.arrayBuffer()
    return response.status
  }
  expect(await until(asked, (status) => status !== 409)).toBe(200)
})

const askForBackup = async (api: TestAdminApi, token: string) => {
  const response = await fetch(`${api.url}/api/backup`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
}
const beside = (api: TestAdminApi): readonly string[] =>
  readdirSync(dirname(api.store.where)).filter((name) => name.includes('.sending'))

test('there is one backup at a time, and one whose client takes nothing and goes makes room for the next', async () => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('administrator')
  // More than the sockets between hold.
  const other = new DatabaseSync(api.store.where)
  other.exec('create table filler as select zeroblob(16000000) as octets')
  other.close()
  const { hostname, port } = new URL(api.url)
  const client = connect(Number(port), hostname)
  client.write(
    `GET /api/backup HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  await once(client, 'readable')
  const refused = await askForBackup(api, token)
  expect(refused.status).toBe(409)
  expect(refused.body.toString()).toContain('backup-under-way')
  expect(beside(api)).toEqual([])
  client.destroy()
  const taken = await until(
    () => askForBackup(api, token),
    ({ status }) => status !== 409,
  )
  expect(taken.status).toBe(200)
  expect(taken.body.length).toBeGreaterThan(16_000_000)
  expect(beside(api)).toEqual([])
})

test('where no folder takes the copy each is named with why, and the next call is not kept from trying', async () => {
  // SQLite finds room for its companions, and nothing longer has a name there.
  await using api = await openAdminApi({ storeName: 's'.repeat(245) })
  const token = await api.tokenOf('administrator')
  for (let turn = 0; turn < 2; turn += 1) {
    const { status, body } = await askForBackup(api, token)
    expect(status).toBe(507)
    const { code, detail } = JSON.parse(body.toString()) as { code: string; detail: string }
    expect(code).toBe('backup-unwritable')
    for (const folder of [dirname(api.store.where), tmpdir()])
      expect(detail).toContain(`${folder}: ENAMETOOLONG`)
  }
  expect(api.bugs).toEqual([])
})

test('a program that may write beside its store alone makes its copy there, and takes away what a killed one left', async () => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('administrator')
  const [left, underWay] = ['left', 'mine'].map((name) => `${api.store.where}.sending-${name}`)
  mkdirSync(left ?? '')
  writeFileSync(join(left ?? '', 'copy'), 'half')
  utimesSync(left ?? '', 1, 1)
  mkdirSync(underWay ?? '')
  vi.stubEnv('TMPDIR', '/proc/none')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await askForBackup(api, token)).toMatchObject({ status: 200 })
  expect(beside(api)).toEqual(['store.db.sending-mine'])
})

for (const path of ['/api/export', '/api/backup']) {
  test(`only an administrator takes ${path} away`, async () => {
    await using api = await openAdminApi()
    expect(await call(api, 'GET', path, { as: 'operator' })).toMatchObject({ status: 403 })
  })
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve()
  yield* lines
}
