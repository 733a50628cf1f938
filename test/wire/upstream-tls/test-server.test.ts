/**
 * "Test": one connection with the settings as they stand, and everything that can be said about it.
 */
import { expect, test } from 'vitest'
import { pinOf } from '../../../src/forward/connect/pins.ts'
import { testServer, type TestReport } from '../../../src/forward/diagnose/test-server.ts'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import {
  serverOptions,
  upstreamCa,
  upstreamSettings,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { opensslServer } from '../../support/upstreams/openssl-server.ts'
import { hasOpenssl } from '../../support/commands.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const leafOf = (options: Parameters<typeof mintLeaf>[0]) =>
  mintLeaf({ purposes: ['serverAuth'], ...options })
const issuing = mintCa({ name: 'Issuing', issuer: upstreamCa })
const good = leafOf({ issuer: issuing, dns: ['upstream.test'] })
const DAY = 86_400_000

async function tested(port: number, options: ForwardingServerOptions = {}): Promise<TestReport> {
  const opened = openUpstream(upstreamSettings(port, options), {
    identity: options.identity,
    onUntrusted: () => {},
  })
  const plan = opened.ok ? opened.value.servers[0]?.plan : undefined
  if (plan === undefined) throw new Error('no plan')
  return testServer(plan)
}

test('a good server passes every check, and everything is shown', async () => {
  await using upstream = await rawUpstream(serverOptions(good), () => {})
  const report = await tested(upstream.port)
  expect(report).toMatchObject({
    upstream: 'mdm',
    server: `127.0.0.1:${upstream.port}`,
    sni: 'upstream.test',
    failures: [],
    usable: true,
    tls: {
      protocol: 'TLSv1.3',
      suite: 'TLS_AES_256_GCM_SHA384',
      standardSuite: 'TLS_AES_256_GCM_SHA384',
      group: 'X25519MLKEM768',
      alpn: 'http/1.1',
      hostname: 'passed',
      trust: 'passed',
      pins: 'not-asked',
      chain: [
        { names: ['upstream.test'], issuer: 'CN=Issuing', key: 'EC prime256v1', onPath: true },
        { subject: 'CN=Issuing', issuer: 'CN=Upstream CA', onPath: true },
      ],
    },
  })
  const [leaf] = report.tls?.chain ?? []
  expect(leaf?.pin).toBe(pinOf(new X509Certificate(good.chainPem)))
  expect(Date.parse(leaf?.notAfter ?? '')).toBeGreaterThan(Date.now())
})

test('nothing is asked of the server, and it sees an orderly end', async () => {
  const ended = Promise.withResolvers<string>()
  await using upstream = await rawUpstream(serverOptions(good), async (peer) => {
    await peer.closed
    ended.resolve(peer.socket.errored === null ? peer.pending : 'reset')
  })
  await tested(upstream.port)
  expect(await ended.promise).toBe('')
})

interface Row {
  readonly promise: string
  readonly leaf: { readonly chainPem: string; readonly keyPem: string }
  readonly options?: ForwardingServerOptions
  readonly codes: readonly string[]
  readonly says: string
}

const otherCa = mintCa({ name: 'Other CA' })

const rows: readonly Row[] = [
  {
    promise: 'a wrong name is said in the words of the manual (S3-07)',
    leaf: leafOf({ issuer: upstreamCa, dns: ['s01-trvlr-001'] }),
    codes: ['tls-name-mismatch'],
    says: 'server name mismatch, certificate issued to: [s01-trvlr-001]',
  },
  {
    promise: 'an expired certificate is said to have expired',
    leaf: leafOf({
      issuer: upstreamCa,
      dns: ['upstream.test'],
      notBefore: Date.now() - 9 * DAY,
      notAfter: Date.now() - DAY,
    }),
    codes: ['tls-untrusted'],
    says: 'expired',
  },
  {
    promise: 'an unknown issuer does not hide a wrong name',
    leaf: leafOf({ issuer: otherCa, dns: ['a.test'] }),
    codes: ['tls-untrusted', 'tls-name-mismatch'],
    says: 'add its CA to `tls.trust.custom`',
  },
  {
    promise: 'a wrong purpose is named',
    leaf: leafOf({ issuer: upstreamCa, dns: ['upstream.test'], purposes: ['clientAuth'] }),
    codes: ['tls-untrusted'],
    says: 'not meant for servers',
  },
  {
    promise: 'a key that is not pinned is said with its pin',
    leaf: good,
    options: { tls: { pins: [pinOf(new X509Certificate(otherCa.pem))] } },
    codes: ['tls-pin-mismatch'],
    says: pinOf(new X509Certificate(good.chainPem)),
  },
]

for (const { promise, leaf, options, codes, says } of rows) {
  test(promise, async () => {
    await using upstream = await rawUpstream(serverOptions(leaf), () => {})
    const report = await tested(upstream.port, options)
    expect(report.failures.map(({ code }) => code)).toEqual(codes)
    const words = report.failures.map((one) => `${one.sentence}; ${one.nextStep}`).join('\n')
    expect(words).toContain(says)
    expect(report.usable).toBe(false)
    expect(report.tls?.chain.length).toBeGreaterThan(0)
    const lenient = await tested(upstream.port, {
      ...options,
      tls: { ...options?.tls, strict: false },
    })
    expect(lenient).toMatchObject({ usable: true, failures: report.failures })
  })
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const demanding = {
    ...serverOptions(good),
    requestCert: true,
    rejectUnauthorized: true,
    ca: upstreamCa.pem,
    minVersion: version,
    maxVersion: version,
  }
  test(`a server that demands our certificate is noticed with ${version}, and content with it`, async () => {
    await using upstream = await rawUpstream(demanding, () => {})
    const without = await tested(upstream.port)
    expect(without.usable).toBe(false)
    const [failure] = without.failures
    expect(`${failure?.sentence} ${failure?.nextStep}`).toContain('clientCertificate')
    const identity = mintLeaf({ issuer: upstreamCa, name: 'us', purposes: ['clientAuth'] })
    expect(await tested(upstream.port, { identity })).toMatchObject({ usable: true, failures: [] })
  })
}

test('a server that does not speak TLS is named as such', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const report = await tested((server.address() as AddressInfo).port)
  server.close()
  expect(report).toMatchObject({ tls: undefined, usable: false })
  expect(report.failures.map(({ code }) => code)).toEqual(['tls-handshake'])
})

test('a server that says nothing fails at the limit', async () => {
  const server = createServer((socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const report = await tested((server.address() as AddressInfo).port, { limits: { connect: 100 } })
  server.close()
  expect(report.failures.map(({ code }) => code)).toEqual(['connect-timeout'])
})

test('where nothing listens, the connection is refused', async () => {
  const report = await tested(await claimPort())
  expect(report.failures.map(({ code }) => code)).toEqual(['refused'])
})

test.skipIf(!hasOpenssl())(
  'OpenSSL’s own server with one old suite is shown as it is',
  async () => {
    await using server = await opensslServer(good, [
      '-tls1_2',
      '-cipher',
      'ECDHE-ECDSA-AES128-SHA256',
    ])
    const report = await tested(server.port, {
      tls: {
        selection: {
          protocols: ['TLSv1.2'],
          suites: ['ECDHE-ECDSA-AES128-SHA256'],
          groups: ['P-256'],
        },
      },
    })
    expect(report).toMatchObject({
      usable: true,
      tls: {
        protocol: 'TLSv1.2',
        suite: 'ECDHE-ECDSA-AES128-SHA256',
        standardSuite: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
        group: 'prime256v1',
      },
    })
  },
)
