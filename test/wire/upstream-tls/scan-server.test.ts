/**
 * "Scan": what a server accepts, found by asking it.
 */
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import {
  scanServer,
  type ScanOptions,
  type ScanReport,
} from '../../../src/forward/diagnose/scan-server.ts'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import {
  goodServer,
  serverOptions,
  upstreamCa,
  upstreamSettings,
} from '../../support/front-ends/forwarding-server.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { opensslServer } from '../../support/upstreams/openssl-server.ts'
import { hasOpenssl } from '../../support/commands.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

async function scanned(port: number, options: Partial<ScanOptions> = {}): Promise<ScanReport> {
  const opened = openUpstream(upstreamSettings(port), {
    identity: undefined,
    onUntrusted: () => {},
  })
  const plan = opened.ok ? opened.value.servers[0]?.plan : undefined
  if (plan === undefined) throw new Error('no plan')
  return scanServer(plan, {
    identity: undefined,
    concurrency: 4,
    maxConnections: 200,
    timeout: 5000,
    onProgress: () => {},
    ...options,
  })
}

const accepted = ({ protocols }: ScanReport) =>
  protocols.map(({ protocol, withSni, withoutSni }) => [protocol, withSni?.kind, withoutSni.kind])

test('protocols, suites and groups are those that the server takes, and no others', async () => {
  const narrow = {
    ...goodServer,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305',
    ecdhCurve: 'X25519:P-384',
    honorCipherOrder: true,
  } as const
  await using upstream = await rawUpstream(narrow, () => {})
  const report = await scanned(upstream.port)
  expect(accepted(report)).toEqual([
    ['TLSv1.3', 'accepted', 'accepted'],
    ['TLSv1.2', 'accepted', 'accepted'],
    ['TLSv1.1', 'refused', 'refused'],
    ['TLSv1', 'refused', 'refused'],
  ])
  expect(report.protocols.map(({ suites }) => suites)).toEqual([
    ['TLS_AES_128_GCM_SHA256'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    [],
    [],
  ])
  expect(report.groups).toEqual(['X25519', 'P-384'])
  expect(report.complete).toBe(true)
})

test('a server that tells its hosts apart by SNI shows another certificate without', async () => {
  const own = mintLeaf({ issuer: upstreamCa, dns: ['balancer.test'], purposes: ['serverAuth'] })
  const context = createSecureContext(goodServer)
  await using upstream = await rawUpstream(
    { ...serverOptions(own), SNICallback: (_, done) => done(null, context) },
    () => {},
  )
  const [newest] = (await scanned(upstream.port)).protocols
  expect(newest?.withSni).toMatchObject({ kind: 'accepted', names: ['upstream.test'] })
  expect(newest?.withoutSni).toMatchObject({ kind: 'accepted', names: ['balancer.test'] })
})

test('a server that wants SNI refuses without, and is scanned with it', async () => {
  const context = createSecureContext(goodServer)
  await using upstream = await rawUpstream(
    // Without a certificate of its own it has nothing to show a client that names no host.
    { SNICallback: (_, done) => done(null, context), maxVersion: 'TLSv1.2' },
    () => {},
  )
  const report = await scanned(upstream.port)
  expect(accepted(report)[1]).toEqual(['TLSv1.2', 'accepted', 'refused'])
  expect(report.protocols[1]?.suites).toContain('ECDHE-ECDSA-AES128-GCM-SHA256')
})

test('never more connections at a time, nor altogether, than allowed', async () => {
  let open = 0
  let most = 0
  let all = 0
  const server = createServer((socket) => {
    all += 1
    open += 1
    most = Math.max(most, open)
    socket.on('error', () => {}).resume()
    socket.once('close', () => {
      open -= 1
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const seen: number[] = []
  const report = await scanned(port, {
    concurrency: 2,
    maxConnections: 5,
    timeout: 50,
    onProgress: (connections) => seen.push(connections),
  })
  server.close()
  expect(most).toBeLessThanOrEqual(2)
  expect(all).toBe(5)
  expect(seen).toHaveLength(5)
  expect(report).toMatchObject({ connections: 5, complete: false, groups: [] })
})

test('where nothing listens, every answer says so', async () => {
  const report = await scanned(await claimPort())
  for (const { withSni, withoutSni } of report.protocols) {
    expect(withSni).toMatchObject({ kind: 'refused', failure: { kind: 'refused' } })
    expect(withoutSni).toMatchObject({ kind: 'refused', failure: { kind: 'refused' } })
  }
})

const rsa = mintLeaf({
  issuer: upstreamCa,
  dns: ['upstream.test'],
  purposes: ['serverAuth'],
  keyType: 'rsa2048',
})

test.skipIf(!hasOpenssl())(
  'OpenSSL’s own server with the oldest protocols is found out',
  async () => {
    await using server = await opensslServer(rsa, [
      '-no_tls1_3',
      '-cipher',
      'AES128-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0',
    ])
    const report = await scanned(server.port, { concurrency: 1 })
    expect(accepted(report).map(([protocol, kind]) => [protocol, kind])).toEqual([
      ['TLSv1.3', 'refused'],
      ['TLSv1.2', 'accepted'],
      ['TLSv1.1', 'accepted'],
      ['TLSv1', 'accepted'],
    ])
    for (const { suites } of report.protocols.slice(1)) {
      expect(suites.toSorted()).toEqual(['AES128-SHA', 'ECDHE-RSA-AES256-SHA'])
    }
  },
)
