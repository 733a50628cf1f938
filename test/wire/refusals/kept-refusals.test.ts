/**
 * Whatever a peer is refused by, its reference, or the name of its connection, leads to the sentence of the log and to the
 * facts; the peer itself learns the reference alone.
 */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { StoredRefusal } from '../../../src/store/refusals/refusal-row.ts'
import { readStore, type Store } from '../../../src/store/store.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import {
  clientTls,
  fleet,
  product,
  type Line,
  type Product,
} from '../../support/front-ends/product.ts'
import { syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { until } from '../../support/until.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const CLOSED = `
  closed:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    routes: closed`
const DEVICE = mintLeaf({ issuer: fleet.devices, name: 'the one' })
const THROTTLED = '{ address: { rate: 1, burst: 1 } }'

let served: Product
let store: Store
const kept = new AsyncDisposableStack()

beforeAll(async () => {
  const upstream = kept.use(await rawUpstream(upstreamTlsOptions, answering(OK)))
  served = kept.use(
    await product({
      upstreamPort: upstream.port,
      rows: [
        '{ id: token, path: /token, class: legacy-oauth }',
        '{ id: down, path: /down/*, class: open, upstream: down }',
      ],
      yaml: {
        store: " { sqlite: 'tfe.sqlite' }",
        legacyOAuth: ` ${THROTTLED}`,
        listeners: syncListeners('{ upstream: mdm, certificate: device }') + CLOSED,
        routes: `
  closed:
    upstream: mdm
    rows:
      - { id: device, path: /device/*, class: device }
  tested:
    upstream: mdm
    rows:
      - { id: device, path: /device/*, class: device }
      - { id: enroll, path: /enroll/*, class: open }
      - { id: token, path: /token, class: legacy-oauth }
      - { id: down, path: /down/*, class: open, upstream: down }`,
        upstreams: `
  mdm:
    url: https://localhost:${upstream.port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
  down:
    url: http://127.0.0.1:9
    dangerousPlaintext: true`,
      },
    }),
  )
  const path = join(served.folder, 'tfe.sqlite')
  const opened = await readStore({ kind: 'sqlite', path }, { now: () => Date.now() as Instant })
  if (!opened.ok) throw new Error(opened.failure.kind)
  store = opened.value
})
afterAll(async () => {
  await store.close()
  await kept.disposeAsync()
})

async function refusalOf(reference: string): Promise<StoredRefusal> {
  const answer = await until(
    () => store.refusals.find(reference),
    (found) => found.ok && found.value.kind === 'found',
  )
  if (!answer.ok || answer.value.kind !== 'found') throw new Error('it is not there')
  return answer.value.refusal
}

/** What one request is answered, as JSON where it is that. */
async function ask(leaf: Leaf | undefined, ...head: readonly string[]) {
  const { port, ...others } = clientTls(served.port, leaf)
  await using device = await Device.to(port, others)
  device.send(`${head.join('\r\n')}\r\n\r\n`)
  const { startLine, body } = await device.response()
  return { status: Number(startLine.split(' ')[1]), body }
}

const GET = (path: string): readonly string[] => [`GET ${path} HTTP/1.1`, 'Host: localhost']

interface Answered {
  readonly what: string
  readonly leaf?: Leaf
  readonly head: readonly string[]
  readonly code: string
  readonly refusal: Partial<StoredRefusal>
  /** Asked before, so that this one is refused. */
  readonly before?: readonly string[]
}

const ANSWERED: readonly Answered[] = [
  {
    what: 'no certificate',
    head: GET('/device/x?secret=1'),
    code: 'no-certificate',
    refusal: {
      outcome: 'refused',
      status: 403,
      route: 'device',
      routeClass: 'device',
      method: 'GET',
      path: '/device/x',
      known: false,
      owner: '127.0.0.1',
      certificate: undefined,
    },
  },
  {
    what: 'an unknown CA',
    leaf: fleet.unknown,
    head: GET('/device/x'),
    code: 'untrusted-issuer',
    refusal: { outcome: 'refused', status: 403, known: false, owner: '127.0.0.1' },
  },
  {
    what: 'the end of a known device',
    leaf: fleet.beyondGrace,
    head: GET('/device/x'),
    code: 'expired-beyond-grace',
    refusal: { outcome: 'refused', status: 403, known: true },
  },
  {
    what: 'a path without a row',
    leaf: DEVICE,
    head: GET('/nowhere'),
    code: 'route-unknown',
    refusal: {
      outcome: 'refused',
      status: 404,
      route: undefined,
      routeClass: undefined,
      path: '/nowhere',
    },
  },
  {
    what: 'another host',
    head: ['GET /device/x HTTP/1.1', 'Host: other.example'],
    code: 'host-unknown',
    refusal: { outcome: 'refused', status: 421 },
  },
  {
    what: 'an ambiguous path',
    head: GET('/device/../x'),
    code: 'target-dot-segment',
    refusal: { outcome: 'refused', status: 400 },
  },
  {
    what: 'too many requests for a token',
    before: GET('/token'),
    head: GET('/token'),
    code: 'rate-limited',
    refusal: { outcome: 'refused', status: 429, route: 'token' },
  },
  {
    what: 'no HTTP',
    head: ['HELO mail.example'],
    code: 'unparsable-malformed',
    refusal: { outcome: 'refused', status: 400, method: undefined, path: undefined },
  },
  {
    what: 'an upstream that is down',
    head: GET('/down/x'),
    code: 'refused',
    refusal: { outcome: 'failed', status: 502, route: 'down' },
  },
]

for (const { what, leaf, head, code, refusal, before } of ANSWERED) {
  test(`${what}: the device learns the reference alone, and it leads to the line of the log`, async () => {
    if (before !== undefined) await ask(leaf, ...before)
    const answered = await ask(leaf, ...head)
    const problem = JSON.parse(answered.body) as { reference: string }
    expect(Object.keys(problem).toSorted()).toEqual(['reference', 'status', 'title', 'type'])
    expect(problem).toMatchObject({ status: refusal.status })
    expect(answered.body).not.toContain(code)
    const { reference } = problem
    const line = await served.waitForLine((one) => one['reference'] === reference)
    const found = await refusalOf(reference)
    expect(found).toMatchObject({
      reference,
      code,
      address: '127.0.0.1',
      listener: 'devices',
      ...refusal,
    })
    expect([found.sentence, found.nextStep]).toEqual([line['reason'], line['next_step']])
    expect([code, refusal.status]).toEqual([line['failure'] ?? line['code'], line['status']])
    expect(JSON.stringify(found)).not.toContain('secret')
    const shown = line['device'] as Line | undefined
    expect(found.certificate?.fingerprint).toBe(shown?.['fingerprint'])
    expect(found.certificate?.subject).toBe(shown?.['subject'])
    if (found.known) expect(found.owner).toBe(shown?.['key'])
  })
}

interface Closed {
  readonly what: string
  readonly code: string
  readonly refusal: Partial<StoredRefusal>
  play(): Promise<void>
}

async function closedAt(listener: string, leaf?: Leaf): Promise<void> {
  const { port, ...others } = clientTls(served.serving.ports[listener] ?? 0, leaf)
  await using device = await Device.to(port, others)
  await once(device.socket, 'close')
}

const CLOSINGS: readonly Closed[] = [
  {
    what: 'a connection that no row could admit',
    code: 'untrusted-issuer',
    refusal: { outcome: 'closed-before-request', listener: 'closed', status: undefined },
    play: () => closedAt('closed', fleet.unknown),
  },
  {
    what: 'a connection to the sync port',
    code: 'no-certificate',
    refusal: { outcome: 'refused', listener: 'sync', routeClass: 'device', status: undefined },
    play: () => closedAt('sync'),
  },
  {
    what: 'a handshake that failed',
    code: 'not-tls',
    refusal: { outcome: 'handshake-failed', listener: 'devices', nextStep: undefined },
    play: async () => {
      const socket = connectTcp(served.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.end('GET / HTTP/1.1\r\n\r\n')
      await once(socket, 'close')
    },
  },
]

for (const { what, code, refusal, ...closing } of CLOSINGS) {
  test(`${what}: the name of the connection in the log leads to it`, async () => {
    await closing.play()
    const { outcome, listener } = refusal
    const line = await served.waitForLine(
      (one) => one['outcome'] === outcome && one['listener'] === listener,
    )
    const found = await refusalOf(String(line['connection']))
    expect(found).toMatchObject({ code, address: '127.0.0.1', ...refusal })
    expect(found.sentence).toBe(line['reason'])
  })
}

test('what was admitted and served, and what a device ended itself, is no refusal', async () => {
  const { status } = await ask(undefined, ...GET('/enroll/x'), 'Connection: close')
  expect(status).toBe(200)
  // The refusal behind it is kept, and so it would be there by now.
  const refused = await ask(undefined, ...GET('/enrol/x'))
  await refusalOf((JSON.parse(refused.body) as { reference: string }).reference)
  const listed = await store.refusals.list({ limit: 1000 })
  expect(listed.ok && listed.value.items.filter(({ path }) => path === '/enroll/x')).toEqual([])
})
