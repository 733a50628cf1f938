/** What is decided in the store, by another program or over the admin API, and how soon it is in force here. */
import { createPublicKey, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import type { Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { documentOf, documentName } from '../../../src/upstream-tls/document.ts'
import { initialSettings } from '../../../src/upstream-tls/draft-result.ts'
import { createAdmin } from '../../../src/cli/commands/create-admin.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { applied, drafted, FILE } from '../../upstream-tls/small-runtime.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import {
  clientTls,
  fleet,
  product,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'
import { endedIn } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import type { SettingsContext } from '../../../src/upstream-tls/settings-types.ts'

const KEY = hash(
  'sha256',
  createPublicKey(fleet.device.keyPem).export({ type: 'spki', format: 'der' }),
) as KeyFingerprint
const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const BY = { who: 'test', from: 'test' }
const STORE = { store: ' { sqlite: data/tfe.sqlite }' }

const metrics = async ({ statusPort }: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()

/** As another replica, or another program on this machine, would open it. */
async function beside({ folder }: Product): Promise<Store & AsyncDisposable> {
  const opened = await openStore(
    { kind: 'sqlite', path: join(folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

async function statusOf(frontEnd: Product): Promise<string> {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  return (await device.response()).startLine.split(' ')[1] ?? ''
}

async function frontEndWith(options: Partial<ProductOptions> = {}) {
  const upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const frontEnd = await product({
    upstreamPort: upstream.port,
    ...options,
    yaml: { ...STORE, ...options.yaml },
  })
  return { upstream, frontEnd }
}

test('a key that another program denies is refused as soon as its denial was read, and its connection ends', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
  await using store = await beside(frontEnd)
  const denied = { kind: 'key', key: KEY } as const
  expect((await store.denials.add(BY, denied, 'lost')).ok).toBe(true)
  const revision = await store.feed.revision()
  if (!revision.ok) throw new Error(revision.failure.kind)
  await expect
    .poll(() => metrics(frontEnd))
    .toMatch(new RegExp(`^tfe_store_revision ${revision.value}$`, 'mu'))
  expect(endedIn(await metrics(frontEnd), 'denied-key')).toBe(1)
  await device.ended
  // Nothing is open to it any more: the connection ends before a request.
  await expect(statusOf(frontEnd)).rejects.toThrow('connection over')
  expect((await store.denials.remove(BY, denied)).ok).toBe(true)
  await expect.poll(() => statusOf(frontEnd).catch(() => '')).toBe('200')
})

test('a CA that is distrusted in the store admits no device, whatever the file says', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('200')
  await using store = await beside(frontEnd)
  expect((await store.enrollment.distrust(BY, 'Fleet', 'any')).ok).toBe(true)
  await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
  expect(await statusOf(frontEnd)).toBe('403')
})

test('the latch of the store beats recording in the file', async () => {
  const { upstream, frontEnd } = await frontEndWith({ yaml: { enforcement: ' recording' } })
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  const stranger = async (): Promise<string> => {
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.unknown))
    device.send(REQUEST)
    return (await device.response()).startLine.split(' ')[1] ?? ''
  }
  expect(await stranger()).toBe('200')
  await using store = await beside(frontEnd)
  const keeping = { saveAuthentication: true, saveDecryption: false }
  expect((await store.enforcement.require(BY, keeping, 'any')).ok).toBe(true)
  await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
  expect(await stranger()).toBe('403')
})

test('a device that calls is in the store soon, and one that is blocked there is refused', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('200')
  await using store = await beside(frontEnd)
  const known = async (): Promise<readonly { readonly id: string }[]> => {
    const page = await store.devices.list({
      filter: {},
      minimums: [],
      order: 'first-seen',
      limit: 10,
    })
    return page.ok ? page.value.items : []
  }
  await expect.poll(async () => (await known()).length).toBe(1)
  const [device = { id: '' }] = await known()
  expect((await store.approvals.block(BY, [{ id: device.id }])).ok).toBe(true)
  await expect.poll(() => statusOf(frontEnd).catch(() => '')).toBe('')
})

test('a device that is forgotten is approved no more, although its key is the same', async () => {
  const { upstream, frontEnd } = await frontEndWith({
    yaml: { approval: ' { model: manual }' },
    rows: ['{ id: data, path: /data/*, class: device, sensitive: true }'],
  })
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  const sensitive = async (): Promise<string> => {
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send('GET /data/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return (await device.response()).startLine.split(' ')[1] ?? ''
  }
  expect(await sensitive()).toBe('403')
  await using store = await beside(frontEnd)
  const seen = async (): Promise<string> => {
    const page = await store.approvals.keys('unapproved', { limit: 10 })
    return (page.ok ? page.value.items[0]?.device : undefined) ?? ''
  }
  await expect.poll(seen).not.toBe('')
  const id = await seen()
  expect((await store.approvals.approve(BY, [{ id }], Date.now() as Instant)).ok).toBe(true)
  await expect.poll(sensitive).toBe('200')
  expect((await store.devices.forget(BY, id, 'any')).ok).toBe(true)
  await expect.poll(sensitive).toBe('403')
})

test('serving without a store is refused with the sentence that says how to make one', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const options = { upstreamPort: upstream.port, yaml: { store: ' ', metrics: ' { port: 0 }' } }
  await expect(product(options)).rejects.toThrow(/store/)
})

test('the admin API is served beside the front end, and what it changes is in force at once', async () => {
  const { upstream, frontEnd } = await frontEndWith({ yaml: { admin: ' { port: 0 }' } })
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  await using store = await beside(frontEnd)
  const path = join(frontEnd.folder, 'token')
  const credential = { kind: 'token-file', path } as const
  const made = await createAdmin(store, { name: 'alice', role: 'administrator', credential }, BY)
  expect(made.ok).toBe(true)
  const call = (method: string, at: string, body?: unknown): Promise<Response> =>
    fetch(`http://127.0.0.1:${frontEnd.adminPort}${at}`, {
      method,
      headers: {
        authorization: `Bearer ${readFileSync(path, 'utf8').trim()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const settings = await call('GET', '/api/enrollment-settings')
  expect(await settings.json()).toMatchObject({ items: [{ name: 'Fleet' }, { name: 'Old Fleet' }] })
  expect((await fetch(`http://127.0.0.1:${frontEnd.adminPort}/api/devices`)).status).toBe(401)
  const denied = { kind: 'key', key: KEY }
  expect(await statusOf(frontEnd)).toBe('200')
  expect((await call('POST', '/api/deny-list', { denied, note: 'lost' })).status).toBe(201)
  await expect.poll(() => statusOf(frontEnd).catch(() => '')).toBe('')
})

test('agent minimums of the file are locked in the admin API, and after a reload without them the portal edits those of the profile', async () => {
  const admin = ' { port: 0 }'
  const { upstream, frontEnd } = await frontEndWith({
    yaml: { admin, fleet: ' { minimums: { ios-maw: "13.0" } }' },
  })
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  await using store = await beside(frontEnd)
  const path = join(frontEnd.folder, 'token')
  const credential = { kind: 'token-file', path } as const
  await createAdmin(store, { name: 'alice', role: 'administrator', credential }, BY)
  const minimums = async (): Promise<unknown> => {
    const at = `http://127.0.0.1:${frontEnd.adminPort}/api/settings/agent-minimums`
    const authorization = `Bearer ${readFileSync(path, 'utf8').trim()}`
    return await (await fetch(at, { headers: { authorization } })).json()
  }
  expect(await minimums()).toMatchObject({
    minimums: [{ class: 'ios-maw', version: '13.0' }],
    locked: true,
  })
  const next = { upstreamPort: upstream.port, yaml: { ...STORE, admin, profile: ' core-10' } }
  expect(await frontEnd.reload(next)).toMatchObject({ kind: 'applied' })
  expect(await minimums()).toMatchObject({
    minimums: [{ class: 'ios-maw', version: '9.8' }, {}, {}, {}],
    locked: false,
  })
})

test('other settings of the store are refused on reload: it is open', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  const outcome = await frontEnd.reload({
    upstreamPort: upstream.port,
    yaml: { store: ' { sqlite: data/other.sqlite }' },
  })
  expect(outcome).toMatchObject({ kind: 'refused', faults: [{ at: 'store' }] })
})

test('a device that called stands in the store, approved by itself', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('200')
  await using store = await beside(frontEnd)
  const keys = async (): Promise<readonly KeyFingerprint[]> => {
    const page = await store.approvals.keys('approved', { limit: 10 })
    return page.ok ? page.value.items.map(({ key }) => key) : []
  }
  await expect.poll(keys).toEqual([KEY])
})

const RULES: SettingsContext = { catalogue: runtimeCatalogue(), preset: 'secure', file: FILE }
const WITHOUT_13 = drafted(
  initialSettings(RULES),
  { mode: 'custom', protocols: ['TLSv1.2'] },
  RULES,
)

const APPLIED = { name: documentName('mdm'), body: documentOf(applied(WITHOUT_13, RULES), RULES) }
const DRAFTED = { name: documentName('mdm'), body: documentOf(WITHOUT_13, RULES) }

test('upstream TLS settings that are applied are what new upstream connections use', async () => {
  const { upstream, frontEnd } = await frontEndWith()
  await using _upstream = upstream
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('200')
  expect(upstream.peers.at(-1)?.socket.getProtocol()).toBe('TLSv1.3')
  await using store = await beside(frontEnd)
  expect((await store.documents.put(BY, APPLIED, 'any')).ok).toBe(true)
  await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
  expect(await statusOf(frontEnd)).toBe('200')
  expect(upstream.peers.at(-1)?.socket.getProtocol()).toBe('TLSv1.2')
})

const WITHOUT_EFFECT: readonly [string, typeof APPLIED, readonly string[]][] = [
  ['a draft that was not applied changes no connection', DRAFTED, []],
  [
    'what the file states is not changed by the settings in the store',
    APPLIED,
    ['protocols: [TLSv1.3, TLSv1.2]'],
  ],
]

for (const [promise, document, upstreamTls] of WITHOUT_EFFECT) {
  test(promise, async () => {
    const { upstream, frontEnd } = await frontEndWith({ upstreamTls })
    await using _upstream = upstream
    await using _frontEnd = frontEnd
    await using store = await beside(frontEnd)
    expect((await store.documents.put(BY, document, 'any')).ok).toBe(true)
    // A change behind it that is seen to have arrived.
    const endpoints = { mutual: 'enabled', legacy: 'enabled' } as const
    expect((await store.oauth.set(BY, endpoints, 'any')).ok).toBe(true)
    await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
    expect(await statusOf(frontEnd)).toBe('200')
    expect(upstream.peers.at(-1)?.socket.getProtocol()).toBe('TLSv1.3')
  })
}
