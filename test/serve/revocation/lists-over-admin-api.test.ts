/** Revocation lists over the admin API of a front end that serves, with devices that call it. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer } from '../../support/crl-server.ts'
import {
  distributionPoints,
  mintCrl,
  serialIn,
  type CrlFields,
} from '../../support/certificates/mint-crl.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const BASE = '/api/enrollment-settings/Fleet/revocation'
const HOUR = 3_600_000
const at = (hours: number): Date => new Date(Date.now() - hours * HOUR)
const revoking = { revoked: [{ serial: serialIn(fleet.device.der) }] }
const list = (fields: Partial<CrlFields> = {}): string =>
  mintCrl({ issuer: fleet.devices, ...fields }).toString('base64')
const trust = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`

async function served(): Promise<ServedWithStore> {
  const upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const started = await servedWithStore(upstream.port, { trust })
  return {
    ...started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

async function answers(
  { frontEnd }: Pick<ServedWithStore, 'frontEnd'>,
  leaf: Leaf = fleet.device,
): Promise<string> {
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
  calls.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return await calls.response().then(
    () => 'served',
    () => 'refused',
  )
}

test('an uploaded list refuses what it names, an older one is refused, and a newer one takes its place', async () => {
  await using front = await served()
  const { call } = front
  expect(await answers(front)).toBe('served')
  const fifth = list({ number: 5, thisUpdate: at(2), ...revoking })
  expect(await call('POST', `${BASE}/lists`, { list: fifth }, '*')).toMatchObject({
    status: 200,
    body: { failure: 'hard-fail', lists: [{ number: 1, kind: 'upload' }] },
  })
  await front.inForce()
  expect(await answers(front)).toBe('refused')
  expect(await call('GET', BASE)).toMatchObject({
    body: { lists: [{ in_force: [{ number: '05', entries: 1 }], problem: null }], resets: 0 },
  })
  const older = list({ number: 4, thisUpdate: at(1) })
  expect(await call('POST', `${BASE}/lists`, { list: older }, '*')).toMatchObject({
    status: 422,
    body: { faults: [{ message: expect.stringContaining('crl-number-lower') as unknown }] },
  })
  const sixth = list({ number: 6, thisUpdate: at(1) })
  const replaced = await call('POST', `${BASE}/lists`, { list: sixth }, '*')
  expect(replaced).toMatchObject({ status: 200, body: { lists: [{ number: 1 }] } })
  expect((replaced.body as { lists: readonly unknown[] }).lists).toHaveLength(1)
  await front.inForce()
  expect(await answers(front)).toBe('served')
})

test('a list with a number that one without has taken the place of is shown as superseded, and needs no successor', async () => {
  await using front = await served()
  const { call } = front
  await call('POST', `${BASE}/lists`, { list: list({ number: 5, thisUpdate: at(2) }) }, '*')
  await front.inForce()
  const bare = list({ number: null, thisUpdate: at(1), ...revoking })
  await call('POST', `${BASE}/lists`, { list: bare }, '*')
  await front.inForce()
  expect(await answers(front)).toBe('refused')
  expect(await call('GET', BASE)).toMatchObject({
    body: {
      lists: [
        { in_force: [{ number: '05', superseded: true }] },
        { in_force: [{ number: null, superseded: false }] },
      ],
    },
  })
  const metrics = await front.frontEnd.fetchStatus('/metrics')
  expect(metrics).toMatch(/^tfe_crl_next_update_\S+list="2"/mu)
  expect(metrics).not.toMatch(/^tfe_crl_next_update_\S+list="1"/mu)
})

test('a list that moves to another URL does not come back older, until an administrator resets it', async () => {
  await using before = await crlServer(
    mintCrl({ issuer: fleet.devices, number: 5, thisUpdate: at(2), ...revoking }),
  )
  await using after = await crlServer(
    mintCrl({ issuer: fleet.devices, number: 4, thisUpdate: at(1) }),
  )
  await using front = await served()
  const { call } = front
  const named = { url: before.url, failure: 'soft-fail' }
  expect((await call('POST', `${BASE}/lists`, named, '*')).status).toBe(200)
  await front.inForce()
  expect(await answers(front)).toBe('refused')
  expect((await call('POST', `${BASE}/lists`, { url: after.url }, '*')).status).toBe(200)
  await front.inForce()
  expect((await call('DELETE', `${BASE}/lists/1`, undefined, '*')).status).toBe(200)
  await front.inForce()
  expect(await answers(front)).toBe('refused')
  expect((await call('POST', `${BASE}/reset`, undefined, '*')).body).toMatchObject({ resets: 1 })
  await expect.poll(() => answers(front)).toBe('served')
})

test('a setting without a list that certificates of its devices point to is a warning until it has one', async () => {
  const url = 'http://ca.example/list.crl'
  const pointing = mintLeaf({
    issuer: fleet.devices,
    name: 'pointing',
    extensions: [distributionPoints(url)],
  })
  await using front = await served()
  const { call, frontEnd } = front
  expect(await call('GET', '/api/enrollment-settings')).toMatchObject({ body: { warnings: [] } })
  expect(await answers(front, pointing)).toBe('served')
  await frontEnd.waitForLines(1, ({ msg }) => String(msg).includes(url))
  expect(await call('GET', '/api/enrollment-settings')).toMatchObject({
    body: { warnings: [expect.stringContaining(`tfe crl add Fleet ${url}`)] },
  })
  const missing = 'tfe_enrollment_setting_list_missing{'
  expect(await frontEnd.fetchStatus('/metrics')).toContain(`${missing}setting="Fleet"} 1`)
  expect((await call('POST', `${BASE}/lists`, { list: list() }, '*')).status).toBe(200)
  await front.inForce()
  expect(await call('GET', BASE)).toMatchObject({ body: { warning: null, points: [{ url }] } })
  expect(await frontEnd.fetchStatus('/metrics')).not.toContain(missing)
})

test('what is no list of the setting is refused, and nothing of it stays', async () => {
  await using front = await served()
  const { call } = front
  const foreign = mintCrl({ issuer: fleet.previous }).toString('base64')
  for (const body of [
    { list: 'aGVsbG8=' },
    { list: foreign },
    { url: 'http://a:b@ca.example/' },
    { url: 'file:///etc/passwd' },
    { file: '/etc/passwd' },
    { url: 'http://ca.example/', list: list() },
    { list: list(), failure: 'perhaps' },
    {},
  ]) {
    const answer = await call('POST', `${BASE}/lists`, body, '*')
    expect([body, answer.status]).toEqual([body, 422])
    expect(answer.body).toMatchObject({ code: 'data-faulty' })
  }
  expect(await call('GET', BASE)).toMatchObject({ body: { failure: null, lists: [] } })
  expect((await call('PATCH', BASE, { failure: 'soft-fail' }, '*')).status).toBe(409)
  expect((await call('POST', `${BASE}/lists`, { list: list() }, '"77"')).status).toBe(412)
  expect((await call('DELETE', `${BASE}/lists/1`, undefined, '*')).status).toBe(404)
  expect((await call('POST', `${BASE}/reset`, undefined, '*')).status).toBe(404)
  expect((await call('GET', '/api/enrollment-settings/none/revocation')).status).toBe(404)
})
