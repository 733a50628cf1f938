/** What a change of a CA costs is said before it is made, and asked about where a device would be refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintCa, openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { changeBetween } from '../../support/admin/change-between.ts'
import { sighting } from '../../support/admin/sightings.ts'
import { typed } from '../../support/cli/call-admin.ts'

let folder: string
const CAS = { current: mintCa({ name: 'Old CA' }), next: mintCa({ name: 'New CA' }) }

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-ca-cost-'))
  for (const [name, { pem }] of Object.entries(CAS)) writeFileSync(join(folder, name), pem)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Certificates are recorded here, so that no device is turned away yet. */
const COST =
  '2 devices verified now: admitted unnamed from then on, and refused once certificates are required'

/** Two devices of a current CA, and another CA that is staged. */
async function fleet(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  for (const name of Object.keys(CAS)) {
    const uploaded = await typed(adminApi, ['ca', 'upload', name, join(folder, name)])
    expect(uploaded).toMatchObject({ code: 0 })
  }
  expect(await typed(adminApi, 'ca promote current')).toMatchObject({ code: 0, err: '' })
  await adminApi.store.sightings.record([sighting('1'), sighting('2')])
  return adminApi
}

const standingOf = async (adminApi: TestAdminApi, name: string): Promise<unknown> => {
  const { out } = await typed(adminApi, `ca show ${name} --json`)
  return (JSON.parse(out) as { setting: unknown }).setting
}

test('a promotion that costs no device that was met is not asked about; those that were not are told by class', async () => {
  await using adminApi = await fleet()
  const { code, out, err } = await typed(adminApi, 'ca promote next')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^next is current\ncurrent is previously trusted\n/mu)
  expect(out).toMatch(
    /^a device of next that was not met before: staged \(recorded\), then verified \(/mu,
  )
  expect(out).toMatch(
    /^a device of current that was not met before, issued after it retired: verified, then issued-after-retirement \(recorded\) \(/mu,
  )
})

test('a sunset that has passed is told with the devices that it costs, and without a confirmation nothing is changed', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, 'ca promote next')
  const { code, out, err } = await typed(adminApi, 'ca amend current --sunset 2026-01-01')
  expect(code).toBe(2)
  expect(out).toMatch(/^current +verified +sunset \(recorded\) +2 +rows\/checkin, rows\/renew$/mu)
  expect(out).toContain(COST)
  expect(err).toContain(
    'this has to be confirmed, and there is no terminal to ask at: add --confirm',
  )
  expect(await standingOf(adminApi, 'current')).toMatchObject({ sunset: null })
})

test('a person who does not type yes changes nothing, exit code 1', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, 'ca promote next')
  const asked = await typed(adminApi, 'ca amend current --sunset 2026-01-01', { answers: ['no'] })
  expect(asked).toMatchObject({ code: 1 })
  expect(await standingOf(adminApi, 'current')).toMatchObject({ sunset: null })
})

test('confirmed, it is done, and the setting is shown as it is then', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, 'ca promote next')
  const { code, out } = await typed(adminApi, 'ca amend current --sunset 2026-01-01 --confirm')
  expect(code).toBe(0)
  expect(out).toMatch(/^sunset +2026-01-01 00:00/mu)
})

test('with a promotion that retires a CA at once, the devices under it are told before', async () => {
  await using adminApi = await fleet()
  const { code, out } = await typed(adminApi, 'ca promote next --sunset 2026-01-01')
  expect(code).toBe(2)
  expect(out).toMatch(/^current +verified +sunset \(recorded\) +2 +rows\/checkin, rows\/renew$/mu)
  expect(await standingOf(adminApi, 'current')).toMatchObject({ standing: 'current' })
})

test('what is admitted again by a promotion back is told, and not asked about', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, 'ca promote next --sunset 2026-01-01 --confirm')
  const { code, out } = await typed(adminApi, 'ca promote current')
  expect(code).toBe(0)
  expect(out).toMatch(/^current +sunset \(recorded\) +verified +2 +rows\/checkin, rows\/renew$/mu)
  expect(out).toMatch(/^current is current$/mu)
})

test('a change while the cost is thought over makes the confirmed one stale, and nothing more is changed', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, 'ca promote next')
  const { enrollment } = adminApi.store
  const by = { who: 'other', from: 'test' }
  let changed = 0
  const change = async (): Promise<void> => {
    const done = await enrollment.amend(by, 'current', {
      expected: 'any',
      retirement: { cutOff: 'known-devices' },
    })
    if (done.ok) changed += 1
  }
  await using faster = await changeBetween(adminApi, change, (_, path) => path.endsWith('/preview'))
  const line = `ca amend current --sunset 2026-01-01 --confirm --url ${faster.url}`
  const { code, err } = await typed(adminApi, line)
  expect({ code, changed }).toEqual({ code: 1, changed: 1 })
  expect(err).toContain('(stale)')
  expect(await standingOf(adminApi, 'current')).toMatchObject({ sunset: null })
})

test('a choice of the approval model while its cost is thought over makes the confirmed one stale', async () => {
  await using adminApi = await fleet()
  let changed = 0
  const change = async (): Promise<void> => {
    const other = await typed(adminApi, 'approval use off --confirm')
    if (other.code === 0) changed += 1
  }
  await using faster = await changeBetween(adminApi, change, (_, path) => path.endsWith('/preview'))
  const line = `approval use manual --confirm --url ${faster.url}`
  const { code, err } = await typed(adminApi, line)
  expect({ code, changed }).toEqual({ code: 1, changed: 1 })
  expect(err).toContain('(stale)')
  const { out } = await typed(adminApi, 'approval status')
  expect(out).toMatch(/^approval model +off$/mu)
})

test('with --json the answer stands alone, and the cost is told beside it', async () => {
  await using adminApi = await fleet()
  const line = 'ca promote next --sunset 2026-01-01 --confirm --json'
  const { code, out, err } = await typed(adminApi, line)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ current: { name: 'next' } })
  expect(err).toContain(COST)
})
