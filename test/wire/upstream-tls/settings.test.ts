/**
 * The upstream TLS settings of a front end that serves: what is tested before it is applied, and what applying does to
 * connections under load of 200 requests per second. No file is written and nothing is started anew.
 */
import { hash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAdmin } from '../../../src/cli/commands/create-admin.ts'
import { openStore } from '../../../src/store/store.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import {
  ENOUGH_CONNECTIONS,
  MIN_REQUESTS,
  moreConnections,
  REQUEST,
  underLoad,
  observedUpstream,
  type ObservedConnection,
} from '../../support/devices/steady-load.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import {
  clientTls,
  fleet,
  product,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'

const otherCa = mintCa({ name: 'Next Upstream Root' })
const nextServer = mintLeaf({ issuer: otherCa, purposes: ['serverAuth'], dns: ['localhost'] })
const nextUpstream = { ...upstreamTlsOptions, key: nextServer.keyPem, cert: nextServer.chainPem }

const SERVER_SHA256 = hash('sha256', new X509Certificate(fleet.upstreamServer.pem).raw)

const trusting = (...certificates: readonly string[]) => ({
  default_store: 'off',
  custom_store: { enabled: true, certificates },
})
const OWN_CA = trusting(fleet.upstreamCa.pem)
const UNVERIFIED = { strict: false }

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const optionsOf = (port: number, tls: readonly string[]): ProductOptions => ({
  upstreamPort: port,
  yaml: {
    store: ' { sqlite: data/tfe.sqlite }',
    admin: ' { port: 0 }',
    upstreams: `
  mdm:
    url: https://localhost:${port}
    tls:
${[CLIENT, ...tls].map((line) => `      ${line}\n`).join('')}    limits: { connect: 2s, connections: 16 }`,
  },
})

const CLIENT = 'clientCertificate: { chain: file:front-end.pem, key: file:front-end.key }'

/** A front end whose file leaves trust and SNI of its upstream to the store, and an administrator. */
async function frontEndWith(port: number, tls: readonly string[] = []) {
  const frontEnd = await product(optionsOf(port, tls))
  const token = await tokenIn(frontEnd)
  const call = async (path: string, body: unknown, method = 'POST'): Promise<Answer> => {
    const response = await fetch(
      `http://127.0.0.1:${frontEnd.adminPort}/api/upstreams/mdm/${path}`,
      {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'if-match': '*',
        },
        body: JSON.stringify(body),
      },
    )
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  const draft = (sent: object): Promise<Answer> =>
    call('tls/draft', { mode: 'default', ...sent }, 'PUT')
  /** The last change of the store that is stored, and the last one that is in force: a draft is one, too. */
  const storedRevision = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${frontEnd.adminPort}/api/status`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { store } = (await response.json()) as { readonly store: { readonly revision: number } }
    return store.revision
  }
  const revisionInForce = (): number =>
    Math.max(
      0,
      ...frontEnd.lines
        .filter(({ msg }) => msg === IN_FORCE)
        .map(({ revision }) => Number(revision)),
    )
  return {
    frontEnd,
    call,
    draft,
    /** Drafts, applies, and waits until every new connection obeys. */
    apply: async (sent: object): Promise<void> => {
      const drafted = await draft(sent)
      expect(drafted).toMatchObject({ status: 200 })
      const warnings = drafted.body['warnings'] as readonly { readonly code: string }[]
      const acknowledged = warnings.map(({ code }) => code)
      expect(await call('tls/apply', { acknowledged })).toMatchObject({ status: 200 })
      const applied = await storedRevision()
      await expect.poll(revisionInForce).toBeGreaterThanOrEqual(applied)
    },
  }
}

const IN_FORCE = 'a change of the store is in force'

async function tokenIn({ folder }: Product): Promise<string> {
  const opened = await openStore(
    { kind: 'sqlite', path: join(folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const path = join(folder, 'token')
  const credential = { kind: 'token-file', path } as const
  const by = { who: 'test', from: 'test' }
  const made = await createAdmin(opened.value, { name: 'a', role: 'administrator', credential }, by)
  await opened.value.close()
  if (!made.ok) throw new Error(JSON.stringify(made.failure))
  return readFileSync(path, 'utf8').trim()
}

async function statusOf(frontEnd: Product): Promise<string> {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  return (await device.response()).startLine.split(' ')[1] ?? ''
}

/** What a request meets once no connection from before is left; one that was being opened just now is closed the next time. */
function statusOfNewConnection(
  { server }: Awaited<ReturnType<typeof observedUpstream>>,
  frontEnd: Product,
): Promise<string> {
  server.closeAllConnections()
  return statusOf(frontEnd)
}

async function dangersOf({ statusPort }: Product): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${statusPort}/metrics`)
  return (await response.text()).match(/^tfe_dangerous\{.*$/gm)?.join('\n') ?? ''
}

test('a draft is tested against the live upstream before it is applied, and nothing obeys it yet', async () => {
  await using upstream = await observedUpstream()
  const { frontEnd, call, draft, apply } = await frontEndWith(upstream.port)
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('502')
  await draft(OWN_CA)
  expect(await call('test', {})).toMatchObject({
    body: {
      settings: 'draft',
      reports: [
        {
          usable: true,
          sni: 'localhost',
          failures: [],
          tls: {
            protocol: 'TLSv1.3',
            suite: 'TLS_AES_256_GCM_SHA384',
            group: 'X25519MLKEM768',
            hostname: 'passed',
            trust: 'passed',
            chain: expect.arrayContaining([
              expect.objectContaining({ fingerprint: SERVER_SHA256 }),
            ]) as unknown,
          },
        },
      ],
    },
  })
  expect(await call('test', { settings: 'applied' })).toMatchObject({
    body: {
      settings: 'applied',
      reports: [{ usable: false, failures: [{ code: 'tls-untrusted' }], tls: { trust: 'failed' } }],
    },
  })
  // No connection of the test is kept for requests, and nothing was applied.
  expect(await statusOf(frontEnd)).toBe('502')
  await apply(OWN_CA)
  expect(await statusOf(frontEnd)).toBe('200')
})

test('the exact error of a draft names what the certificate was issued to, and the remedy', async () => {
  await using upstream = await observedUpstream()
  const wrong = mintLeaf({ issuer: fleet.upstreamCa, purposes: ['serverAuth'], dns: ['s01.test'] })
  upstream.server.setSecureContext({
    ...upstreamTlsOptions,
    key: wrong.keyPem,
    cert: wrong.chainPem,
  })
  const { frontEnd, call, draft } = await frontEndWith(upstream.port)
  await using _frontEnd = frontEnd
  await draft(OWN_CA)
  expect(await call('test', {})).toMatchObject({
    body: {
      reports: [
        {
          usable: false,
          tls: { hostname: 'failed', trust: 'passed' },
          failures: [
            {
              code: 'tls-name-mismatch',
              sentence: expect.stringContaining(
                'server name mismatch, certificate issued to: [s01.test]',
              ) as string,
            },
          ],
        },
      ],
    },
  })
  await draft({ ...OWN_CA, ...UNVERIFIED })
  expect(await call('test', {})).toMatchObject({
    body: { reports: [{ usable: true, failures: [{ code: 'tls-name-mismatch' }] }] },
  })
})

test('a drafted selection is what a test offers', async () => {
  await using upstream = await observedUpstream()
  const { frontEnd, call, draft } = await frontEndWith(upstream.port)
  await using _frontEnd = frontEnd
  await draft({ ...OWN_CA, mode: 'custom', protocols: ['TLSv1.2'], sni: 'given.test' })
  expect(await call('test', {})).toMatchObject({
    body: { reports: [{ usable: true, sni: 'given.test', tls: { protocol: 'TLSv1.2' } }] },
  })
  expect(upstream.connections.at(-1)?.servername).toBe('given.test')
  const scanned = await call('scan', {})
  expect(scanned).toMatchObject({
    body: { settings: 'draft', reports: [{ sni: 'given.test', complete: true }] },
  })
})

test('an upstream that says nothing holds one test at a time, and that one ends', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { frontEnd, call } = await frontEndWith((silent.address() as AddressInfo).port)
  await using _frontEnd = frontEnd
  const connected = once(silent, 'connection')
  const first = call('test', {})
  const [socket] = (await connected) as [Socket]
  expect(await call('test', {})).toMatchObject({
    status: 409,
    body: { code: 'call-under-way' },
  })
  expect(await first).toMatchObject({
    body: { reports: [{ usable: false, failures: [{ code: 'connect-timeout' }] }] },
  })
  expect(await call('test', { server: 'other:1' })).toMatchObject({ status: 404 })
  socket.destroy()
  silent.close()
})

interface Row {
  readonly promise: string
  readonly tls?: readonly string[]
  readonly before: object
  readonly after: object
  readonly of: (seen: ObservedConnection) => unknown
  readonly values: readonly [unknown, unknown]
}

const ROWS: readonly Row[] = [
  {
    promise: 'another server name under load fails no request, and new connections send it',
    before: OWN_CA,
    after: { ...OWN_CA, sni: 'balanced.test' },
    of: ({ servername }) => servername,
    values: ['localhost', 'balanced.test'],
  },
  {
    promise: 'SNI switched off under load fails no request, and new connections send none',
    before: OWN_CA,
    after: { ...OWN_CA, sni: 'off' },
    of: ({ servername }) => servername,
    values: ['localhost', false],
  },
]

for (const { promise, before, after, of, values } of ROWS) {
  test(promise, async () => {
    await using upstream = await observedUpstream()
    const { frontEnd, apply } = await frontEndWith(upstream.port)
    await using _frontEnd = frontEnd
    await apply(before)
    let late: readonly ObservedConnection[] = []
    let early: readonly ObservedConnection[] = []
    const load = await underLoad(frontEnd, async () => {
      while (upstream.connections.length < ENOUGH_CONNECTIONS)
        await once(upstream.server, 'secureConnection')
      early = [...upstream.connections]
      await apply(after)
      late = await moreConnections(upstream, performance.now())
    })
    expect(load.failed).toEqual([])
    expect(new Set(early.map(of))).toEqual(new Set([values[0]]))
    expect(new Set(late.map(of))).toEqual(new Set([values[1]]))
    expect(upstream.connections.filter(({ resumed }) => resumed)).toEqual([])
    expect(load.sent).toBeGreaterThan(MIN_REQUESTS)
  })
}

test('a CA is exchanged under load without a failed request, and the old one vouches for no server after that', async () => {
  await using upstream = await observedUpstream()
  const { frontEnd, apply } = await frontEndWith(upstream.port)
  await using _frontEnd = frontEnd
  await apply(OWN_CA)
  const load = await underLoad(frontEnd, async () => {
    while (upstream.connections.length < ENOUGH_CONNECTIONS)
      await once(upstream.server, 'secureConnection')
    await apply(trusting(fleet.upstreamCa.pem, otherCa.pem))
    upstream.server.setSecureContext(nextUpstream)
    await apply(trusting(otherCa.pem))
    await moreConnections(upstream, performance.now())
  })
  expect(load.failed).toEqual([])
  // The server that the old store vouched for is back, and has sessions to resume.
  upstream.server.setSecureContext(upstreamTlsOptions)
  await expect.poll(() => statusOfNewConnection(upstream, frontEnd)).toBe('502')
  expect(upstream.connections.filter(({ resumed }) => resumed)).toEqual([])
  expect(load.sent).toBeGreaterThan(MIN_REQUESTS)
})

test('strict TLS goes off and on under load without a failed request; meanwhile strangers are used, logged and announced', async () => {
  await using upstream = await observedUpstream()
  const { frontEnd, apply } = await frontEndWith(upstream.port)
  await using _frontEnd = frontEnd
  await apply(OWN_CA)
  expect(await dangersOf(frontEnd)).not.toContain('unverified-upstream')
  const load = await underLoad(frontEnd, async () => {
    while (upstream.connections.length < ENOUGH_CONNECTIONS)
      await once(upstream.server, 'secureConnection')
    await apply({ ...OWN_CA, ...UNVERIFIED })
    upstream.server.setSecureContext(nextUpstream)
    await moreConnections(upstream, performance.now())
    expect(
      await frontEnd.waitForLine(({ dangerous }) => dangerous === 'unverified-upstream'),
    ).toMatchObject({ msg: expect.stringContaining('upstream mdm is not verified') as string })
    expect(await dangersOf(frontEnd)).toContain('unverified-upstream')
    upstream.server.setSecureContext(upstreamTlsOptions)
    await apply(OWN_CA)
    await moreConnections(upstream, performance.now())
  })
  expect(load.failed).toEqual([])
  expect(await dangersOf(frontEnd)).not.toContain('unverified-upstream')
  upstream.server.setSecureContext(nextUpstream)
  await expect.poll(() => statusOfNewConnection(upstream, frontEnd)).toBe('502')
  expect(upstream.connections.filter(({ resumed }) => resumed)).toEqual([])
  expect(load.sent).toBeGreaterThan(MIN_REQUESTS)
})

test('what the file states cannot be drafted, and what was applied before is overruled by it', async () => {
  await using upstream = await observedUpstream()
  const trust = "trust: { default: off, custom: ['file:upstream-ca.pem'] }"
  const { frontEnd, draft, apply } = await frontEndWith(upstream.port, [trust])
  await using _frontEnd = frontEnd
  expect(await statusOf(frontEnd)).toBe('200')
  expect(await draft(trusting(otherCa.pem))).toMatchObject({
    status: 422,
    body: {
      faults: [
        {
          at: 'custom_store',
          message: expect.stringContaining('set by the configuration file') as string,
        },
      ],
    },
  })
  await apply({ ...OWN_CA, sni: 'given.test' })
  expect(await statusOf(frontEnd)).toBe('200')
  expect(upstream.connections.at(-1)?.servername).toBe('given.test')
  const outcome = await frontEnd.reload(optionsOf(upstream.port, [trust, 'sni: off']))
  expect(outcome).toMatchObject({ kind: 'applied' })
  expect(await statusOf(frontEnd)).toBe('200')
  expect(upstream.connections.at(-1)?.servername).toBe(false)
})
