import { expect, test } from 'vitest'
import { versionRank } from '../../../../src/fleet/client.ts'
import { readInventoryCsv } from '../../../../src/admin/routes/devices/inventory-csv.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const CSV = '/api/inventory/csv'
const send = (api: TestAdminApi, csv: string, more: object = {}): Promise<Answer> =>
  call(api, 'POST', CSV, { body: { csv, ...more }, as: 'operator' })
const listed = async (api: TestAdminApi): Promise<number> => {
  const counted = await api.store.devices.count({ inInventory: true }, [])
  return counted.ok ? counted.value : -1
}

test('an inventory is imported once however often it is sent, and counted', async () => {
  await using api = await openAdminApi()
  const csv = 'id,name,class,agent_version,pending\nA1,Ann,ios-maw,12.11.10,yes\nB2,Bo,,,no\n'
  expect(await send(api, csv)).toMatchObject({
    status: 200,
    body: { entries: 2, added: 2, updated: 0, linked: 0 },
  })
  expect(await send(api, csv)).toMatchObject({ body: { added: 0, updated: 2 } })
  expect(await call(api, 'GET', '/api/migration')).toMatchObject({
    body: { in_inventory: 2, never_met: 2, pending_by_class: [{ class: 'ios-maw', devices: 1 }] },
  })
})

test('the same goes in as JSON', async () => {
  await using api = await openAdminApi()
  const devices = [{ id: 'A1', class: 'android-maw', agent_version: '10.1', pending: true }]
  expect(await call(api, 'POST', '/api/inventory', { body: { devices } })).toMatchObject({
    status: 200,
    body: { added: 1 },
  })
})

test('a trial only looks for faults', async () => {
  await using api = await openAdminApi()
  expect(await send(api, 'id\nA1\n', { dry_run: true })).toMatchObject({
    body: { entries: 1, added: 0, dry_run: true },
  })
  expect(await listed(api)).toBe(0)
})

test('every fault is told at once with its line, and nothing is imported', async () => {
  await using api = await openAdminApi()
  const csv = [
    'id,class,agent_version,pending',
    'A1,ios-maw,1.0,yes',
    ',ios-maw,1.0,yes',
    'A2,tv,latest,maybe',
    'A3,ios-maw',
    'A4,tv,latest,no',
    'A1,,,',
    '"A5"x,,,',
  ].join('\n')
  expect(await send(api, csv, { first_line: 100 })).toMatchObject({
    status: 422,
    body: {
      code: 'data-faulty',
      faults: [
        { at: 'line 102', message: 'found no id, wanted the one that the management server knows' },
        { at: 'line 103', message: 'found pending "maybe", wanted yes or no' },
        { at: 'line 104', message: 'found 2 cells, wanted 4' },
        { at: 'line 105' },
        { at: 'line 105' },
        { at: 'line 106', message: 'found "A1" again, it stands in line 101' },
        { at: 'line 107', message: 'cannot be read as CSV: invalid closing quote' },
        { at: 'line 107', message: 'cannot be read as CSV: quote not closed' },
      ],
    },
  })
  expect(await listed(api)).toBe(0)
})

const FAULTY: readonly [string, string, string][] = [
  ['no column id', 'name\nAnn\n', 'line 1'],
  ['an unknown column', 'id,owner\nA1,Ann\n', 'line 1'],
  ['a cell without end', 'id\n"A1\nA2\nA3\n', 'line'],
  ['control characters', 'id,name\nA1,a\u0007b\n', 'line 2'],
  ['an id that is too long', `id\n${'x'.repeat(201)}\n`, 'line 2'],
]

for (const [what, csv, at] of FAULTY) {
  test(`${what} is a fault with its line`, () => {
    const read = readInventoryCsv(csv)
    expect(read.ok ? [] : read.failure.map((fault) => fault.at)).toEqual([
      expect.stringContaining(at),
    ])
  })
}

for (const [what, sign] of [
  ['semicolons', ';'],
  ['tabs', '\t'],
] as const) {
  test(`a spreadsheet that writes ${what} is read as well, its mark of byte order included`, () => {
    const read = readInventoryCsv(`\uFEFFID${sign}Agent Version\r\nA1${sign}10.2\r\n`)
    expect(read).toMatchObject({
      ok: true,
      value: [{ id: 'A1', agentVersion: '10.2', agentRank: versionRank([10, 2]) }],
    })
  })
}

test('a quoted cell may hold whatever separates cells and lines', () => {
  const read = readInventoryCsv('id,name\nA1,"Ann, ""the"" one"\n')
  expect(read.ok && read.value[0]?.name).toBe('Ann, "the" one')
})

test('faults past those that an administrator corrects at one time are counted', async () => {
  await using api = await openAdminApi()
  const csv = `id,class\n${Array.from({ length: 300 }, (_, at) => `A${at},tv`).join('\n')}\n`
  const { body } = await send(api, csv)
  const { faults } = body as { faults: readonly { at: string; message: string }[] }
  expect(faults).toHaveLength(201)
  expect(faults.at(-1)?.message).toContain('100 more')
})

test('more devices than one call takes are refused', async () => {
  await using api = await openAdminApi()
  const devices = Array.from({ length: 10_001 }, (_, at) => ({ id: `A${at}` }))
  const answer = await call(api, 'POST', '/api/inventory', { body: { devices } })
  expect(answer).toMatchObject({ status: 422 })
})
