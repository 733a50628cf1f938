/**
 * Strict TLS towards the upstream: who is believed, who is not, and in which words the operator hears of it.
 */
import { expect, test } from 'vitest'
import { explainUpstream, type UpstreamFailure } from '../../src/forward/failure.ts'
import { openUpstream } from '../../src/forward/upstream.ts'
import { Device } from '../support/device.ts'
import {
  front,
  goodServer,
  serverOptions,
  upstreamCa,
  upstreamSettings,
  type FrontOptions,
} from '../support/forward-front.ts'
import { mintCa, mintLeaf, type Leaf, type LeafOptions } from '../support/mint.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

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
  readonly tls?: FrontOptions['tls']
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
    promise: 'an empty trust store trusts nobody',
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
    await using proxy = await front(upstream.port, tls === undefined ? {} : { tls })
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
  await using proxy = await front(upstream.port, { tls: { trust: custom(leaf.pem) } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
})

test('the mismatch is told in the words the operator searches for', async () => {
  await using upstream = await rawUpstream(
    serverOptions(server({ dns: ['s01-trvlr-001'] })),
    answering(OK),
  )
  await using proxy = await front(upstream.port)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  const { failure } = await proxy.outcome()
  if (failure === undefined) throw new Error('no failure')
  const { sentence, nextStep } = explainUpstream(failure, 'mdm')
  expect(sentence).toContain('server name mismatch, certificate issued to: [s01-trvlr-001]')
  expect(nextStep).toContain('disable strict TLS')
})

interface SniRow {
  readonly promise: string
  readonly tls: FrontOptions['tls']
  readonly sni: string | false
}

const sniRows: readonly SniRow[] = [
  { promise: 'SNI on names the hostname that is verified', tls: {}, sni: 'upstream.test' },
  {
    promise: 'SNI off sends no name, and the hostname is verified all the same',
    tls: { sni: { kind: 'off' } },
    sni: false,
  },
  {
    promise: 'SNI with a name of its own is independent of the hostname that is verified',
    tls: { sni: { kind: 'name', name: 'balancer.test' } },
    sni: 'balancer.test',
  },
]

for (const { promise, tls, sni } of sniRows) {
  test(promise, async () => {
    await using upstream = await rawUpstream(goodServer, answering(OK))
    await using proxy = await front(upstream.port, tls === undefined ? {} : { tls })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
    expect(upstream.peers[0]?.socket.servername).toBe(sni)
  })
}

test('the Host of a request changes neither SNI nor the verified name nor the connection', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await front(upstream.port)
  await using device = await Device.to(proxy.port)
  for (const host of ['a.test', 'b.test', 'c.test:8443']) {
    device.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect((await device.response()).body).toBe('ok')
  }
  expect(upstream.peers.map(({ socket }) => socket.servername)).toEqual(['upstream.test'])
})

test('with strict TLS off the server is used, and what is wrong with it is said once per connection', async () => {
  const leaf = server({ issuer: otherCa, dns: ['a.test'] })
  await using upstream = await rawUpstream(serverOptions(leaf), answering(OK))
  await using proxy = await front(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  for (const _ of [1, 2]) {
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
  }
  expect(proxy.untrusted).toEqual([
    {
      upstream: 'mdm',
      untrusted: { why: 'unknown-issuer', code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' },
      mismatch: mismatch(['a.test']),
      fingerprints: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    },
  ])
})

test('with strict TLS off a trusted chain with a wrong name is noticed', async () => {
  await using upstream = await rawUpstream(
    serverOptions(server({ dns: ['a.test'] })),
    answering(OK),
  )
  await using proxy = await front(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  expect(proxy.untrusted).toMatchObject([{ untrusted: undefined, mismatch: mismatch(['a.test']) }])
})

test('with strict TLS off a good server is not complained about', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await front(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  expect(proxy.untrusted).toEqual([])
})

const us = mintLeaf({ issuer: upstreamCa, name: 'tfe', purposes: ['clientAuth'] })
const stranger = mintLeaf({ issuer: otherCa, name: 'tfe', purposes: ['clientAuth'] })
const demanding = { ...goodServer, requestCert: true, rejectUnauthorized: true, ca: upstreamCa.pem }

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const tls = { minVersion: version, maxVersion: version }

  test(`over ${version} an upstream that demands our certificate gets it`, async () => {
    await using upstream = await rawUpstream(demanding, answering(OK))
    await using proxy = await front(upstream.port, { tls, identity: us })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
    expect(upstream.peers[0]?.socket.getPeerX509Certificate()?.subject).toBe('CN=tfe')
  })

  test(`over ${version} an upstream that misses our certificate is a failed handshake, and the operator hears why`, async () => {
    await using upstream = await rawUpstream(demanding, answering(OK))
    await using proxy = await front(upstream.port, { tls })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
    const { failure } = await proxy.outcome()
    expect(failure).toMatchObject({ kind: 'tls-handshake', alert: expect.any(String) })
    if (failure === undefined) throw new Error('no failure')
    expect(explainUpstream(failure, 'mdm').nextStep).toContain('tls.clientCertificate')
  })

  // Node's server says nothing when it rejects; others send an alert, as above.
  test(`over ${version} an upstream that rejects our certificate without a word is a reset`, async () => {
    await using upstream = await rawUpstream(demanding, answering(OK))
    await using proxy = await front(upstream.port, { tls, identity: stranger })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toMatchObject({ kind: 'reset' })
  })
}

test('no common version is a failed handshake', async () => {
  await using upstream = await rawUpstream({ ...goodServer, maxVersion: 'TLSv1.2' }, answering(OK))
  await using proxy = await front(upstream.port, { tls: { minVersion: 'TLSv1.3' } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect((await proxy.outcome()).failure).toMatchObject({
    kind: 'tls-handshake',
    alert: 'protocol_version',
  })
})

test('only the selected suites are offered', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await front(upstream.port, {
    tls: { maxVersion: 'TLSv1.2', ciphers: ['ECDHE-ECDSA-CHACHA20-POLY1305'] },
  })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect(upstream.peers[0]?.socket.getCipher().name).toBe('ECDHE-ECDSA-CHACHA20-POLY1305')
})

test('HTTP/2 is neither offered nor spoken', async () => {
  await using upstream = await rawUpstream(
    { ...goodServer, ALPNProtocols: ['h2', 'http/1.1'] },
    answering(OK),
  )
  await using proxy = await front(upstream.port)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect(upstream.peers[0]?.socket.alpnProtocol).toBe('http/1.1')
})

test('a server that speaks no TLS is a failed handshake', async () => {
  const { createServer } = await import('node:net')
  const plain = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve)
  })
  await using proxy = await front((plain.address() as { port: number }).port)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect((await proxy.outcome()).failure).toMatchObject({ kind: 'tls-handshake', alert: undefined })
  plain.close()
})

test('an unknown name is a failed look-up', async () => {
  await using proxy = await front(443, { hostname: 'no-such-host.invalid' })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect((await proxy.outcome()).failure).toMatchObject({
    kind: 'dns',
    hostname: 'no-such-host.invalid',
  })
})

test('sessions are never resumed outwards', async () => {
  const reused: boolean[] = []
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    reused.push(peer.socket.isSessionReused())
    await peer.request()
    peer.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
  })
  await using proxy = await front(upstream.port)
  await using device = await Device.to(proxy.port)
  for (const _ of [1, 2, 3]) {
    device.request('GET /')
    await device.response()
  }
  expect(reused).toEqual([false, false, false])
})

interface FaultRow {
  readonly promise: string
  readonly tls?: FrontOptions['tls']
  readonly identity?: { readonly chainPem: string; readonly keyPem: string }
  readonly at: string
}

const faultRows: readonly FaultRow[] = [
  {
    promise: 'a trust file without a certificate is a fault',
    tls: { trust: custom('not a certificate') },
    at: 'ca.pem',
  },
  {
    promise: 'a trust file with one unreadable certificate is a fault',
    tls: { trust: custom(upstreamCa.pem + upstreamCa.pem.replace(/\nMI/, '\nAA')) },
    at: 'ca.pem',
  },
  {
    promise: 'an unknown suite is a fault, even beside known ones',
    tls: { ciphers: ['TLS_AES_128_GCM_SHA256', 'ECDHE-RSA-ROT13'] },
    at: 'upstreams.mdm.tls.ciphers',
  },
  {
    promise: 'a key that belongs to another certificate is a fault',
    identity: { chainPem: us.chainPem, keyPem: stranger.keyPem },
    at: 'upstreams.mdm.tls.clientCertificate',
  },
  {
    promise: 'a chain that cannot be read is a fault',
    identity: { chainPem: 'nothing', keyPem: us.keyPem },
    at: 'upstreams.mdm.tls.clientCertificate',
  },
]

for (const { promise, tls, identity, at } of faultRows) {
  test(promise, () => {
    const settings = upstreamSettings(443, tls === undefined ? {} : { tls })
    const opened = openUpstream(settings, { identity, onUntrusted: () => {} })
    expect(opened).toMatchObject({ ok: false, failure: [{ at }] })
  })
}
