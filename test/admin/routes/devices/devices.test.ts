import { expect, test } from 'vitest'
import type { Fingerprint, Instant, KeyFingerprint } from '../../../../src/kernel/types.ts'
import { NOW, openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { hex, makeCurrent, sighting } from '../../../support/admin/sightings.ts'

const valid = sighting('1').certificate

async function ask(api: TestAdminApi, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${api.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${await api.tokenOf('operator')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return await response.json()
}

interface Listed {
  readonly items: readonly {
    readonly id: string
    readonly approval: string
    readonly awaiting: boolean
    readonly version: number
  }[]
  readonly next: string | null
}

const listOf = async (api: TestAdminApi, query = ''): Promise<Listed> =>
  (await ask(api, `/api/devices${query}`)) as Listed

async function fleet(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  await makeCurrent(api.store)
  const recorded = await api.store.sightings.record([
    sighting('1'),
    sighting('2', { authentication: 'failed', verdict: 'refuse', code: 'unapproved' }),
    sighting('3', {
      certificate:
        valid === undefined
          ? undefined
          : {
              ...valid,
              fingerprint: hex('3') as Fingerprint,
              key: hex('3') as KeyFingerprint,
              serial: '03',
              subject: 'CN=device 3',
              notAfter: (NOW - 1) as Instant,
            },
    }),
  ])
  expect(recorded.ok).toBe(true)
  return api
}

test('the charts add up to the devices there are', async () => {
  await using api = await fleet()
  const charts = await ask(api, '/api/charts')
  expect(charts).toMatchObject({
    devices: 3,
    readiness: [
      { label: 'Authentication succeeded', devices: 2 },
      { label: 'No authentication info', devices: 0 },
      { label: 'Authentication failed', devices: 1 },
      { label: 'Client agents must upgrade', devices: 0 },
    ],
    approval: { approved: 0, awaiting: 0, unapproved: 3, blocked: 0 },
  })
})

test('Approve selected takes the valid devices, says why it leaves the others, and awaits the approved', async () => {
  await using api = await fleet()
  const { items } = await listOf(api)
  const decided = (await ask(api, '/api/devices/approve', {
    devices: [...items.map(({ id, version }) => ({ id, version })), { id: 'unknown', version: 1 }],
  })) as { changed: readonly string[]; left: readonly { id: string; why: string }[] }
  expect(decided.changed).toHaveLength(2)
  expect(decided.left.map(({ why }) => why).sort()).toEqual(['no-valid-certificate', 'not-found'])
  const after = await listOf(api, '?approval=approved')
  expect(after.items.map(({ awaiting }) => awaiting)).toEqual([true, true])
})

test('a decision on an older version of a device leaves it alone', async () => {
  await using api = await fleet()
  const { items } = await listOf(api)
  const devices = items.map(({ id }) => ({ id, version: 99 }))
  expect(await ask(api, '/api/devices/block', { devices })).toMatchObject({
    changed: [],
    left: [{ why: 'stale' }, { why: 'stale' }, { why: 'stale' }],
  })
})

test.each(['approve', 'block', 'unblock', 'withdraw'])(
  'who does not say which version of a device was looked at cannot %s it',
  async (verb) => {
    await using api = await fleet()
    const { items } = await listOf(api)
    const devices = items.map(({ id }) => ({ id }))
    expect(await ask(api, `/api/devices/${verb}`, { devices })).toMatchObject({ status: 422 })
    expect(await listOf(api)).toEqual({ items, next: null })
  },
)

test('a blocked device is neither approved with the others nor forgotten', async () => {
  await using api = await fleet()
  const [first] = (await listOf(api)).items
  const devices = (version: number) => [{ id: first?.id ?? '', version }]
  await ask(api, '/api/devices/block', { devices: devices(1) })
  expect(await ask(api, '/api/devices/approve', { devices: devices(2) })).toMatchObject({
    left: [{ why: 'blocked' }],
  })
  const response = await fetch(`${api.url}/api/devices/${first?.id ?? ''}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${await api.tokenOf('operator')}`, 'if-match': '*' },
  })
  expect(response.status).toBe(409)
  expect(await response.json()).toMatchObject({ code: 'device-blocked' })
})

test('pages follow each other without gaps or repeats', async () => {
  await using api = await fleet()
  const seen: string[] = []
  let after = ''
  do {
    const { items, next } = await listOf(api, `?limit=1${after}`)
    seen.push(...items.map(({ id }) => id))
    after = next === null ? '' : `&after=${next}`
  } while (after !== '')
  expect(new Set(seen).size).toBe(3)
  expect(seen).toHaveLength(3)
})

const FAULTY: readonly [string, string][] = [
  ['a state that is none', '?authentication=perhaps'],
  ['a limit beyond what a page holds', '?limit=1001'],
  ['a time without a zone', '?seen_since=2026-11-22T00:00:00'],
  ['a condition that is none', '?colour=red'],
  ['a cursor from elsewhere', '?after=bm9uc2Vuc2U'],
]

for (const [what, query] of FAULTY) {
  test(`${what} is a fault, not an empty list`, async () => {
    await using api = await openAdminApi()
    expect(await ask(api, `/api/devices${query}`)).toMatchObject({ status: 400 })
  })
}

test('a key is denied, listed with its reason, and taken off again; each is in the audit trail', async () => {
  await using api = await openAdminApi()
  const denied = { kind: 'key', key: hex('a') }
  expect(await ask(api, '/api/deny-list', { denied, note: 'stolen' })).toMatchObject({ denied })
  expect(await ask(api, '/api/deny-list', { denied, note: 'again' })).toMatchObject({
    code: 'already-exists',
  })
  expect(await ask(api, '/api/deny-list')).toMatchObject({ items: [{ note: 'stolen' }] })
  const removed = await fetch(`${api.url}/api/deny-list/remove`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await api.tokenOf('operator')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ denied }),
  })
  expect(removed.status).toBe(204)
  const trail = (await ask(api, '/api/audit')) as { items: readonly { action: string }[] }
  const actions = trail.items.map(({ action }) => action).filter((it) => it.startsWith('deny'))
  expect(actions).toHaveLength(2)
})

const SERIALS: readonly [string, string][] = [
  ['00c3a1', 'c3a1'],
  ['0000c3', 'c3'],
  ['-00c3', '-c3'],
  ['00', '00'],
  ['c300', 'c300'],
]

for (const [sent, kept] of SERIALS) {
  test(`the serial ${sent} is denied as ${kept}, as certificates are known by, and taken off as ${sent}`, async () => {
    await using api = await openAdminApi()
    const denied = { kind: 'serial', issuer_key: hex('c'), serial: sent }
    await ask(api, '/api/deny-list', { denied, note: 'stolen' })
    expect(await ask(api, '/api/deny-list')).toMatchObject({
      items: [{ denied: { serial: kept } }],
    })
    const removed = await ask(api, '/api/deny-list/remove', { denied }).catch(() => undefined)
    expect(removed).toBeUndefined()
    expect(await ask(api, '/api/deny-list')).toEqual({ items: [] })
  })
}

test('a device is listed and shown with the subject of its last certificate, and named so in the audit trail', async () => {
  await using api = await fleet()
  const { items } = await listOf(api)
  expect(items.map((it) => (it as unknown as { subject: string }).subject).toSorted()).toEqual([
    'CN=device 1',
    'CN=device 2',
    'CN=device 3',
  ])
  const [first] = items
  if (first === undefined) throw new Error('there is none')
  const { subject } = first as unknown as { subject: string }
  expect(await ask(api, `/api/devices/${first.id}`)).toMatchObject({ device: { subject } })
  await ask(api, '/api/devices/block', { devices: [{ id: first.id, version: first.version }] })
  const response = await fetch(`${api.url}/api/audit?action=device.block`, {
    headers: { authorization: `Bearer ${await api.tokenOf('administrator')}` },
  })
  expect(await response.json()).toMatchObject({
    items: [{ subject: first.id, device_subject: subject }],
  })
})

test('an entry of the audit trail that is not about a device has no subject of one', async () => {
  await using api = await fleet()
  const response = await fetch(`${api.url}/api/audit?limit=1`, {
    headers: { authorization: `Bearer ${await api.tokenOf('administrator')}` },
  })
  expect(await response.json()).toMatchObject({ items: [{ device_subject: null }] })
})
