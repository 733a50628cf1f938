/** What was rolled up, in the API and as small pictures on the command line. */
import { expect, test } from 'vitest'
import type { CountKind, StateKind } from '../../../../src/fleet/history.ts'
import type { Instant } from '../../../../src/kernel/types.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { call } from '../../../support/admin/call.ts'
import { typed } from '../../../support/cli/call-admin.ts'

const HOUR = 3_600_000
const HOUR_9 = Date.UTC(2026, 10, 20, 9)
const RANGE = 'from=2026-11-20T09:30:00Z&until=2026-11-20T12:00:00Z'

let batches = 0
async function put(
  { store }: TestAdminApi,
  hour: number,
  counts: Readonly<Partial<Record<CountKind, Readonly<Record<string, number>>>>>,
  states: Readonly<Partial<Record<StateKind, Readonly<Record<string, number>>>>> = {},
): Promise<void> {
  const at = (HOUR_9 + (hour - 9) * HOUR) as Instant
  const entries = <Kind extends string>(of: Readonly<Partial<Record<Kind, object>>>) =>
    Object.entries(of).flatMap(([kind, names]) =>
      Object.entries(names as Record<string, number>).map(([name, value]) => ({
        kind: kind as Kind,
        name,
        value,
      })),
    )
  batches += 1
  const batch = { writer: 'one', id: `${batches}`, at, counts: entries<CountKind>(counts) }
  const done = await store.history.record(batch, { at, states: entries<StateKind>(states) })
  expect(done.ok).toBe(true)
}

async function filled(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  const approval = { approved: 4, awaiting: 0, unapproved: 1, blocked: 0 }
  await put(api, 9, { requests: { admit: 8, refuse: 2 }, refusals: { expired: 2 } }, { approval })
  await put(
    api,
    11,
    { requests: { admit: 4, refuse: 0 } },
    { approval: { ...approval, approved: 5 } },
  )
  return api
}

test('counts and states come by hour, and what was not recorded is told from nought', async () => {
  await using api = await filled()
  const { status, body } = await call(
    api,
    'GET',
    `/api/history?kinds=requests,refusals,authentication,approval&${RANGE}`,
  )
  expect(status).toBe(200)
  const series = (kind: string, measure: string, names: Readonly<Record<string, unknown>>) =>
    Object.entries(names).map(([name, values]) => ({ kind, name, measure, values }))
  const nothing = [null, null, null]
  expect(body).toEqual({
    step: 'hour',
    times: [9, 10, 11].map((hour) => new Date(HOUR_9 + (hour - 9) * HOUR).toISOString()),
    series: [
      ...series('requests', 'count', { admit: [8, null, 4], refuse: [2, null, 0] }),
      ...series('refusals', 'count', { expired: [2, null, 0] }),
      ...series('authentication', 'count', {
        succeeded: nothing,
        'no-info': nothing,
        failed: nothing,
      }),
      ...series('approval', 'state', {
        approved: [4, null, 5],
        awaiting: [0, null, 0],
        unapproved: [1, null, 1],
        blocked: [0, null, 0],
      }),
    ],
  })
})

test('by day a count is a sum and a state the last of the whole day, wherever in it the time ends, and by default it is all kinds of the last day', async () => {
  await using api = await filled()
  const day = await call(
    api,
    'GET',
    '/api/history?kinds=requests,approval&step=day&from=2026-11-19&until=2026-11-21',
  )
  expect(day.body).toMatchObject({
    times: ['2026-11-19T00:00:00.000Z', '2026-11-20T00:00:00.000Z'],
    series: [
      { name: 'admit', values: [null, 12] },
      { name: 'refuse', values: [null, 2] },
      { name: 'approved', values: [null, 5] },
      { name: 'awaiting' },
      { name: 'unapproved' },
      { name: 'blocked' },
    ],
  })
  const query = 'kinds=requests,approval&step=day&from=2026-11-20&until=2026-11-20T10:30:00Z'
  const within = await call(api, 'GET', `/api/history?${query}`)
  expect(within.body).toMatchObject({
    times: ['2026-11-20T00:00:00.000Z'],
    series: [
      { name: 'admit', values: [12] },
      { name: 'refuse', values: [2] },
      { name: 'approved', values: [5] },
      { name: 'awaiting' },
      { name: 'unapproved' },
      { name: 'blocked' },
    ],
  })
  const usual = await call(api, 'GET', '/api/history')
  const { times, series } = usual.body as {
    readonly times: readonly string[]
    readonly series: readonly { readonly kind: string }[]
  }
  expect([24, 25]).toContain(times.length)
  expect([...new Set(series.map(({ kind }) => kind))]).toEqual([
    'requests',
    'relayed',
    'authentication',
    'readiness',
    'approval',
    'migration',
    'expiry',
  ])
})

test.each([
  [
    'kinds=requests,moods',
    /^found the text "requests,moods", wanted kinds with commas between them/u,
  ],
  ['step=week', /wanted/u],
  ['from=yesterday', /wanted/u],
  [
    'from=2026-11-21&until=2026-11-20',
    /^found 2026-11-21T00:00:00.000Z, wanted a time before until/u,
  ],
  ['from=2026-11-20&until=2026-11-20', /let it begin earlier or end later$/u],
  [
    'from=2026-10-20&until=2026-11-20T00:00:01Z',
    /^found 745 hours up to until, wanted at most 744: ask by day/u,
  ],
  [
    'step=day&from=2026-01-01&until=2026-11-20',
    /^found 323 days up to until, wanted at most 91: ask for less/u,
  ],
])('%s is refused with what was found and wanted', async (query, message) => {
  await using api = await openAdminApi()
  const { status, body } = await call(api, 'GET', `/api/history?${query}`)
  expect(status).toBe(400)
  const { faults } = body as { readonly faults: readonly { readonly message: string }[] }
  expect(faults[0]?.message).toMatch(message)
})

test('the longest time by hour is answered, and so is the longest by day', async () => {
  await using api = await openAdminApi()
  for (const query of [
    'from=2026-10-20&until=2026-11-20',
    'step=day&from=2026-08-22&until=2026-11-20T00:00:01Z',
  ]) {
    expect((await call(api, 'GET', `/api/history?kinds=requests&${query}`)).status).toBe(200)
  }
})

test('where a sign is two hours, the last and the most are those of the signs that are drawn', async () => {
  await using api = await filled()
  await put(api, 12, { requests: { admit: 6, refuse: 0 } })
  const range = '--from 2026-11-20T09:00:00Z --until 2026-11-21T09:00:00Z'
  const shown = { columns: 72 }
  const { out } = await typed(api, `history --kind requests ${range}`, { shown })
  expect(out).toContain('each sign is 2 hours')
  expect(out).toMatch(/^admit +▇█ +- +10 +18$/mu)
})

test('tfe history draws each name up to its own most, and leaves blank what was not recorded', async () => {
  await using api = await filled()
  const range = '--from 2026-11-20T09:00:00Z --until 2026-11-20T12:00:00Z'
  const { code, out } = await typed(api, `history --kind requests --kind approval ${range}`)
  expect(code).toBe(0)
  const lines = out.split('\n').map((line) => line.replaceAll(/ {2,}/gu, ' | '))
  expect(lines).toContain('REQUESTS | PICTURE | LAST | MOST | SUM')
  expect(out).toMatch(/^admit +█ ▅ +4 +8 +12$/mu)
  expect(out).toMatch(/^refuse +█ ▁ +0 +2 +2$/mu)
  expect(out).toMatch(/^approved +▇ █ +5 +5 +-$/mu)
  expect(out).toMatch(/^blocked +▁ ▁ +0 +0 +-$/mu)
  expect(out).toContain('each sign is one hour')
})
