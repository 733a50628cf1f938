/**
 * What an administrator decides over the admin API, kept in a real store, and what a CA publishes: both end live
 * connections as soon as they are in force, bodies both ways included, on two real workers.
 */
import { hash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { Device } from '../../support/devices/device.ts'
import {
  servedWithStore,
  type Answer,
  type ServedWithStore,
} from '../../support/front-ends/serve-with-admin.ts'
import { inTime } from '../../support/in-time.ts'
import { crlServer } from '../../support/crl-server.ts'
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { HALF_BODY, stallingUpstream } from '../../support/upstreams/stalling-upstream.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import type { ServeProcess } from '../../support/front-ends/serve-process.ts'

const GET = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = `POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`
const ENDLESS = 'GET /device/endless HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HOUR = 3_600_000
const device = mintLeaf({ issuer: fleet.devices, name: 'the one' })

const keyOf = (leaf: Leaf): string => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki)
}

async function visiting({ port }: ServeProcess, leaf: Leaf): Promise<Device> {
  const visitor = await Device.to(port, clientTls(port, leaf))
  visitor.send(GET)
  expect((await visitor.response()).startLine).toContain('200')
  return visitor
}

/** Idle connections until both workers hold one. */
async function spread(frontEnd: ServeProcess, leaf: Leaf): Promise<readonly Device[]> {
  const idle: Device[] = []
  for (;;) {
    const next = await Promise.all(Array.from({ length: 6 }, () => visiting(frontEnd, leaf)))
    idle.push(...next)
    const ours = (line: Readonly<Record<string, unknown>>): boolean =>
      'decision' in line && JSON.stringify(line).includes(keyOf(leaf))
    const lines = await frontEnd.waitForLines(idle.length, ours)
    if (new Set(lines.map((line) => line['worker'])).size === 2) return idle
  }
}

interface Cause {
  readonly name: string
  readonly code: string
  readonly leaf?: Leaf
  readonly yaml?: Readonly<Record<string, string>>
  /** Readies what can be readied, and gives what does it. */
  readonly ready: (deployment: ServedWithStore) => Promise<() => Promise<Answer>>
}

interface Selected {
  readonly id: string
  readonly version: number
}

/** The devices that the store knows, once it knows one, as they are selected. */
async function known({ call }: ServedWithStore): Promise<readonly Selected[]> {
  const ask = async (): Promise<readonly Selected[]> => {
    const { body } = await call('GET', `/api/devices?text=${keyOf(device).slice(0, 16)}`)
    return (body as { items: readonly Selected[] }).items.map(({ id, version }) => ({
      id,
      version,
    }))
  }
  await expect.poll(ask).toHaveLength(1)
  return await ask()
}

const CAUSES: readonly Cause[] = [
  {
    name: 'blocking',
    code: 'blocked',
    async ready(deployment) {
      const devices = await known(deployment)
      return () => deployment.call('POST', '/api/devices/block', { devices })
    },
  },
  {
    name: 'distrusting its CA',
    code: 'distrusted',
    ready: ({ call }) =>
      Promise.resolve(() =>
        call('POST', '/api/enrollment-settings/Fleet/distrust', undefined, '*'),
      ),
  },
  {
    name: 'throwing the latch',
    code: 'untrusted-issuer',
    leaf: fleet.unknown,
    // The profile's word is not the file's: the store begins with recording, and its latch decides.
    yaml: { profile: ' core-10' },
    async ready({ call }) {
      const { body, etag } = await call('GET', '/api/enforcement')
      const { warnings } = body as { warnings: readonly { kind: string }[] }
      const read = warnings.map(({ kind }) => kind)
      const sent = {
        phrase: CONFIRMATION_PHRASE,
        read,
        save_authentication: true,
        save_decryption: false,
      }
      return () => call('POST', '/api/enforcement/require', sent, etag)
    },
  },
]

for (const { name, code, leaf = device, yaml = {}, ready } of CAUSES) {
  test(`${name} over the admin API ends connections and bodies both ways as soon as it is in force, on two workers`, async () => {
    const { upstream, half, left } = await stallingUpstream()
    await using _upstream = upstream
    await using deployment = await servedWithStore(upstream.port, yaml)
    const { frontEnd } = deployment
    const idle = await spread(frontEnd, leaf)
    await using uploading = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    uploading.send(POST)
    await half
    await using downloading = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    downloading.send(ENDLESS)
    while (!downloading.pending.includes('the first part')) await once(downloading.socket, 'data')
    const act = await ready(deployment)
    expect(await frontEnd.ended(code)).toBe(0)
    expect((await act()).status).toBe(200)
    await deployment.inForce()
    // Workers do what they are told in order: what the change ends is over when they are asked next.
    expect(await frontEnd.ended(code)).toBe(idle.length + 2)
    await Promise.all([...idle, uploading, downloading].map(({ ended }) => ended))
    await Promise.all([left.upload.promise, left.download.promise])
    const lines = await frontEnd.waitForLines(idle.length + 2, ({ outcome }) => outcome === 'ended')
    expect(new Set(lines.map((line) => line['code']))).toEqual(new Set([code]))
    expect(new Set(lines.map((line) => line['worker'])).size).toBe(2)
  })
}

const list = (number: number, fields: object = {}): Buffer =>
  mintCrl({
    issuer: fleet.devices,
    thisUpdate: new Date(Date.now() - 2 * HOUR + number * 1000),
    nextUpdate: new Date(Date.now() + HOUR),
    ...fields,
  })

const withList = (url: string): Readonly<Record<string, string>> => ({
  trust: `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${url}' }], refresh: 1s }`,
})

test('a list that names a device ends its connections and bodies both ways as soon as it is in force, on two workers', async () => {
  const { upstream, half, left } = await stallingUpstream()
  await using _upstream = upstream
  await using server = await crlServer(list(1))
  await using deployment = await servedWithStore(upstream.port, withList(server.url))
  const { frontEnd } = deployment
  const idle = await spread(frontEnd, device)
  await using uploading = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
  uploading.send(POST)
  await half
  server.publish(list(2, { revoked: [{ serial: serialIn(device.der) }] }))
  await frontEnd.waitForLines(2, ({ msg }) => msg === 'revocation list in force')
  expect(await frontEnd.ended('revoked')).toBe(idle.length + 1)
  await Promise.all([...idle, uploading].map(({ ended }) => ended))
  await left.upload.promise
  const lines = await frontEnd.waitForLines(idle.length + 1, ({ outcome }) => outcome === 'ended')
  expect(new Set(lines.map((line) => line['code']))).toEqual(new Set(['revoked']))
  expect(new Set(lines.map((line) => line['worker'])).size).toBe(2)
})

test('under hard-fail a list that ends while connections live ends them, bodies under way included', async () => {
  await using inside = await inTime(async (ends, stack) => {
    const { upstream, half, left } = await stallingUpstream()
    stack.use(upstream)
    const server = stack.use(await crlServer(list(1)))
    const deployment = await servedWithStore(upstream.port, withList(server.url))
    const { frontEnd } = stack.use(deployment)
    const idle = await spread(frontEnd, device)
    const uploading = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
    uploading.send(POST)
    await half
    server.publish(list(2, { nextUpdate: new Date(ends) }))
    await frontEnd.waitForLines(2, ({ msg }) => msg === 'revocation list in force')
    return { frontEnd, left, all: [...idle, uploading] }
  })
  const { frontEnd, left, all } = inside.scene
  await Promise.all(all.map(({ ended }) => ended))
  // That the first look after its end ends them: without-revalidation.test.ts.
  expect(Date.now()).toBeGreaterThanOrEqual(inside.ends)
  await left.upload.promise
  const lines = await frontEnd.waitForLines(all.length, ({ outcome }) => outcome === 'ended')
  expect(new Set(lines.map((line) => line['code']))).toEqual(new Set(['revocation-stale']))
})
