/** Changes that a stricter word of the configuration file would leave without effect (decision 30). */
import { expect, test } from 'vitest'
import type { EnrollmentSetting } from '../../../../src/config/trust/types.ts'
import type { Instant } from '../../../../src/kernel/types.ts'
import type { FileTrust } from '../../../../src/state/file-holds.ts'
import { mintCa } from '../../../support/certificates/mint.ts'
import { openAdminApi } from '../../../support/admin/admin-api.ts'
import { call } from '../../../support/admin/call.ts'

const ca = mintCa({ name: 'Old' })
const AT = 'tfe.yaml:4:7 trust.enrollmentSettings[1]'
const BASE = '/api/enrollment-settings'

function fileOf(standing: EnrollmentSetting['standing'] | 'removed'): FileTrust {
  if (standing === 'removed') return { enrollmentSettings: [], removed: [{ at: AT, name: 'Old' }] }
  const chain = { at: AT, path: 'old.pem', bytes: Buffer.from(ca.pem) }
  const setting = { at: AT, name: 'Old', source: 'other', standing, chain, crl: undefined } as const
  return { enrollmentSettings: [setting], removed: [] }
}

const day = (text: string): Instant => Date.parse(text) as Instant
const retired = (sunset: string | undefined) =>
  ({
    kind: 'previously-trusted',
    retiredAt: day('2025-01-01'),
    cutOff: 'not-before',
    sunset: sunset === undefined ? undefined : day(sunset),
  }) as const

async function apiWith(file: FileTrust, stored: 'staged' | ReturnType<typeof retired> | undefined) {
  const api = await openAdminApi({ frontEnd: { fileTrust: () => file } })
  if (stored !== undefined) {
    const standing = stored === 'staged' ? ({ kind: 'staged' } as const) : stored
    const setting = {
      name: 'Old',
      source: 'other',
      standing,
      chain: [ca.certificate],
      revocation: undefined,
    } as const
    const seeded = await api.store.enrollment.seed({ who: 'test', from: 'test' }, [setting])
    if (!seeded.ok) throw new Error(seeded.failure.kind)
  }
  return api
}

const RETIREMENT = { cut_off: 'not-before', sunset: null }

const REFUSED = [
  ['distrusted', 'staged', 'POST', `${BASE}/Old/promote`, RETIREMENT],
  ['removed', 'staged', 'POST', `${BASE}/Old/promote`, RETIREMENT],
  ['distrusted', undefined, 'POST', BASE, { name: 'Old', source: 'other', chain: ca.pem }],
  ['removed', undefined, 'POST', BASE, { name: 'Old', source: 'other', chain: ca.pem }],
  ['distrusted', '2026-01-01', 'PATCH', `${BASE}/Old`, { cut_off: 'not-before' }],
  ['2026-01-01', '2026-01-01', 'PATCH', `${BASE}/Old`, { sunset: '2027-01-01T00:00:00Z' }],
  ['2026-01-01', '2026-01-01', 'PATCH', `${BASE}/Old`, { sunset: null }],
  ['2026-01-01', undefined, 'PATCH', `${BASE}/Old`, { sunset: null }, 'retired'],
] as const

const wordOf = (word: string) =>
  word === 'removed' || word === 'distrusted'
    ? fileOf(word === 'removed' ? word : { kind: word })
    : fileOf(retired(word))

for (const [file, stored, method, path, body, without] of REFUSED) {
  test(`${method} ${path} ${JSON.stringify(body).slice(0, 40)} has no effect where the file says ${file} and the store ${stored ?? without ?? 'nothing'}`, async () => {
    const standing =
      stored === 'staged'
        ? stored
        : stored === undefined && without === undefined
          ? undefined
          : retired(stored)
    await using api = await apiWith(wordOf(file), standing)
    const before = await api.store.enrollment.list()
    const { status, body: problem } = await call(api, method, path, { body, match: '*' })
    expect({ status, problem }).toMatchObject({
      status: 409,
      problem: { code: 'held-by-configuration-file' },
    })
    expect(JSON.stringify(problem)).toContain(AT)
    expect(await api.store.enrollment.list()).toEqual(before)
  })
}

test('what the file says as strictly as the store, or of another setting, refuses nothing', async () => {
  await using api = await apiWith(wordOf('2026-01-01'), retired('2026-01-01'))
  const earlier = { sunset: '2025-06-01T00:00:00Z' }
  const amended = await call(api, 'PATCH', `${BASE}/Old`, { body: earlier, match: '*' })
  expect(amended.status).toBe(200)
  // Another cut-off counts beside a sunset that holds.
  const cutOff = { cut_off: 'known-devices' }
  expect((await call(api, 'PATCH', `${BASE}/Old`, { body: cutOff, match: '*' })).status).toBe(200)
})

test('a setting says what is in force of it by the file, and where', async () => {
  await using api = await apiWith(wordOf('distrusted'), 'staged')
  const { body } = await call(api, 'GET', BASE)
  expect(body).toMatchObject({
    items: [{ standing: 'staged', held_by_file: { standing: 'distrusted', sunset: null, at: AT } }],
  })
  await using other = await apiWith(wordOf('2026-01-01'), retired('2027-01-01'))
  expect((await call(other, 'GET', BASE)).body).toMatchObject({
    items: [
      {
        sunset: '2027-01-01T00:00:00.000Z',
        held_by_file: { standing: 'previously-trusted', sunset: '2026-01-01T00:00:00.000Z' },
      },
    ],
  })
  await using free = await apiWith({ enrollmentSettings: [], removed: [] }, 'staged')
  expect((await call(free, 'GET', BASE)).body).toMatchObject({ items: [{ held_by_file: null }] })
})
