/**
 * Strict TLS towards the upstream: who is believed and who is not.
 */
import { expect, test } from 'vitest'
import type { UpstreamFailure } from '../../../src/forward/upstream-failure.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  serverOptions,
  upstreamCa,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf, type Leaf, type LeafOptions } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const otherCa = mintCa({ name: 'Other CA' })
const intermediate = mintCa({ name: 'Upstream Intermediate', issuer: upstreamCa })

const server = (options: Partial<LeafOptions> = {}) =>
  mintLeaf({ issuer: upstreamCa, dns: ['upstream.test'], purposes: ['serverAuth'], ...options })

const custom = (...pems: readonly string[]) => ({
  default: 'off' as const,
  custom: pems.map((pem) => ({ at: 'ca.pem', bytes: Buffer.from(pem) })),
})

const withoutChain = ({ pem, keyPem }: Leaf) => ({ chainPem: pem, keyPem })

const DAY = 86_400_000

interface Row {
  readonly promise: string
  readonly tls?: ForwardingServerOptions['tls']
  readonly server: { readonly chainPem: string; readonly keyPem: string }
  /** What the device gets, or what went wrong. */
  readonly expect: 'served' | UpstreamFailure
}

const untrusted = (why: string, code: string) =>
  ({ kind: 'tls-untrusted', why, code }) as UpstreamFailure

const mismatch = (issuedTo: readonly string[], more: object = {}) =>
  ({
    kind: 'tls-name-mismatch',
    wanted: 'upstream.test',
    issuedTo,
    commonNameOnly: false,
    ...more,
  }) as UpstreamFailure

const rows: readonly Row[] = [
  {
    promise: 'a certificate of the right CA and name is trusted',
    server: server(),
    expect: 'served',
  },
  {
    promise: 'a certificate below an intermediate that it sends is trusted',
    server: server({ issuer: intermediate }),
    expect: 'served',
  },
  {
    promise: 'a missing intermediate is not guessed',
    server: withoutChain(server({ issuer: intermediate })),
    expect: untrusted('unknown-issuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
  {
    promise: 'an unknown CA is not trusted',
    server: server({ issuer: otherCa }),
    expect: untrusted('unknown-issuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
  {
    promise: 'a self-signed certificate is not trusted',
    server: server({ selfSigned: true }),
    expect: untrusted('self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
  },
  {
    promise: 'an expired certificate is not trusted',
    server: server({
      notBefore: new Date(Date.now() - 9 * DAY),
      notAfter: new Date(Date.now() - DAY),
    }),
    expect: untrusted('expired', 'CERT_HAS_EXPIRED'),
  },
  {
    promise: 'a certificate of tomorrow is not trusted',
    server: server({
      notBefore: new Date(Date.now() + DAY),
      notAfter: new Date(Date.now() + 9 * DAY),
    }),
    expect: untrusted('not-yet-valid', 'CERT_NOT_YET_VALID'),
  },
  {
    promise: 'a certificate for clients is not trusted',
    server: server({ purposes: ['clientAuth'] }),
    expect: untrusted('wrong-purpose', 'INVALID_PURPOSE'),
  },
  {
    promise: 'a certificate for others is not trusted',
    server: server({ dns: ['a.test', 'b.test'] }),
    expect: mismatch(['a.test', 'b.test']),
  },
  {
    promise: 'a common name never counts, even the right one',
    server: server({ name: 'upstream.test', dns: [] }),
    expect: mismatch(['upstream.test'], { commonNameOnly: true }),
  },
  {
    promise: 'a common name beside other alternative names never counts',
    server: server({ name: 'upstream.test', dns: ['a.test'] }),
    expect: mismatch(['a.test']),
  },
  {
    promise: 'an alternative name that is only a URI or an e-mail address names no server',
    server: server({ dns: [], uris: ['https://upstream.test'], emails: ['a@upstream.test'] }),
    expect: mismatch(['device-1'], { commonNameOnly: true }),
  },
  {
    promise: 'a wildcard covers one label',
    server: server({ dns: ['*.example.test'] }),
    tls: { hostname: 'a.example.test' },
    expect: 'served',
  },
  {
    promise: 'a wildcard covers no second label',
    server: server({ dns: ['*.example.test'] }),
    tls: { hostname: 'a.b.example.test' },
    expect: mismatch(['*.example.test'], { wanted: 'a.b.example.test' }),
  },
  {
    promise: 'a wildcard inside a label covers nothing',
    server: server({ dns: ['up*.test'] }),
    expect: mismatch(['up*.test']),
  },
  {
    promise: 'an address is matched by an address',
    server: server({ dns: [], ips: ['127.0.0.1'] }),
    tls: { hostname: '127.0.0.1' },
    expect: 'served',
  },
  {
    promise: 'an address is not matched by a name that looks like it',
    server: server({ dns: ['127.0.0.1'] }),
    tls: { hostname: '127.0.0.1' },
    expect: mismatch(['127.0.0.1'], { wanted: '127.0.0.1' }),
  },
  {
    promise: 'another address is a mismatch',
    server: server({ dns: [], ips: ['127.0.0.2'] }),
    tls: { hostname: '127.0.0.1' },
    expect: mismatch(['127.0.0.2'], { wanted: '127.0.0.1' }),
  },
  {
    promise: 'a name with a final dot is the same name',
    server: server(),
    tls: { hostname: 'upstream.test.' },
    expect: 'served',
  },
  {
    promise: 'an empty trust store trusts no server',
    server: server(),
    tls: { trust: custom() },
    expect: untrusted('unknown-issuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
  {
    promise: 'the bundled roots do not know a private CA',
    server: server(),
    tls: { trust: { default: 'bundled', custom: [] } },
    expect: untrusted('unknown-issuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  },
  {
    promise: 'a custom store is used beside the bundled roots',
    server: server(),
    tls: { trust: { default: 'bundled', custom: custom(upstreamCa.pem).custom } },
    expect: 'served',
  },
  {
    promise: 'every certificate of a custom file counts',
    server: server(),
    tls: { trust: custom(otherCa.pem + upstreamCa.pem) },
    expect: 'served',
  },
  {
    promise: 'an intermediate in the custom store is an anchor',
    server: server({ issuer: intermediate }),
    tls: { trust: custom(intermediate.pem) },
    expect: 'served',
  },
]

for (const { promise, tls, server: leaf, expect: expected } of rows) {
  test(promise, async () => {
    await using upstream = await rawUpstream(serverOptions(leaf), answering(OK))
    await using proxy = await forwardingServer(upstream.port, tls === undefined ? {} : { tls })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    const { startLine, body } = await device.response()
    if (expected === 'served') {
      expect(body).toBe('ok')
      return
    }
    expect(startLine).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toEqual(expected)
    // Not one octet of the request was said to a server that is not believed.
    expect(upstream.peers.map(({ pending }) => pending).join('')).toBe('')
  })
}

test('a self-signed certificate in the custom store is trusted', async () => {
  const leaf = server({ selfSigned: true })
  await using upstream = await rawUpstream(serverOptions(leaf), answering(OK))
  await using proxy = await forwardingServer(upstream.port, { tls: { trust: custom(leaf.pem) } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
})
