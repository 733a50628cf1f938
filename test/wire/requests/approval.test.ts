/**
 * Approval over the wire (S2-13 to S2-15): what an unapproved, an approved and a blocked device meet inside and outside,
 * under each model, while certificates are recorded and once they are required; and that a promotion locks no device out.
 */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const DAY = 86_400_000
const ROWS = ['{ id: data, path: /data/*, class: device, sensitive: true }']
/** Open, renewal, device and device marked sensitive. */
const PATHS = ['/enroll/x', '/renew/x', '/device/x', '/data/x'] as const
const PASSES = [200, 200, 200, 200]
const RENEWS = [200, 200, 403, 403]
const NO_DATA = [200, 200, 200, 403]

const listener = (name: string, port: number, exposure: string): string => `
  ${name}:
    exposure: ${exposure}
    address: 127.0.0.1
    port: ${port}
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    routes: tested`

/** A listener that is marked internal, and one that is marked external. */
async function served(upstreamPort: number, enforcement: string, workers = 2) {
  const edgePort = await claimPort()
  const yaml = {
    enforcement: ` ${enforcement}`,
    listeners: listener('devices', 0, 'internal') + listener('edge', edgePort, 'external'),
  }
  const deployment = await servedWithStore(upstreamPort, yaml, { rows: ROWS, workers })
  const inside = deployment.frontEnd
  return { deployment, inside, outside: { port: edgePort } }
}

const keyOf = ({ der }: Leaf): string =>
  hash('sha256', new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))

interface Listed {
  readonly id: string
  readonly version: number
  readonly approval: string
}

async function listed({ call }: ServedWithStore, leaf: Leaf): Promise<Listed | undefined> {
  const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 16)}`)
  return (body as { readonly items: readonly Listed[] }).items[0]
}

async function decideOn(deployment: ServedWithStore, verb: string, leaf: Leaf): Promise<void> {
  await expect.poll(() => listed(deployment, leaf)).toBeDefined()
  const device = await listed(deployment, leaf)
  const devices = [{ id: device?.id, version: device?.version }]
  expect(await deployment.call('POST', `/api/devices/${verb}`, { devices })).toMatchObject({
    status: 200,
    body: { changed: [device?.id] },
  })
}

async function choose(deployment: ServedWithStore, model: string): Promise<void> {
  const at = '/api/settings/approval-model'
  const { etag } = await deployment.call('GET', at)
  expect((await deployment.call('PUT', at, { model }, etag)).status).toBe(200)
  await deployment.inForce()
}

/** One request after the other, each on a connection of its own. */
async function statuses(to: { readonly port: number }, device: Leaf): Promise<readonly number[]> {
  const found: number[] = []
  for (const path of PATHS) {
    found.push((await requestOnce(to, { version: 'TLSv1.3', device, path })).status)
  }
  return found
}

/** No row could admit it, so its connection ends before a request is read. */
async function expectTurnedAway({ port }: { readonly port: number }, device: Leaf): Promise<void> {
  await using caller = await Device.to(port, clientTls(port, device))
  await caller.ended
}

/** What an unapproved device meets: model, inside, outside. */
const EXPECTED = {
  recording: [
    ['off', PASSES, PASSES],
    ['manual', PASSES, RENEWS],
    ['manual-external', PASSES, RENEWS],
  ],
  required: [
    ['off', PASSES, PASSES],
    ['manual', NO_DATA, NO_DATA],
    ['manual-external', NO_DATA, RENEWS],
  ],
} as const

for (const [enforcement, rows] of Object.entries(EXPECTED)) {
  test(`while certificates are ${enforcement === 'required' ? 'required' : 'recorded'}, approval keeps unapproved devices out as each model says, and none but them`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const { deployment, inside, outside } = await served(upstream.port, enforcement)
    await using _deployment = deployment
    // Otherwise `auto` would approve the device that is to be unapproved.
    await choose(deployment, 'manual')
    const [fresh, approved, blocked] = ['fresh', 'approved', 'blocked'].map((name) =>
      mintLeaf({ issuer: fleet.devices, name }),
    ) as [Leaf, Leaf, Leaf]
    for (const device of [fresh, approved, blocked]) await statuses(inside, device)
    await decideOn(deployment, 'approve', approved)
    await decideOn(deployment, 'block', blocked)
    for (const [model, whenInside, whenOutside] of rows) {
      await choose(deployment, model)
      for (const [to, expected] of [
        [inside, whenInside],
        [outside, whenOutside],
      ] as const) {
        expect([model, await statuses(to, fresh)]).toEqual([model, expected])
        expect([model, await statuses(to, approved)]).toEqual([model, PASSES])
        await expectTurnedAway(to, blocked)
      }
    }
    expect((await listed(deployment, fresh))?.approval).toBe('unapproved')
    await choose(deployment, 'auto')
    for (const to of [inside, outside]) expect(await statuses(to, fresh)).toEqual(PASSES)
    await expect.poll(async () => (await listed(deployment, fresh))?.approval).toBe('approved')
    await expectTurnedAway(outside, blocked)
  })
}

test('a device that is met just before and just after auto is chosen approves itself', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  // One process, so that both sightings are of one batch.
  const { deployment, inside } = await served(upstream.port, 'required', 1)
  await using _deployment = deployment
  const device = mintLeaf({ issuer: fleet.devices, name: 'both' })
  await choose(deployment, 'off')
  expect(await statuses(inside, device)).toEqual(PASSES)
  await choose(deployment, 'auto')
  expect(await statuses(inside, device)).toEqual(PASSES)
  await expect.poll(async () => (await listed(deployment, device))?.approval).toBe('approved')
})

test('an approved device with a new key is approved at its first request, by the id that its CA signed', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const { deployment, inside } = await served(upstream.port, 'required')
  await using _deployment = deployment
  await choose(deployment, 'manual')
  const issued = (name: string): Leaf =>
    mintLeaf({ issuer: fleet.devices, name, uris: [`urn:sn:${name}`] })
  const [approved, unapproved] = [issued('approved'), issued('unapproved')]
  for (const device of [approved, unapproved]) await statuses(inside, device)
  await decideOn(deployment, 'approve', approved)
  await expect.poll(() => listed(deployment, unapproved)).toBeDefined()
  await deployment.inForce()
  // A key and a certificate that were never seen before, each for one request on a sensitive row.
  const first = async (name: string) =>
    (await requestOnce(inside, { version: 'TLSv1.3', device: issued(name), path: '/data/x' }))
      .status
  expect(await first('approved')).toBe(200)
  expect(await first('unapproved')).toBe(403)
  expect(await first('stranger')).toBe(403)
  // Once it is forgotten, its id carries nothing any more.
  await expect.poll(async () => (await listed(deployment, approved))?.approval).toBe('approved')
  const device = await listed(deployment, approved)
  const at = `/api/devices/${device?.id}`
  const { etag } = await deployment.call('GET', at)
  expect((await deployment.call('DELETE', at, undefined, etag)).status).toBe(204)
  await deployment.inForce()
  expect(await first('approved')).toBe(403)
})

const TRUST = {
  trust: `
  enrollmentSettings:
    - { name: Old, standing: current, chain: 'file:previous.pem' }
    - { name: New, standing: staged, chain: 'file:fleet.pem' }`,
}

/** Two devices of the CA that retires: one that is met before, and one that is not. */
const known = mintLeaf({ issuer: fleet.previous, name: 'known' })
const fresh = mintLeaf({ issuer: fleet.previous, name: 'fresh', notBefore: Date.now() - DAY })

async function promoted(model: string) {
  const upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const deployment = await servedWithStore(upstream.port, TRUST, { rows: ROWS })
  await choose(deployment, model)
  await statuses(deployment.frontEnd, known)
  await expect.poll(() => listed(deployment, known)).toBeDefined()
  const { etag } = await deployment.call('GET', '/api/enrollment-settings/New')
  const body = { cut_off: 'not-before', sunset: null }
  const at = '/api/enrollment-settings/New/promote'
  expect((await deployment.call('POST', at, body, etag)).status).toBe(200)
  await deployment.inForce()
  return { upstream, deployment }
}

test('under auto a promotion locks no device of the old CA out, whether it was met before or not', async () => {
  const { upstream, deployment } = await promoted('auto')
  await using _upstream = upstream
  await using _deployment = deployment
  for (const device of [known, fresh]) {
    expect(await statuses(deployment.frontEnd, device)).toEqual(PASSES)
    await expect.poll(async () => (await listed(deployment, device))?.approval).toBe('approved')
  }
  // Issued by the old CA after the promotion, however slow the machine is.
  const notBefore = Date.now() + DAY
  const late = mintLeaf({ issuer: fleet.previous, name: 'late', notBefore })
  expect(await statuses(deployment.frontEnd, late)).toEqual([200, 403, 403, 403])
  expect((await listed(deployment, late))?.approval).not.toBe('approved')
  // Control: what they are spared by is the approval that auto gave them, and which a change of model keeps.
  await choose(deployment, 'manual')
  for (const device of [known, fresh]) {
    expect(await statuses(deployment.frontEnd, device)).toEqual(PASSES)
  }
})

test('control: under manual the same promotion leaves both out of what is sensitive until they are approved', async () => {
  const { upstream, deployment } = await promoted('manual')
  await using _upstream = upstream
  await using _deployment = deployment
  for (const device of [known, fresh]) {
    expect(await statuses(deployment.frontEnd, device)).toEqual(NO_DATA)
  }
  await expect.poll(async () => (await listed(deployment, fresh))?.approval).toBe('unapproved')
  // The preview of the model that asks for nothing foretells what both meet under it, and what a new device would.
  const foretold = await deployment.call('POST', '/api/settings/approval-model/preview', {
    model: 'off',
  })
  const row = { rows: ['tested/data'], from: 'unapproved', to: 'verified', stays_admitted: true }
  expect(foretold).toMatchObject({
    status: 200,
    body: {
      refused: 0,
      changes: [{ setting: 'Old', devices: 2, ...row }],
      unknown: expect.arrayContaining([expect.objectContaining(row)]),
    },
  })
  await decideOn(deployment, 'approve', fresh)
  await deployment.inForce()
  expect(await statuses(deployment.frontEnd, fresh)).toEqual(PASSES)
})
