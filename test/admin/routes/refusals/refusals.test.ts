import { expect, test } from 'vitest'
import type { KeptRefusal } from '../../../../src/fleet/kept-refusal.ts'
import type { Instant } from '../../../../src/kernel/types.ts'
import { openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { call } from '../../../support/admin/call.ts'
import { aDeviceRefusal, aRefusal, batchOf } from '../../../support/store/refusals.ts'
import { aCertificate, aKey, aSighting, SEEN } from '../../../support/store/sightings.ts'

async function keep(api: TestAdminApi, ...refusals: readonly KeptRefusal[]): Promise<void> {
  const kept = await api.store.refusals.record(batchOf(...refusals), {
    rows: 1000,
    instance: 'one',
  })
  expect(kept.ok).toBe(true)
}

test('a reference leads to the reason, what was shown, and the command of use next', async () => {
  await using api = await openAdminApi()
  await api.store.sightings.record([aSighting(aCertificate('one'))])
  const refusal = aDeviceRefusal('aaaa-1', 'one', { code: 'blocked', signedIds: ['id-1'] })
  await keep(api, refusal, aRefusal('aaaa-2'))
  const { status, body } = await call(api, 'GET', '/api/refusals/aaaa-1')
  expect(status).toBe(200)
  const { device } = body as { readonly device: string }
  expect(body).toEqual({
    reference: 'aaaa-1',
    at: '2026-11-22T00:00:00.000Z',
    outcome: 'refused',
    code: 'blocked',
    reason: refusal.sentence,
    next_step: refusal.nextStep,
    command: `tfe devices unblock ${device}`,
    status: 403,
    listener: 'devices',
    route: 'mdm-checkin',
    route_class: 'device',
    method: 'PUT',
    path: '/mdm/checkin',
    address: '192.0.2.7',
    device,
    known_device: true,
    certificate: {
      fingerprint: refusal.certificate?.fingerprint,
      key: aKey('one'),
      subject: 'CN=one',
      issuer: 'CN=Test CA',
      serial: '0a1b',
      not_before: '2026-11-21T00:00:00.000Z',
      not_after: '2026-11-21T23:59:59.999Z',
      setting: 'first',
      issuer_key: aKey('issuer'),
      signed_ids: ['id-1'],
    },
    instance: 'one',
    snapshot: 3,
  })
  expect((await call(api, 'GET', '/api/refusals/aaaa-2')).body).toMatchObject({
    certificate: null,
    device: null,
    command: null,
    known_device: false,
  })
})

test.each<[string, Partial<KeptRefusal>, string | null]>([
  ['failed by the upstream', { outcome: 'failed', code: 'dns' }, 'tfe upstream errors'],
  ['of a distrusted CA', { code: 'distrusted' }, 'tfe ca show first'],
  ['revoked', { code: 'revoked' }, 'tfe crl show first'],
  ['of a denied key', { code: 'denied-key' }, `tfe deny remove ${aKey('one')}`],
  ['of a denied serial', { code: 'denied-serial' }, `tfe deny remove ${aKey('issuer')}:0a1b`],
  ['of a CA that is not known', { code: 'untrusted-issuer' }, 'tfe ca list'],
  [
    'of a device that is not in the store',
    { code: 'expired' },
    `tfe refusals --key ${aKey('one')}`,
  ],
  [
    'of a device that is not there any more',
    { code: 'blocked' },
    `tfe refusals --key ${aKey('one')}`,
  ],
])('the command about one %s is %s', async (_what, change, command) => {
  await using api = await openAdminApi()
  await keep(api, aDeviceRefusal('aaaa-1', 'one', change))
  expect((await call(api, 'GET', '/api/refusals/aaaa-1')).body).toMatchObject({ command })
})

test('a reference that is not there says what can be true of it, and nothing that is not', async () => {
  await using api = await openAdminApi()
  const never = await call(api, 'GET', '/api/refusals/beef-1')
  expect(never).toMatchObject({ status: 404, body: { code: 'reference-unknown' } })
  const detail = (answer: typeof never) => (answer.body as { readonly detail: string }).detail
  expect(detail(never)).toMatch(/this fleet never issued it, or it is older than the \d+ days?/u)
  expect(detail(never)).not.toContain('counted')
  const facts = { code: 'expired', first: SEEN, last: (SEEN + 1000) as Instant }
  const notKept = [
    { ...facts, known: true, owner: aKey('one'), refusals: 1 },
    { ...facts, known: false, owner: '192.0.2.7', refusals: 1234 },
    { ...facts, known: false, owner: undefined, refusals: 7 },
  ]
  await api.store.refusals.record({ refusals: [], notKept }, { rows: 1000, instance: 'one' })
  const counted = detail(await call(api, 'GET', '/api/refusals/beef-1'))
  expect(counted).toContain('1234 refusals with expired from 192.0.2.7 between 2026-11-22T00:00:00')
  expect(counted).toContain('7 refusals with expired from several addresses')
  expect(counted).toContain(`1 refusal with expired of the device with the key ${aKey('one')}`)
})

test('the beginning of several is refused with their names', async () => {
  await using api = await openAdminApi()
  await keep(api, aRefusal('aaaa-1'), aRefusal('aaaa-2', { code: 'expired' }))
  const { status, body } = await call(api, 'GET', '/api/refusals/aaaa')
  expect(status).toBe(409)
  expect(body).toMatchObject({
    code: 'reference-ambiguous',
    detail: 'aaaa begins several references, aaaa-2 (expired), aaaa-1 (no-certificate) among them',
  })
})

test.each(['aaa', 'XYZW', 'aaaa-x', 'aaaa--1', "aaaa'", 'a'.repeat(17), '%25%25%25%25'])(
  '%s is no reference, and is refused before the store is asked',
  async (text) => {
    await using api = await openAdminApi()
    const { status, body } = await call(api, 'GET', `/api/refusals/${encodeURIComponent(text)}`)
    expect([status, (body as { code: string }).code]).toEqual([400, 'data-faulty'])
  },
)

test('the list is narrowed by what was asked, in pages', async () => {
  await using api = await openAdminApi()
  await keep(
    api,
    aRefusal('aaaa-1'),
    aRefusal('bbbb-1', { at: (SEEN + 1) as Instant, address: '2001:db8::1' }),
    aDeviceRefusal('cccc-1', 'one', { at: (SEEN + 2) as Instant, outcome: 'ended' }),
  )
  const list = async (query: string) => {
    const { body } = await call(api, 'GET', `/api/refusals?${query}`)
    return body as { items: readonly { reference: string }[]; next: string | null }
  }
  const names = async (query: string) => (await list(query)).items.map((one) => one.reference)
  expect(await names('')).toEqual(['cccc-1', 'bbbb-1', 'aaaa-1'])
  expect(await names(`key=${aKey('one')}`)).toEqual(['cccc-1'])
  expect(await names('address=2001:db8::1')).toEqual(['bbbb-1'])
  expect(await names('outcome=ended')).toEqual(['cccc-1'])
  expect(await names('code=no-certificate&reference=aa')).toEqual(['aaaa-1'])
  expect(await names('since=2026-11-22T00:00:00Z&until=2026-11-22T00:00:01Z')).toHaveLength(3)
  expect(await names('until=2026-11-22T00:00:00Z')).toEqual([])
  const first = await list('limit=2')
  expect(await names(`limit=2&after=${first.next ?? ''}`)).toEqual(['aaaa-1'])
  const bad = await call(api, 'GET', '/api/refusals?key=none')
  expect(bad).toMatchObject({ status: 400, body: { code: 'data-faulty' } })
})
