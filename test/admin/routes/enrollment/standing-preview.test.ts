import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../../../src/kernel/types.ts'
import type { Sighting } from '../../../../src/fleet/sighting.ts'
import { parseCertificate } from '../../../../src/x509/certificate.ts'
import { call, type Answer } from '../../../support/admin/call.ts'
import { mintCa, NOW, openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { DAY_MS, hex, sighting } from '../../../support/admin/sightings.ts'

const BY = { who: 'test', from: 'test' }
const old = mintCa({ name: 'Old CA' })
const fresh = mintCa({ name: 'New CA' })

/** A device under a CA, issued so many days before now. */
function issued(digit: string, setting: 'new' | 'old', daysAgo: number): Sighting {
  const parsed = parseCertificate((setting === 'old' ? old : fresh).der)
  const seen = sighting(digit)
  if (!parsed.ok || seen.certificate === undefined)
    throw new Error('the test mints what we cannot read')
  const certificate = {
    ...seen.certificate,
    fingerprint: hex(digit) as Fingerprint,
    key: hex(digit) as KeyFingerprint,
    issuerKey: parsed.value.publicKey.fingerprint,
    notBefore: (NOW - daysAgo * DAY_MS) as Instant,
    setting,
  }
  return { ...seen, certificate }
}

/** Two devices under the current CA, one under the staged one, one blocked. */
async function fleet(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  const { enrollment, sightings, devices, approvals } = api.store
  await enrollment.stage(BY, { name: 'old', source: 'local', chain: [old.der] })
  const retiring = { cutOff: 'not-before', sunset: undefined } as const
  await enrollment.promote(BY, 'old', { expected: 'any', retiring })
  await enrollment.stage(BY, { name: 'new', source: 'scep', chain: [fresh.der] })
  await sightings.record([
    issued('1', 'old', 30),
    issued('2', 'old', -2),
    issued('3', 'new', 1),
    issued('4', 'old', 30),
  ])
  const listed = await devices.list({
    filter: { text: hex('4') },
    order: 'last-seen',
    limit: 10,
    minimums: [],
  })
  const id = listed.ok ? (listed.value.items[0]?.id ?? '') : ''
  await approvals.block(BY, [{ id }])
  return api
}

const preview = (api: TestAdminApi, name: string, body: object): Promise<Answer> =>
  call(api, 'POST', `/api/enrollment-settings/${name}/preview`, { body, as: 'viewer' })

test('a promotion is foretold: who is admitted from then on, and who is not any more', async () => {
  await using api = await fleet()
  const after = new Date(NOW + 10 * DAY_MS).toISOString()
  expect(await preview(api, 'new', { change: 'promote', at: after })).toMatchObject({
    body: {
      judged: 4,
      complete: true,
      changes: expect.arrayContaining([
        expect.objectContaining({
          setting: 'old',
          from: 'verified',
          to: 'issued-after-retirement',
          devices: 1,
        }),
        expect.objectContaining({ setting: 'new', from: 'staged', to: 'verified', devices: 1 }),
      ]),
      items: expect.arrayContaining([
        expect.objectContaining({ subject: 'CN=device 2' }),
        expect.objectContaining({ subject: 'CN=device 3' }),
      ]),
    },
  })
})

test('a sunset is foretold for the moment that is asked about, and not before', async () => {
  await using api = await fleet()
  const sunset = new Date(NOW + DAY_MS).toISOString()
  const change = { change: 'promote', sunset }
  const early = await preview(api, 'new', change)
  const late = await preview(api, 'new', { ...change, at: sunset })
  const told = ({ body }: Answer): readonly unknown[] =>
    (body as { changes: readonly unknown[] }).changes
  expect(told(early)).not.toContainEqual(expect.objectContaining({ to: 'sunset' }))
  expect(told(late)).toContainEqual(expect.objectContaining({ setting: 'old', to: 'sunset' }))
})

test('an amendment to known devices foretells whom the amended cut-off refuses', async () => {
  await using api = await fleet()
  const { enrollment, sightings, approvals } = api.store
  const retiring = { cutOff: 'not-before', sunset: undefined } as const
  await enrollment.promote(BY, 'new', { expected: 'any', retiring })
  // Issued long ago, and never met before the CA retired.
  const late = { ...issued('5', 'old', 30), at: (NOW + DAY_MS) as Instant }
  await sightings.record([late])
  const change = { change: 'amend', cut_off: 'known-devices' }
  expect(await preview(api, 'old', change)).toMatchObject({
    body: {
      changes: [{ setting: 'old', from: 'verified', to: 'unknown-at-retirement', devices: 1 }],
      items: [{ subject: 'CN=device 5' }],
    },
  })
  const known = await approvals.knownKeys('old', NOW as Instant, { limit: 10 })
  expect(known).toMatchObject({ ok: true, value: [hex('1'), hex('2'), hex('4')] })
})

test('a removal foretells what the verdict will be, and what a device that was never met would get', async () => {
  await using api = await fleet()
  const retiring = { cutOff: 'not-before', sunset: undefined } as const
  await api.store.enrollment.promote(BY, 'new', { expected: 'any', retiring })
  expect(await preview(api, 'old', { change: 'remove' })).toMatchObject({
    body: {
      changes: expect.arrayContaining([
        expect.objectContaining({ setting: 'old', from: 'verified', to: 'untrusted-issuer' }),
      ]),
      unknown: expect.arrayContaining([
        expect.objectContaining({
          class: 'a device of old that was not met before, issued before it retired',
          from: 'verified',
          to: 'untrusted-issuer',
          rows: ['rows/checkin', 'rows/renew'],
        }),
      ]),
    },
  })
})

test('distrusting refuses everybody under the CA, and changes nothing by being asked about', async () => {
  await using api = await fleet()
  const before = await api.store.enrollment.list()
  expect(await preview(api, 'old', { change: 'distrust' })).toMatchObject({
    body: {
      changes: expect.arrayContaining([
        expect.objectContaining({ from: 'verified', to: 'distrusted', devices: 1 }),
      ]),
    },
  })
  expect(await api.store.enrollment.list()).toEqual(before)
})

test('whose key is denied in the store is refused before and after, as requests are', async () => {
  await using api = await fleet()
  const verified = async () => {
    const { body } = await preview(api, 'old', { change: 'distrust' })
    const { changes } = body as { changes: readonly { from: string; devices: number }[] }
    return changes.filter(({ from }) => from === 'verified').map(({ devices }) => devices)
  }
  expect(await verified()).toEqual([1])
  const key = hex('1') as KeyFingerprint
  expect((await api.store.denials.add(BY, { kind: 'key', key }, 'lost')).ok).toBe(true)
  // It is refused already: the change takes nothing from it.
  expect(await verified()).toEqual([])
})

const REFUSED: readonly [string, string, object, number, string][] = [
  ['a setting that is none', 'other', { change: 'remove' }, 404, 'not-found'],
  ['the promotion of what is current', 'old', { change: 'promote' }, 409, 'standing-refused'],
  ['the removal of what is current', 'old', { change: 'remove' }, 409, 'standing-refused'],
  ['an amendment of what is staged', 'new', { change: 'amend' }, 409, 'standing-refused'],
  ['a change that is none', 'new', { change: 'forget' }, 422, 'data-faulty'],
  ['a sunset that is no time', 'new', { change: 'promote', sunset: 'soon' }, 422, 'data-faulty'],
  ...['2026-13-01T00:00:00Z', '2026-11-31T00:00:00Z', '2026-12-01T23:59:60Z'].map(
    (sunset): (typeof REFUSED)[number] => [
      `a sunset at ${sunset}`,
      'new',
      { change: 'promote', sunset },
      422,
      'data-faulty',
    ],
  ),
]

for (const [what, name, body, status, code] of REFUSED) {
  test(`${what} is not foretold`, async () => {
    await using api = await fleet()
    expect(await preview(api, name, body)).toMatchObject({ status, body: { code } })
  })
}
