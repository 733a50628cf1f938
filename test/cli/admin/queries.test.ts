/** `tfe queries`, `tfe devices list --query`, and the charts of devices. */
import { expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { changeBetween } from '../../support/admin/change-between.ts'
import { makeCurrent, sighting } from '../../support/admin/sightings.ts'
import { typed, type Typist } from '../../support/cli/call-admin.ts'

async function withQuery(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([
    sighting('1'),
    sighting('2', { verdict: 'refuse', code: 'unapproved', authentication: 'failed' }),
    sighting('3', { migration: 'pending' }),
  ])
  const saved = await typed(adminApi, 'queries save refused --verdict refuse')
  expect(saved).toEqual({ code: 0, out: 'refused: verdict=refuse\n', err: '' })
  return adminApi
}

const devicesIn = (out: string): number =>
  (JSON.parse(out) as { readonly items: readonly unknown[] }).items.length

test('a saved query lists the same devices as its conditions, run or named', async () => {
  await using adminApi = await withQuery()
  const [run, named, conditions] = await Promise.all([
    typed(adminApi, 'queries run refused --json', { as: 'viewer' }),
    typed(adminApi, 'devices list --query refused --json'),
    typed(adminApi, 'devices list --verdict refuse --json'),
  ])
  expect(devicesIn(run.out)).toBe(1)
  expect([run.out, named.out]).toEqual([conditions.out, conditions.out])
})

test('conditions beside a saved query narrow it, and pages are those of a list', async () => {
  await using adminApi = await withQuery()
  const none = await typed(adminApi, 'devices list --query refused --approval blocked --json')
  expect(devicesIn(none.out)).toBe(0)
  await typed(adminApi, 'queries save admitted --verdict admit')
  const page = await typed(adminApi, 'queries run admitted --limit 1')
  expect(page.out).toMatch(/\nthere are more: --after \S+\n$/u)
})

test('queries are listed with their conditions, and removed by name or id', async () => {
  await using adminApi = await withQuery()
  await typed(adminApi, 'queries save waiting --approval unapproved --in-inventory false')
  const { out } = await typed(adminApi, 'queries list')
  expect(out).toMatch(/^refused +verdict=refuse +operator +administrator /mu)
  expect(out).toMatch(/^waiting +.*in-inventory=false/mu)
  expect(await typed(adminApi, 'queries remove refused')).toMatchObject({ code: 0, err: '' })
  const { out: json } = await typed(adminApi, 'queries list --json')
  const { items } = JSON.parse(json) as { items: readonly { readonly id: string }[] }
  expect(items).toHaveLength(1)
  expect(await typed(adminApi, ['queries', 'remove', items[0]?.id ?? ''])).toMatchObject({
    code: 0,
    out: 'waiting is removed\n',
  })
})

test('devices are narrowed by when they were seen, and a saved query keeps the time', async () => {
  await using adminApi = await withQuery()
  const seen = await typed(adminApi, 'devices list --seen-since 2026-01-01 --json')
  expect(devicesIn(seen.out)).toBe(3)
  const unseen = await typed(adminApi, 'devices list --not-seen-since 2026-01-01 --json')
  expect(devicesIn(unseen.out)).toBe(0)
  await typed(adminApi, 'queries save old --not-seen-since 2026-01-01 --valid-at 2026-01-01')
  expect((await typed(adminApi, 'queries list')).out).toMatch(
    /^old +not-seen-since=2026-01-01T\S+Z valid-at=2026-01-01T\S+Z /mu,
  )
  expect(devicesIn((await typed(adminApi, 'queries run old --json')).out)).toBe(0)
})

const REFUSED: readonly (readonly [string, string, number, RegExp, Typist?])[] = [
  ['a query without conditions', 'queries save all', 2, /save needs a condition/u],
  ['a name that is there', 'queries save refused --verdict admit', 1, /\(already-exists\)/u],
  ['a condition that is none', 'queries save x --verdict maybe', 2, /wanted one of admit, refuse/u],
  ['a day that is none', 'queries save x --seen-since 2026-02-30', 2, /found --seen-since/u],
  ['a class that is none', 'queries save x --class ios', 2, /wanted one of ios-maw, /u],
  ['a name that is unknown', 'queries run refuse', 1, /did you mean refused\?\nnext: see/u],
  ['an unknown name of a list', 'devices list --query other', 1, /there is refused\nnext: see/u],
  ['the removal of an unknown name', 'queries remove other', 1, /there is no saved query 'other'/u],
  ['saving as a viewer', 'queries save x --code y', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
  ['removing as a viewer', 'queries remove refused', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
]

for (const [what, line, code, says, how] of REFUSED) {
  test(`${what} is refused, exit code ${code}, and the saved query stays`, async () => {
    await using adminApi = await withQuery()
    const said = await typed(adminApi, line, how)
    expect(said).toMatchObject({ code, out: '' })
    expect(said.err).toMatch(says)
    const { out } = await typed(adminApi, 'queries list --json')
    expect(JSON.parse(out)).toMatchObject({ items: [{ query: { verdict: 'refuse' } }] })
  })
}

test('a query that another administrator was faster to remove is not there', async () => {
  await using adminApi = await withQuery()
  await using way = await changeBetween(adminApi, () => typed(adminApi, 'queries remove refused'))
  const said = await typed(adminApi, ['queries', 'remove', 'refused', '--url', way.url])
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(/\(not-found\)\nnext: /u)
})

test('charts add up to all devices, and the migration names the classes that are pending', async () => {
  await using adminApi = await withQuery()
  const charts = await typed(adminApi, 'devices charts', { as: 'viewer' })
  expect(charts.out).toMatch(/^pending +1$/mu)
  expect(charts.out).toMatch(/^devices: 3$/mu)
  const migration = await typed(adminApi, 'devices migration', { as: 'viewer' })
  expect(migration.out).toMatch(/^PENDING +DEVICES$/mu)
  expect(migration.out).toMatch(/^in the inventory +0$/mu)
  expect(JSON.parse((await typed(adminApi, 'devices migration --json')).out)).toMatchObject({
    never_met: 0,
  })
})

test('a subject names what the server replaces', async () => {
  await using adminApi = await openAdminApi()
  const said = await typed(adminApi, ['ca', 'subject', 'CN=$USERID$,OU=$RANDOM_16$'])
  expect(said.out).toBe(
    'known attributes     $RANDOM_16$\nreplaced attributes  $USERID$\neffective subject    CN=$RANDOM_32$,OU=$RANDOM_16$\n',
  )
  expect(await typed(adminApi, 'ca subject')).toMatchObject({ code: 2, out: '' })
})
