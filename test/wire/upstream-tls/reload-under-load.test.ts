/**
 * Changing outgoing TLS while 200 requests per second pass: none fails, and every new connection to the upstream
 * obeys the new settings, the resumption of old sessions included.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer as createTlsServer } from 'node:tls'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import {
  DEVICES,
  ENOUGH_CONNECTIONS,
  MIN_REQUESTS,
  moreConnections,
  REQUEST,
  underLoad,
  observedUpstream,
  type ObservedConnection,
} from '../../support/devices/steady-load.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, type ProductOptions } from '../../support/front-ends/product.ts'

const otherCa = mintCa({ name: 'Next Upstream Root' })
const nextServer = mintLeaf({ issuer: otherCa, purposes: ['serverAuth'], dns: ['localhost'] })

const options = (port: number, tls: string): ProductOptions => ({
  upstreamPort: port,
  yaml: {
    upstreams: `
  mdm:
    url: https://localhost:${port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
${tls}`,
  },
})

interface Row {
  readonly promise: string
  readonly before: string
  readonly after: string
  readonly of: (seen: ObservedConnection) => string | null
  readonly values: readonly [string, string]
}

const ROWS: readonly Row[] = [
  {
    promise: 'a change of protocol under load fails no request, and new connections obey it',
    before: '      protocols: [TLSv1.3]',
    after: '      protocols: [TLSv1.2]',
    of: ({ protocol }) => protocol,
    values: ['TLSv1.3', 'TLSv1.2'],
  },
  {
    promise: 'a change of cipher suite under load fails no request, and new connections obey it',
    before: '      protocols: [TLSv1.2]\n      ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384]',
    after:
      '      protocols: [TLSv1.2]\n      ciphers: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]',
    of: ({ suite }) => suite,
    values: ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  },
]

for (const { promise, before, after, of, values } of ROWS) {
  test(promise, async () => {
    await using upstream = await observedUpstream()
    await using frontEnd = await product(options(upstream.port, before))
    let late: readonly ObservedConnection[] = []
    let early: readonly ObservedConnection[] = []
    const load = await underLoad(frontEnd, async () => {
      while (upstream.connections.length < DEVICES) await once(upstream.server, 'secureConnection')
      early = [...upstream.connections]
      expect(await frontEnd.reload(options(upstream.port, after))).toMatchObject({
        kind: 'applied',
      })
      late = await moreConnections(upstream, performance.now())
    })
    expect(load.failed).toEqual([])
    expect(new Set(early.map(of))).toEqual(new Set([values[0]]))
    expect(new Set(late.map(of))).toEqual(new Set([values[1]]))
    expect(upstream.connections.filter(({ resumed }) => resumed)).toEqual([])
    expect(load.sent).toBeGreaterThan(MIN_REQUESTS)
  })
}

test('a change of trust store under load fails no request, and nothing that the old one vouched for is resumed', async () => {
  await using upstream = await observedUpstream()
  const settings = options(upstream.port, '')
  await using frontEnd = await product(settings)
  const trust = (...pems: readonly string[]): void =>
    writeFileSync(join(frontEnd.folder, 'upstream-ca.pem'), pems.join(''))
  let late: readonly ObservedConnection[] = []
  const load = await underLoad(frontEnd, async () => {
    while (upstream.connections.length < DEVICES) await once(upstream.server, 'secureConnection')
    // As one changes a CA: both are trusted, the server moves over, the old one is dropped.
    trust(fleet.upstreamCa.pem, otherCa.pem)
    expect(await frontEnd.reload(settings)).toMatchObject({ kind: 'applied' })
    upstream.server.setSecureContext({
      ...upstreamTlsOptions,
      key: nextServer.keyPem,
      cert: nextServer.chainPem,
    })
    trust(otherCa.pem)
    expect(await frontEnd.reload(settings)).toMatchObject({ kind: 'applied' })
    late = await moreConnections(upstream, performance.now())
  })
  expect(load.failed).toEqual([])
  // The server that the old store vouched for is back, and has sessions to resume.
  upstream.server.setSecureContext(upstreamTlsOptions)
  upstream.server.closeAllConnections()
  const answers = await Promise.all(
    Array.from({ length: ENOUGH_CONNECTIONS }, async () => {
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
      device.send(REQUEST)
      return (await device.response()).startLine
    }),
  )
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 502 Bad Gateway']))
  expect(await frontEnd.waitForLine((one) => one['failure'] === 'tls-untrusted')).toBeDefined()
  expect(upstream.connections.filter(({ resumed }) => resumed)).toEqual([])
  expect(late.length).toBeGreaterThanOrEqual(ENOUGH_CONNECTIONS)
  expect(load.sent).toBeGreaterThan(MIN_REQUESTS)
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`control: over ${version} a client that resumes skips its changed trust store`, async () => {
    const server = createTlsServer({
      ...upstreamTlsOptions,
      minVersion: version,
      maxVersion: version,
    })
    server.on('secureConnection', (socket) => socket.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const shared = {
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      cert: fleet.frontEnd.chainPem,
      key: fleet.frontEnd.keyPem,
    }
    const before = connect({ ...shared, ca: fleet.upstreamCa.pem })
    const [session] = (await once(before, 'session')) as [Buffer]
    await once(before.resume(), 'close')
    const after = connect({ ...shared, ca: otherCa.pem, session })
    await once(after, 'secureConnect')
    expect(after.isSessionReused()).toBe(true)
    await once(after.resume(), 'close')
    const fresh = connect({ ...shared, ca: otherCa.pem })
    const [error] = (await once(fresh, 'error')) as [Error & { code: string }]
    expect(error.code).toBe('SELF_SIGNED_CERT_IN_CHAIN')
    server.close()
    await once(server, 'close')
  })
}
