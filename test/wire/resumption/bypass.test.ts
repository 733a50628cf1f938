import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createSecureContext, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { fleet, product, type ProductOptions } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import {
  VERSIONS,
  requestOnce,
  type OneRequest,
  type OneResponse,
} from '../../support/devices/request-once.ts'

/** A server whose old fleet can be retired while devices hold sessions. */
interface ResumingServer extends AsyncDisposable {
  readonly port: number
  retire(): Promise<void>
}

/** Ordinary Node: OpenSSL verifies, a device that is not verified does not get in, a CA is retired by a new context. */
const ORDINARY: readonly (readonly [string, () => Promise<ResumingServer>])[] = [
  ['with ticket keys of its own and a new secure context', withTicketKeys],
  ['with its contexts swapped behind SNICallback', behindSniCallback],
]

for (const version of VERSIONS) {
  for (const [how, open] of ORDINARY) {
    test(`${version}: plain Node ${how} goes on admitting devices of the retired CA that resume`, async () => {
      await using target = await open()
      const statuses = await retiredWhileAway(version, target)
      expect(statuses).toEqual({ before: 200, fresh: 0, resumed: true, after: 200 })
    })
  }

  for (const [how, options] of [
    ['with one certificate', {}],
    ['with two certificates behind SNICallback', { yaml: { listeners: twoNames() } }],
  ] as const) {
    test(`${version}: the front end ${how} refuses the retired CA, resumed or not`, async () => {
      await using target = await frontEnd(options)
      const statuses = await retiredWhileAway(version, target)
      expect(statuses).toEqual({ before: 200, fresh: 403, resumed: false, after: 403 })
    })
  }
}

async function retiredWhileAway(version: (typeof VERSIONS)[number], target: ResumingServer) {
  const call = (visitor: Partial<OneRequest>): Promise<OneResponse> =>
    requestOnce(target, { version, device: fleet.old, ...visitor })
  const first = await call({})
  await target.retire()
  // Without the session it is not let in: the CA is gone.
  const fresh = await call({})
  const { resumed, status } = await call({ session: first.session })
  return { before: first.status, fresh: fresh.status, resumed, after: status }
}

const server = { key: fleet.server.keyPem, cert: fleet.server.chainPem }
const before = [fleet.root.pem, fleet.devices.pem, fleet.previous.pem]
const after = [fleet.root.pem, fleet.devices.pem]

async function withTicketKeys(): Promise<ResumingServer> {
  const ticketKeys = randomBytes(48)
  const tls = createServer(
    { ...server, ca: before, ticketKeys, requestCert: true, rejectUnauthorized: true },
    greet,
  )
  return listening(tls, () => tls.setSecureContext({ ...server, ca: after, ticketKeys }))
}

async function behindSniCallback(): Promise<ResumingServer> {
  let context = createSecureContext({ ...server, ca: before })
  const tls = createServer(
    {
      ...server,
      ca: before,
      requestCert: true,
      rejectUnauthorized: true,
      SNICallback: (_, done) => done(null, context),
    },
    greet,
  )
  return listening(tls, () => {
    context = createSecureContext({ ...server, ca: after })
  })
}

function greet(socket: TLSSocket): void {
  socket.on('error', () => {})
  socket.once('data', () => socket.end(OK))
}

async function listening(
  tls: ReturnType<typeof createServer>,
  retire: () => void,
): Promise<ResumingServer> {
  tls.on('tlsClientError', () => {})
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  return {
    port: (tls.address() as AddressInfo).port,
    retire: async () => retire(),
    async [Symbol.asyncDispose]() {
      tls.close()
      await once(tls, 'close')
    },
  }
}

async function frontEnd(options: Partial<ProductOptions>): Promise<ResumingServer> {
  const upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const all = { upstreamPort: upstream.port, tls: '{ resumption: "on" }', ...options }
  const started = await product(all)
  return {
    port: started.port,
    async retire() {
      const trust = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
      const outcome = await started.reload({ ...all, yaml: { ...all.yaml, trust } })
      expect(outcome.kind).toBe('applied')
    },
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

function twoNames(): string {
  return `
  devices:
    address: 127.0.0.1
    port: 0
    tls: { resumption: "on" }
    routes: tested
    hosts: [localhost, other.test]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
      - { chain: 'file:other.pem', key: 'file:other.key' }`
}
