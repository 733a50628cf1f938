/** Test and Scan over the admin API: with whose settings, and what is answered when there is no call. */
import { expect, test } from 'vitest'
import type { UpstreamCall, UpstreamCallFailure } from '../../src/admin/front-end.ts'
import { fail, ok } from '../../src/kernel/types.ts'
import { call, type Answer } from './calling.ts'
import { openOffice, type OpenOffice } from './office.ts'

const PAGE = '/api/upstreams/core/tls'
const NO_SNI = { kind: 'set-sni', sni: 'off' }
const YES = [{ kind: 'apply' }, { kind: 'confirm' }]

const press = (office: OpenOffice, buttons: readonly object[]): Promise<Answer> =>
  call(office, 'POST', PAGE, { body: { press: buttons }, match: '*' })
const run = (office: OpenOffice, body: object, verb = 'test'): Promise<Answer> =>
  call(office, 'POST', `/api/upstreams/core/${verb}`, { body, as: 'operator' })

/** An office whose front end notes what it is asked. */
async function noting() {
  const asked: UpstreamCall[] = []
  const note = (ask: UpstreamCall) => {
    asked.push(ask)
    return Promise.resolve(ok([]))
  }
  const office = await openOffice({ serving: { testUpstream: note, scanUpstream: note } })
  return { asked, office }
}

for (const verb of ['test', 'scan']) {
  test(`a ${verb} takes the draft where it says something else, and says which it took`, async () => {
    const { asked, office } = await noting()
    await using _office = office
    expect(await run(office, {}, verb)).toMatchObject({
      body: { settings: 'applied', reports: [] },
    })
    await press(office, [NO_SNI])
    expect(await run(office, {}, verb)).toMatchObject({ body: { settings: 'draft' } })
    expect(await run(office, { settings: 'applied' }, verb)).toMatchObject({
      body: { settings: 'applied' },
    })
    await press(office, YES)
    expect(await run(office, { server: 'a:1' }, verb)).toMatchObject({
      body: { settings: 'applied' },
    })
    expect(await run(office, { settings: 'draft' }, verb)).toMatchObject({
      body: { settings: 'draft' },
    })
    const without = { verification: { sni: { kind: 'off' } } }
    expect(asked).toMatchObject([
      { upstream: 'core', server: undefined, used: undefined },
      { used: without },
      { used: undefined },
      { server: 'a:1', used: undefined },
      { used: without },
    ])
  })
}

test('items moved under Use Default are no draft', async () => {
  const { asked, office } = await noting()
  await using _office = office
  await press(office, [{ kind: 'deselect', column: 'protocols', names: ['TLSv1.3'] }])
  expect(await run(office, {})).toMatchObject({ body: { settings: 'applied' } })
  expect(asked).toMatchObject([{ used: undefined }])
})

test('a draft that cannot be applied cannot be tested, for the same reasons', async () => {
  const { asked, office } = await noting()
  await using _office = office
  await press(office, [{ kind: 'set-strict', enabled: false }])
  expect(await run(office, {})).toMatchObject({
    status: 409,
    body: { code: 'strict-off-unsigned' },
  })
  expect(asked).toEqual([])
})

const NOT_CALLED: readonly (readonly [UpstreamCallFailure, number, string])[] = [
  [{ kind: 'unknown' }, 404, 'not-found'],
  [{ kind: 'without-tls' }, 404, 'not-found'],
  [{ kind: 'under-way' }, 409, 'call-under-way'],
  [{ kind: 'unusable', faults: [{ at: 'a', message: 'b' }] }, 422, 'data-faulty'],
]

for (const [why, status, code] of NOT_CALLED) {
  test(`what is not called because it is ${why.kind} is answered ${status}`, async () => {
    await using office = await openOffice({
      serving: { testUpstream: () => Promise.resolve(fail(why)) },
    })
    expect(await run(office, {})).toMatchObject({ status, body: { code } })
  })
}

test('an upstream without TLS has no draft, and can be called', async () => {
  const asked: UpstreamCall[] = []
  await using office = await openOffice({
    serving: {
      upstreams: () => [{ name: 'core', servers: [], tls: undefined }],
      testUpstream: (ask) => {
        asked.push(ask)
        return Promise.resolve(ok([]))
      },
    },
  })
  expect(await run(office, {})).toMatchObject({ body: { settings: 'applied' } })
  expect(await run(office, { settings: 'draft' })).toMatchObject({ status: 404 })
  expect(asked).toHaveLength(1)
})

for (const [what, body] of [
  ['settings of nobody', { settings: 'mine' }],
  ['a key that nobody reads', { strict: false }],
  ['a server of another kind', { server: 7 }],
] as const) {
  test(`${what} are turned down before anybody is called`, async () => {
    const { asked, office } = await noting()
    await using _office = office
    expect(await run(office, body)).toMatchObject({ status: 422 })
    expect(asked).toEqual([])
  })
}

test('whoever may only look calls nobody', async () => {
  const { asked, office } = await noting()
  await using _office = office
  for (const verb of ['test', 'scan']) {
    const path = `/api/upstreams/core/${verb}`
    expect(await call(office, 'POST', path, { body: {}, as: 'viewer' })).toMatchObject({
      status: 403,
    })
  }
  expect(asked).toEqual([])
})
