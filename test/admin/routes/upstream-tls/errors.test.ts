import { expect, test } from 'vitest'
import type { Instant } from '../../../../src/kernel/types.ts'
import { UpstreamErrorList } from '../../../../src/record/upstream-error-list.ts'
import type { UpstreamErrorEntry } from '../../../../src/record/upstream-errors.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { NOW, openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'

const ERROR: UpstreamErrorEntry = {
  upstream: 'core',
  server: 'core.example:443',
  during: 'request',
  code: 'tls-name-mismatch',
  detail: undefined,
  allowed: false,
  count: 3,
  first: (NOW - 2000) as Instant,
  last: (NOW - 1000) as Instant,
  sentence: 'server name mismatch, certificate issued to: [wrong.test], wanted: core.example',
  nextStep: "correct core's certificate, or disable strict TLS",
  chain: [{ subject: 'CN=wrong', issuer: 'CN=CA', not_after: 'unreadable', sha256: 'ab' }],
}
const LATER: UpstreamErrorEntry = {
  ...ERROR,
  upstream: 'gone',
  server: 'gone.example:443',
  code: 'refused',
  last: NOW as Instant,
}

async function apiWith(...errors: readonly UpstreamErrorEntry[]) {
  const upstreamErrors = new UpstreamErrorList(NOW as Instant)
  upstreamErrors.onUpstreamErrors(errors, 0)
  return { api: await openAdminApi({ frontEnd: { upstreamErrors } }), upstreamErrors }
}

const LIST = '/api/upstream-errors'
const CLEAR = '/api/upstream-errors/clear'
const until = (at: number): string => new Date(at).toISOString()

test('errors are listed latest first, with text, remedy and the chain', async () => {
  const { api } = await apiWith(ERROR, LATER)
  await using _api = api
  const { status, body } = await call(api, 'GET', LIST, { as: 'viewer' })
  expect(status).toBe(200)
  expect(body).toEqual({
    items: [
      expect.objectContaining({ upstream: 'gone', code: 'refused' }),
      {
        upstream: 'core',
        server: 'core.example:443',
        during: 'request',
        code: 'tls-name-mismatch',
        detail: null,
        allowed: false,
        count: 3,
        first: until(NOW - 2000),
        last: until(NOW - 1000),
        text: ERROR.sentence,
        next_step: ERROR.nextStep,
        chain: ERROR.chain,
      },
    ],
    since: until(NOW),
    lost: 0,
  })
})

const FILTERED: readonly [string, number, readonly string[]][] = [
  ['?upstream=core', 200, ['core']],
  // A reload has taken it out of the configuration; what happened before is still to be read.
  ['?upstream=gone', 200, ['gone']],
  ['?upstream=cor', 404, []],
  ['?server=gone.example:443', 200, ['gone']],
  ['?code=refused', 200, ['gone']],
  ['?upstream=core&code=refused', 200, []],
  ['?name=core', 400, []],
]

for (const [query, status, names] of FILTERED) {
  test(`${query} is answered with ${status} and ${names.length} entries`, async () => {
    const { api } = await apiWith(ERROR, LATER)
    await using _api = api
    const answer = await call(api, 'GET', LIST + query)
    expect(answer.status).toBe(status)
    const { items = [] } = answer.body as { items?: readonly { upstream: string }[] }
    expect(items.map(({ upstream }) => upstream)).toEqual(names)
  })
}

test('what was looked at is cleared, and the audit trail says by whom and how much', async () => {
  const { api, upstreamErrors } = await apiWith(ERROR, LATER)
  await using _api = api
  const sent = { body: { until: until(NOW - 1000) }, as: 'operator' } as const
  expect(await call(api, 'POST', CLEAR, sent)).toMatchObject({ body: { cleared: 1 } })
  expect(upstreamErrors.list().items).toEqual([LATER])
  expect(await audited(api)).toMatchObject([
    {
      who: 'operator',
      subject: 'all upstreams',
      before: { entries: 1, errors: 3, until: until(NOW - 1000) },
    },
  ])
})

test('only what is meant is cleared', async () => {
  const { api, upstreamErrors } = await apiWith(ERROR, LATER)
  await using _api = api
  const body = { upstream: 'core', code: 'tls-name-mismatch', until: until(NOW) }
  expect(await call(api, 'POST', CLEAR, { body })).toMatchObject({ body: { cleared: 1 } })
  expect(upstreamErrors.list().items).toEqual([LATER])
  expect(await audited(api)).toMatchObject([{ subject: 'core tls-name-mismatch' }])
})

const LEFT: readonly [string, object, number][] = [
  ['nothing that old', { until: until(NOW - 1001) }, 200],
  ['an upstream that is none', { upstream: 'cor', until: until(NOW) }, 404],
  ['no time', {}, 422],
  ['a time that is none', { until: 'now' }, 422],
]

for (const [what, body, status] of LEFT) {
  test(`with ${what} nothing is cleared, and nothing is written down`, async () => {
    const { api, upstreamErrors } = await apiWith(ERROR)
    await using _api = api
    expect(await call(api, 'POST', CLEAR, { body })).toMatchObject({ status })
    expect(upstreamErrors.list().items).toEqual([ERROR])
    expect(await audited(api)).toEqual([])
  })
}

test('a viewer clears nothing', async () => {
  const { api, upstreamErrors } = await apiWith(ERROR)
  await using _api = api
  const sent = { body: { until: until(NOW) }, as: 'viewer' } as const
  expect(await call(api, 'POST', CLEAR, sent)).toMatchObject({ status: 403 })
  expect(upstreamErrors.list().items).toEqual([ERROR])
})

async function audited(api: TestAdminApi): Promise<readonly unknown[]> {
  const answer: Answer = await call(api, 'GET', '/api/audit?action=upstream-errors.clear')
  return (answer.body as { items: readonly unknown[] }).items
}
