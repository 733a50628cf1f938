import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../../src/store/store.ts'
import { until } from '../../support/until.ts'
import { call } from '../../support/admin/call.ts'
import { openAdminApi } from '../../support/admin/admin-api.ts'
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
