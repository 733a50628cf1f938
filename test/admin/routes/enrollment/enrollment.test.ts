import { expect, test } from 'vitest'
import type { Instant } from '../../../../src/kernel/types.ts'
import {
  parseCaUpload,
  type UploadRules,
} from '../../../../src/admin/routes/enrollment/ca-upload.ts'
import { parseCertificate } from '../../../../src/x509/certificate.ts'
import {
  mintCa,
  mintLeaf,
  NOW,
  openAdminApi,
  type TestAdminApi,
} from '../../../support/admin/admin-api.ts'
import { DAY_MS, sighting } from '../../../support/admin/sightings.ts'

const old = mintCa({ name: 'Old CA' })
const fresh = mintCa({ name: 'New CA' })
const issuing = mintCa({ name: 'New Issuing CA', issuer: fresh })
const measure: UploadRules = {
  trust: { profile: 'private', limits: {} },
  now: NOW as Instant,
  known: [],
}

const TAKEN: readonly [string, string, number][] = [
  ['one certificate in PEM', fresh.pem, 1],
  ['a chain in PEM, with words around it', `Our CA:\n${issuing.pem}\n${fresh.pem}`, 2],
  ['a certificate in DER', fresh.der.toString('base64'), 1],
  ['base64 in lines', fresh.der.toString('base64').replaceAll(/(.{64})/gu, '$1\r\n'), 1],
]

for (const [what, chain, certificates] of TAKEN) {
  test(`${what} is taken`, () => {
    const read = parseCaUpload(chain, measure)
    expect(read.ok && read.value.certificates.length).toBe(certificates)
  })
}

const ODD: readonly [string, string, string][] = [
  ['a byte order mark', `\uFEFF${fresh.pem}`, 'byte-order-mark'],
  ['an old label', fresh.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), 'old-label'],
  [
    'white space behind DER',
    Buffer.concat([fresh.der, Buffer.from('\n')]).toString('base64'),
    'trailing-white-space',
  ],
]

for (const [what, chain, finding] of ODD) {
  test(`${what} is a finding in profile private, and refused in strict`, () => {
    const read = parseCaUpload(chain, measure)
    expect(read).toMatchObject({ ok: true, value: { findings: [finding] } })
    const strict = parseCaUpload(chain, { ...measure, trust: { profile: 'strict', limits: {} } })
    expect(strict).toMatchObject({
      ok: false,
      failure: [{ message: expect.stringContaining('profile strict does not take it') }],
    })
  })
}

const leaf = mintLeaf({ issuer: old, name: 'device' })
const weak = mintCa({ name: 'Weak', keyType: 'rsa1024' })

const REFUSED: readonly [string, string, RegExp][] = [
  ['nothing', ' ', /neither PEM nor base64/u],
  ['prose', 'please trust us', /neither PEM nor base64/u],
  ['a PEM text without certificates', '-----BEGIN X-----\nAA==\n-----END X-----\n', /./u],
  ['a PEM text that ends early', fresh.pem.slice(0, 200), /./u],
  [
    'base64 of something else',
    Buffer.from('hello').toString('base64'),
    /cannot be read|no certificate/u,
  ],
  ["a device's certificate", leaf.pem, /cannot be a trust anchor/u],
  ['a CA with a weak key', weak.pem, /weaker/u],
]

for (const [what, chain, message] of REFUSED) {
  test(`${what} is refused, and why is said`, () => {
    const read = parseCaUpload(chain, measure)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.failure.map((fault) => fault.message).join()).toMatch(message)
  })
}

test('a CA that the limits of the configuration refuse is refused at its upload', () => {
  const usual = mintCa({ name: 'Usual', keyType: 'rsa2048' })
  expect(parseCaUpload(usual.pem, measure).ok).toBe(true)
  const limits = { rsaBits: { minimum: 3072, maximum: 8192 } }
  const read = parseCaUpload(usual.pem, { ...measure, trust: { profile: 'private', limits } })
  expect(read).toMatchObject({
    ok: false,
    failure: [{ message: expect.stringContaining('weaker') }],
  })
})

test('all faults of an upload are said at once, each with its place', () => {
  const bad = leaf.pem + weak.pem
  const read = parseCaUpload(bad, measure)
  expect(read.ok ? [] : read.failure.map(({ at }) => at)).toEqual(
    expect.arrayContaining(['CN=device', 'CN=Weak']),
  )
})

test('a CA that is there already is not uploaded again', () => {
  const parsed = parseCertificate(fresh.der)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  const known = [{ certificate: parsed.value, setting: 'main' }]
  const read = parseCaUpload(fresh.pem, { ...measure, known })
  expect(read).toMatchObject({ ok: false, failure: [{ message: expect.stringContaining('main') }] })
})

interface Answer {
  readonly status: number
  readonly etag: string
  readonly body: unknown
}

async function post(
  api: TestAdminApi,
  path: string,
  body: unknown,
  match?: string,
): Promise<Answer> {
  const response = await fetch(`${api.url}/api/enrollment-settings${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await api.tokenOf('administrator')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(match === undefined ? {} : { 'if-match': match }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    etag: response.headers.get('etag') ?? '',
    body: await response.json(),
  }
}

const retiring = { cut_off: 'not-before', sunset: null }

async function withTwo(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  const first = await post(api, '', { name: 'old', source: 'local', chain: old.pem })
  expect(first.status).toBe(201)
  expect((await post(api, '/old/promote', retiring, first.etag)).status).toBe(200)
  expect(
    (await post(api, '', { name: 'new', source: 'scep', chain: issuing.pem + fresh.pem })).status,
  ).toBe(201)
  return api
}

test('a new CA is staged, made current, and the old one is previously trusted from then on', async () => {
  await using api = await withTwo()
  const promoted = await post(api, '/new/promote', retiring, '"1"')
  expect(promoted.body).toMatchObject({
    current: { name: 'new', standing: 'current' },
    retired: { name: 'old', standing: 'previously-trusted', cut_off: 'not-before' },
  })
})

test.each(['2026-13-01T00:00:00Z', '2026-11-31T00:00:00Z', '2026-12-01T23:59:60Z'])(
  'a CA does not retire with a sunset on %s, which would be none',
  async (sunset) => {
    await using api = await withTwo()
    const before = await api.store.enrollment.list()
    const answer = await post(api, '/new/promote', { ...retiring, sunset }, '"1"')
    expect(answer.status).toBe(422)
    expect(await api.store.enrollment.list()).toEqual(before)
  },
)

test('of two who promote at once, one is told that the other was first', async () => {
  await using api = await withTwo()
  const answers = await Promise.all([
    post(api, '/new/promote', retiring, '"1"'),
    post(api, '/new/promote', retiring, '"1"'),
  ])
  expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([200, 412])
})

test('the current setting is not removed, a previously trusted one is, and a distrusted one stays known', async () => {
  await using api = await withTwo()
  await post(api, '/new/promote', retiring, '*')
  expect(await post(api, '/new/remove', { force: true }, '*')).toMatchObject({
    status: 409,
    body: { code: 'standing-refused' },
  })
  expect((await post(api, '/old/remove', { force: false }, '*')).body).toMatchObject({
    standing: 'removed',
  })
  expect((await post(api, '/new/distrust', undefined, '*')).body).toMatchObject({
    standing: 'distrusted',
  })
})

test('a device in grace still depends on its CA, and one beyond it does not', async () => {
  await using api = await withTwo()
  const parsed = parseCertificate(old.der)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  const seen = sighting('1')
  if (seen.certificate === undefined) throw new Error('it shows a certificate')
  const ended = { ...seen.certificate, setting: 'old', notAfter: api.clock.at as Instant }
  await api.store.sightings.record([{ ...seen, certificate: ended }])
  await post(api, '/new/promote', retiring, '*')
  // The admin API of these tests grants thirty days.
  api.clock.at += 30 * DAY_MS
  expect(await post(api, '/old/remove', { force: false }, '*')).toMatchObject({
    status: 409,
    body: { code: 'setting-in-use' },
  })
  api.clock.at += 1
  expect(await post(api, '/old/remove', { force: false }, '*')).toMatchObject({ status: 200 })
})

test('a faulty chain is stored nowhere', async () => {
  await using api = await openAdminApi()
  const refused = await post(api, '', { name: 'bad', source: 'other', chain: leaf.pem })
  expect(refused).toMatchObject({ status: 422, body: { code: 'chain-faulty' } })
  expect(await api.store.enrollment.list()).toEqual({ ok: true, value: [] })
})
