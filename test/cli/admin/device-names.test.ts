/** A device is named beside its id wherever a person reads the id. */
import { expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { makeCurrent, sighting } from '../../support/admin/sightings.ts'
import { typed } from '../../support/cli/call-admin.ts'

async function fleet(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([sighting('1'), sighting('2')])
  return adminApi
}

async function idOf(adminApi: TestAdminApi, name: string): Promise<string> {
  const { out } = await typed(adminApi, 'devices list --json')
  const { items } = JSON.parse(out) as { items: readonly { id: string; subject: string }[] }
  return items.find(({ subject }) => subject === name)?.id ?? ''
}

test('a list names each device by the subject of its last certificate', async () => {
  await using adminApi = await fleet()
  const { out } = await typed(adminApi, 'devices list')
  const id = await idOf(adminApi, 'CN=device 1')
  expect(out).toMatch(new RegExp(`^${id} +CN=device 1 +`, 'mu'))
})

test('the name in the inventory is preferred, as the one that people gave it', async () => {
  await using adminApi = await fleet()
  const entries = [{ id: 'id-1', name: 'Front desk' }]
  await adminApi.store.inventory.import({ who: 'test', from: 'test' }, entries)
  const { out } = await typed(adminApi, 'devices list')
  expect(out).toContain('Front desk')
})

test('on a terminal ids are short and the table fits; --wide shows all of it', async () => {
  await using adminApi = await fleet()
  const id = await idOf(adminApi, 'CN=device 1')
  const narrow = await typed(adminApi, 'devices list', { shown: { columns: 100 } })
  expect(narrow.out).not.toContain(id)
  expect(Math.max(...narrow.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  const [, beginning = ''] = /^(\S+) +CN=device 1 /mu.exec(narrow.out) ?? []
  expect((await typed(adminApi, ['devices', 'show', beginning])).out).toContain(id)
  const whole = await typed(adminApi, 'devices list --wide', { shown: { columns: 100 } })
  expect(whole.out).toContain(id)
})

test('decisions, the audit trail and what is forgotten name the device', async () => {
  await using adminApi = await fleet()
  const id = await idOf(adminApi, 'CN=device 1')
  const said = async (line: string): Promise<string> => (await typed(adminApi, line)).out
  expect(await said(`devices block ${id}`)).toBe(`${id} (CN=device 1) is blocked\n`)
  expect(await said('audit --action device.block')).toContain(`${id} CN=device 1\n`)
  expect(await said(`devices unblock ${id}`)).toBe(`${id} (CN=device 1) is unblocked\n`)
  expect(await said(`devices forget ${id}`)).toBe(`${id} (CN=device 1) is forgotten\n`)
})

test('times are told in the zone of the terminal, and in UTC to programs', async () => {
  await using adminApi = await fleet()
  const id = await idOf(adminApi, 'CN=device 1')
  const shown = { timeZone: 'Asia/Kolkata' }
  const { out } = await typed(adminApi, ['devices', 'show', id], { shown })
  expect(out).toMatch(/^last seen +\d{4}-\d\d-\d\d \d\d:\d\d \+05:30 \((?:\S+ )?\d\d:\d\dZ\)$/mu)
  expect((await typed(adminApi, 'devices list', { shown })).out).toMatch(/LAST SEEN \(\+05:30\)$/mu)
  const json = await typed(adminApi, 'devices list --json', { shown })
  expect(json.out).toMatch(/"last_seen": "\d{4}-\d\d-\d\dT[\d:.]+Z"/u)
})

test('a blocked device is shown with every signed id that it is blocked by, and another with none', async () => {
  await using adminApi = await fleet()
  const { certificate } = sighting('3')
  if (certificate === undefined) throw new Error('it has one')
  const signedIds = ['urn:sn:3', 'urn:uuid:ab']
  await adminApi.store.sightings.record([
    sighting('3', { certificate: { ...certificate, signedIds } }),
  ])
  await adminApi.store.inventory.import({ who: 'test', from: 'test' }, [
    { id: 'urn:sn:4', name: 'Never seen' },
  ])
  const shown = async (word: string) => (await typed(adminApi, ['devices', 'show', word])).out
  const id = await idOf(adminApi, 'CN=device 3')
  expect(await shown(id)).toMatch(/^blocked by +-$/mu)
  await typed(adminApi, ['devices', 'block', id, 'Never'])
  expect(await shown(id)).toMatch(
    /^blocked by +1 key, signed id urn:sn:3, signed id urn:uuid:ab$/mu,
  )
  expect(await shown('Never')).toMatch(/^blocked by +0 keys, signed id urn:sn:4$/mu)
  await typed(adminApi, ['devices', 'unblock', id])
  expect(await shown(id)).toMatch(/^blocked by +-$/mu)
})
