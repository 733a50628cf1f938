/**
 * TLS towards the upstream beside the question of trust: names sent, versions, suites, our own certificate, and
 * what is said when strict TLS is off.
 */
import { expect, test } from 'vitest'
import { explainUpstream } from '../../../src/forward/upstream-failure.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  completedSelection,
  serverOptions,
  upstreamCa,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf, type LeafOptions } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const otherCa = mintCa({ name: 'Other CA' })

const server = (options: Partial<LeafOptions> = {}) =>
  mintLeaf({ issuer: upstreamCa, dns: ['upstream.test'], purposes: ['serverAuth'], ...options })

const mismatch = (issuedTo: readonly string[]) => ({
  kind: 'tls-name-mismatch',
  wanted: 'upstream.test',
  issuedTo,
  commonNameOnly: false,
})

test('the mismatch is told in the words the operator searches for', async () => {
  await using upstream = await rawUpstream(
    serverOptions(server({ dns: ['s01-trvlr-001'] })),
    answering(OK),
  )
  await using proxy = await forwardingServer(upstream.port)
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
  readonly tls: ForwardingServerOptions['tls']
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
    await using proxy = await forwardingServer(upstream.port, tls === undefined ? {} : { tls })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
    expect(upstream.peers[0]?.socket.servername).toBe(sni)
  })
}

test('the Host of a request changes neither SNI nor the verified name nor the connection', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await forwardingServer(upstream.port)
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
  await using proxy = await forwardingServer(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  for (const _ of [1, 2]) {
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
  }
  expect(proxy.untrusted).toEqual([
    {
      because: 'strict-off',
      upstream: 'mdm',
      server: `127.0.0.1:${upstream.port}`,
      untrusted: { why: 'unknown-issuer', code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' },
      mismatch: mismatch(['a.test']),
      chain: [
        {
          subject: expect.stringMatching(/^CN=/),
          issuer: 'CN=Other CA',
          not_after: expect.stringMatching(/Z$/),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    },
  ])
})

test('with strict TLS off a trusted chain with a wrong name is noticed', async () => {
  await using upstream = await rawUpstream(
    serverOptions(server({ dns: ['a.test'] })),
    answering(OK),
  )
  await using proxy = await forwardingServer(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  expect(proxy.untrusted).toMatchObject([{ untrusted: undefined, mismatch: mismatch(['a.test']) }])
})

test('with strict TLS off a good server is not complained about', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await forwardingServer(upstream.port, { tls: { strict: false } })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  expect(proxy.untrusted).toEqual([])
})

const us = mintLeaf({ issuer: upstreamCa, name: 'tfe', purposes: ['clientAuth'] })
const stranger = mintLeaf({ issuer: otherCa, name: 'tfe', purposes: ['clientAuth'] })
const demanding = { ...goodServer, requestCert: true, rejectUnauthorized: true, ca: upstreamCa.pem }

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const tls = { selection: completedSelection({ protocols: [version] }) }

  test(`over ${version} an upstream that demands our certificate gets it`, async () => {
    await using upstream = await rawUpstream(demanding, answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls, identity: us })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
    expect(upstream.peers[0]?.socket.getPeerX509Certificate()?.subject).toBe('CN=tfe')
  })

  test(`over ${version} an upstream that misses our certificate is a failed handshake, and the operator hears why`, async () => {
    await using upstream = await rawUpstream(demanding, answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls })
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
    await using proxy = await forwardingServer(upstream.port, { tls, identity: stranger })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).startLine).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toMatchObject({ kind: 'reset' })
  })
}

test('no common version is a failed handshake', async () => {
  await using upstream = await rawUpstream({ ...goodServer, maxVersion: 'TLSv1.2' }, answering(OK))
  await using proxy = await forwardingServer(upstream.port, {
    tls: { selection: completedSelection({ protocols: ['TLSv1.3'] }) },
  })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect((await proxy.outcome()).failure).toMatchObject({
    kind: 'tls-handshake',
    alert: 'protocol_version',
  })
})

test('TLS 1.0 and 1.1 connect when they are selected', async () => {
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const legacy = { ...goodServer, minVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    await using upstream = await rawUpstream(legacy, answering(OK))
    await using proxy = await forwardingServer(upstream.port, {
      tls: { selection: completedSelection({ protocols: [version] }, 'sentry-compat') },
    })
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    expect((await device.response()).body).toBe('ok')
    expect(upstream.peers[0]?.socket.getProtocol()).toBe(version)
  }
})

test('only the selected suites are offered', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using proxy = await forwardingServer(upstream.port, {
    tls: {
      selection: completedSelection({
        protocols: ['TLSv1.2'],
        suites: ['ECDHE-ECDSA-CHACHA20-POLY1305'],
      }),
    },
  })
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect(upstream.peers[0]?.socket.getCipher().name).toBe('ECDHE-ECDSA-CHACHA20-POLY1305')
})

test('the security level is lowered for the upstream with TLS 1.1 alone', async () => {
  const legacy = { ...goodServer, maxVersion: 'TLSv1.1' as const, minVersion: 'TLSv1' as const }
  const server = { ...legacy, ciphers: 'DEFAULT@SECLEVEL=0' }
  await using upstream = await rawUpstream(server, answering(OK))
  await using old = await forwardingServer(upstream.port, {
    tls: { selection: completedSelection({ protocols: ['TLSv1.2', 'TLSv1.1'] }) },
  })
  await using beside = await forwardingServer(upstream.port)
  const failures = []
  for (const proxy of [old, beside]) {
    await using device = await Device.to(proxy.port)
    device.request('GET /')
    await device.response()
    failures.push((await proxy.outcome()).failure?.kind)
  }
  expect(failures).toEqual([undefined, 'tls-handshake'])
})

test('X25519MLKEM768 is offered first, with a share, and agreed on where the upstream knows it', async () => {
  await using upstream = await rawUpstream(
    { ...goodServer, ecdhCurve: 'X25519MLKEM768:P-256' },
    answering(OK),
  )
  await using proxy = await forwardingServer(upstream.port)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  expect((await device.response()).body).toBe('ok')
  await using classical = await forwardingServer(upstream.port, {
    tls: { selection: completedSelection({ groups: ['X448'] }) },
  })
  await using other = await Device.to(classical.port)
  other.request('GET /')
  await other.response()
  expect((await classical.outcome()).failure?.kind).toBe('tls-handshake')
})

test('HTTP/2 is neither offered nor spoken', async () => {
  await using upstream = await rawUpstream(
    { ...goodServer, ALPNProtocols: ['h2', 'http/1.1'] },
    answering(OK),
  )
  await using proxy = await forwardingServer(upstream.port)
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
  await using proxy = await forwardingServer((plain.address() as { port: number }).port)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  await device.response()
  expect((await proxy.outcome()).failure).toMatchObject({ kind: 'tls-handshake', alert: undefined })
  plain.close()
})

test('an unknown name is a failed look-up', async () => {
  await using proxy = await forwardingServer(443, { hostname: 'no-such-host.invalid' })
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
  await using proxy = await forwardingServer(upstream.port)
  await using device = await Device.to(proxy.port)
  for (const _ of [1, 2, 3]) {
    device.request('GET /')
    await device.response()
  }
  expect(reused).toEqual([false, false, false])
})

test('plain HTTP is spoken where the settings say so', async () => {
  const { createServer } = await import('node:http')
  const plain = createServer((request, response) => response.end(request.url))
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve)
  })
  await using proxy = await forwardingServer((plain.address() as { port: number }).port, {
    plain: true,
  })
  await using device = await Device.to(proxy.port)
  device.request('GET /in-the-clear')
  expect((await device.response()).body).toBe('/in-the-clear')
  plain.closeAllConnections()
  plain.close()
})
