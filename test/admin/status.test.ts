import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { call } from './calling.ts'
import { openOffice } from './office.ts'
import { sighting } from './sighted.ts'

test('the status says how the store is and what the configuration file has locked', async () => {
  await using office = await openOffice({
    serving: {
      locked: () => ['approval.model'],
      snapshot: () => ({ revision: 0, builtAt: 0 as never }),
    },
  })
  const { body } = await call(office, 'GET', '/api/status', { as: 'viewer' })
  expect(body).toMatchObject({
    store: { id: office.store.id, trouble: null },
    snapshot: { revision: 0 },
    locked: ['approval.model'],
  })
  const { snapshot, store } = body as { snapshot: { behind: number }; store: { revision: number } }
  expect(snapshot.behind).toBe(store.revision)
})

test('an export is whole, and imports elsewhere', async () => {
  await using office = await openOffice()
  await office.store.sightings.record([sighting('1')])
  const { status, body } = await call(office, 'GET', '/api/export')
  const lines = String(body).trimEnd().split('\n')
  expect(status).toBe(200)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ end: true, rows: lines.length - 2 })
  await using other = await openOffice()
  const taken = await other.store.transfer.import({ who: 'test', from: 'test' }, each(lines))
  expect(taken.ok).toBe(true)
  expect(await other.store.devices.count({}, [])).toEqual({ ok: true, value: 1 })
})

test('a backup is a store that opens', async () => {
  await using office = await openOffice()
  await office.store.sightings.record([sighting('1')])
  const response = await fetch(`${office.url}/api/backup`, {
    headers: { authorization: `Bearer ${await office.tokenOf('administrator')}` },
  })
  expect(response.status).toBe(200)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-restored-'))
  try {
    const path = join(folder, 'store.db')
    writeFileSync(path, Buffer.from(await response.arrayBuffer()))
    const { clock } = office
    const now = () => clock.at as never
    const ring = { keys: new Map() }
    const opened = await openStore(
      { kind: 'sqlite', path },
      { clock: { now }, ring, beginnings: undefined },
    )
    if (!opened.ok) throw new Error(opened.failure.kind)
    expect(await opened.value.devices.count({}, [])).toEqual({ ok: true, value: 1 })
    await opened.value.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

for (const path of ['/api/export', '/api/backup']) {
  test(`nobody but an administrator takes ${path} away`, async () => {
    await using office = await openOffice()
    expect(await call(office, 'GET', path, { as: 'operator' })).toMatchObject({ status: 403 })
  })
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve()
  yield* lines
}
