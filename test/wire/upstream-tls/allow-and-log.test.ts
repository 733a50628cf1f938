/**
 * Allow and Log untrusted servers under strict TLS: a server that no trust store vouches for is used and reported, and
 * whatever else strict TLS refuses is refused still. Each row is played without the switch, and without strict TLS, too.
 */
import { expect, test } from 'vitest'
import type { UntrustedReason } from '../../../src/forward/untrusted-reason.ts'
import * as der from '../../support/certificates/der-writer.ts'
import {
  mintCa,
  mintLeaf,
  OIDS,
  type CaOptions,
  type Leaf,
  type LeafOptions,
} from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  serverOptions,
  upstreamCa,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream, type RawUpstream } from '../../support/upstreams/raw-upstream.ts'

const DAY = 86_400_000
const stranger = mintCa({ name: 'Stranger' })
const below = (options: CaOptions = {}) =>
  mintCa({ name: 'Strange Intermediate', issuer: stranger, ...options })

const server = (options: Partial<LeafOptions> = {}): Leaf =>
  mintLeaf({ issuer: stranger, dns: ['upstream.test'], purposes: ['serverAuth'], ...options })

/** All that leads to the root, the root included. */
const withRoot = (leaf: Leaf): Leaf => ({ ...leaf, chainPem: leaf.chainPem + stranger.pem })
const alone = (leaf: Leaf): Leaf => ({ ...leaf, chainPem: leaf.pem })

type Tls = NonNullable<ForwardingServerOptions['tls']>

const ALLOWED: readonly (readonly [promise: string, leaf: Leaf, why: UntrustedReason])[] = [
  ['a server whose CA is in no trust store', server(), 'unknown-issuer'],
  ['one that sends its unknown root, too', withRoot(server()), 'unknown-issuer'],
  ['one below an intermediate of an unknown CA', server({ issuer: below() }), 'unknown-issuer'],
  [
    'one below an intermediate, with the unknown root',
    withRoot(server({ issuer: below() })),
    'unknown-issuer',
  ],
  ['one that does not send its intermediate', alone(server({ issuer: below() })), 'unknown-issuer'],
  ['one that signed its certificate itself', server({ selfSigned: true }), 'self-signed'],
  ['one without a purpose in its certificate', server({ purposes: [] }), 'unknown-issuer'],
]

for (const [promise, leaf, why] of ALLOWED) {
  test(`${promise} is used and reported under Allow and Log, once for each connection`, async () => {
    await using upstream = await keeping(leaf, [])
    await using proxy = await forwardingServer(upstream.port, { tls: { allowAndLog: true } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
    expect(proxy.untrusted).toMatchObject([
      { because: 'allow-and-log', untrusted: { why }, mismatch: undefined, unpinned: undefined },
    ])
    expect(proxy.errors).toMatchObject([{ code: 'tls-untrusted', detail: why, allowed: true }])
  })

  test(`control: ${promise} is refused without Allow and Log, and told nothing`, async () => {
    const heads: string[] = []
    await using upstream = await keeping(leaf, heads)
    await using proxy = await forwardingServer(upstream.port)
    expect(await ask(proxy.port)).toBe('HTTP/1.1 502 Bad Gateway')
    expect(proxy.untrusted).toEqual([])
    expect((await proxy.outcome()).failure).toMatchObject({ kind: 'tls-untrusted', why })
    expect(heads).toEqual([])
  })
}

test('a server that a trust store vouches for is used under Allow and Log, and nothing is reported', async () => {
  await using upstream = await keeping(server({ issuer: upstreamCa }), [])
  await using proxy = await forwardingServer(upstream.port, { tls: { allowAndLog: true } })
  expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
  expect([proxy.untrusted, proxy.errors]).toEqual([[], []])
})

const past = { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }
const future = { notBefore: Date.now() + DAY, notAfter: Date.now() + 9 * DAY }
const odd = mintCa({ name: 'Odd CA', without: [OIDS.basicConstraints] })
const permitted = der.contextPrimitive(2, Buffer.from('test'))
const NAME_CONSTRAINTS = der.sequence(der.context(0, der.sequence(permitted)))

interface Refused {
  readonly promise: string
  readonly leaf: Leaf
  readonly tls?: Tls
  readonly failure: object
}

const untrusted = (why: UntrustedReason, code?: string): object => ({
  kind: 'tls-untrusted',
  why,
  ...(code === undefined ? {} : { code }),
})
const MISMATCH = { kind: 'tls-name-mismatch', issuedTo: ['other.test'] }

const REFUSED: readonly Refused[] = [
  {
    promise: 'an untrusted server of another name',
    leaf: server({ dns: ['other.test'] }),
    failure: MISMATCH,
  },
  {
    promise: 'a self-signed server of another name',
    leaf: server({ selfSigned: true, dns: ['other.test'] }),
    failure: MISMATCH,
  },
  {
    promise: 'a trusted server of another name',
    leaf: server({ issuer: upstreamCa, dns: ['other.test'] }),
    failure: MISMATCH,
  },
  {
    promise: 'a trusted server whose certificate has expired',
    leaf: server({ issuer: upstreamCa, ...past }),
    failure: untrusted('expired'),
  },
  {
    promise: 'an untrusted server whose certificate has expired',
    leaf: server(past),
    failure: untrusted('expired'),
  },
  {
    promise: 'a self-signed server whose certificate has expired',
    leaf: server({ selfSigned: true, ...past }),
    failure: untrusted('expired'),
  },
  {
    promise: 'an untrusted server whose certificate is not valid yet',
    leaf: server(future),
    failure: untrusted('not-yet-valid'),
  },
  {
    promise: 'an untrusted server below an intermediate that has expired',
    leaf: server({ issuer: below(past) }),
    failure: untrusted('expired'),
  },
  {
    promise: 'an untrusted server with a certificate for clients',
    leaf: alone(server({ purposes: ['clientAuth'] })),
    failure: untrusted('wrong-purpose'),
  },
  {
    promise: 'an untrusted server with a certificate for clients, and its chain',
    leaf: withRoot(server({ issuer: below(), purposes: ['clientAuth'] })),
    failure: untrusted('wrong-purpose'),
  },
  {
    promise: 'a self-signed server with a certificate for clients',
    leaf: server({ selfSigned: true, purposes: ['clientAuth'] }),
    failure: untrusted('wrong-purpose'),
  },
  {
    promise: 'an untrusted server below a path that is longer than its CA allows',
    leaf: withRoot(server({ issuer: below({ name: 'Lower', issuer: below({ pathLength: 0 }) }) })),
    failure: untrusted('path-too-long'),
  },
  {
    promise: 'an untrusted server with a weak signature on its certificate',
    leaf: withRoot(server({ digest: 'sha1' })),
    failure: untrusted('too-weak', 'weak-signature'),
  },
  {
    promise: 'an untrusted server with a weak key of its own',
    leaf: server({ selfSigned: true, keyType: 'rsa1024' }),
    failure: { kind: 'tls-untrusted' },
  },
  {
    promise: 'an untrusted server on a chain that the TLS library believes and RFC 5280 does not',
    leaf: withRoot(
      server({
        extensions: [{ oid: OIDS.nameConstraints, critical: true, value: NAME_CONSTRAINTS }],
      }),
    ),
    failure: untrusted('name-constraints-unsupported', 'name-constraints-malformed'),
  },
  {
    promise: 'a server below an anchor of the trust store that is no CA',
    leaf: server({ issuer: odd }),
    tls: { trust: { default: 'off', custom: [{ at: 'ca.pem', bytes: Buffer.from(odd.pem) }] } },
    failure: untrusted('unsound', 'anchor-not-a-ca'),
  },
  {
    promise: 'an untrusted server with another key than the pinned one',
    leaf: server(),
    tls: { pins: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] },
    failure: { kind: 'tls-pin-mismatch' },
  },
]

for (const { promise, leaf, tls, failure } of REFUSED) {
  test(`${promise} is refused under Allow and Log, and told nothing`, async () => {
    const heads: string[] = []
    await using upstream = await keeping(leaf, heads)
    await using proxy = await forwardingServer(upstream.port, {
      tls: { ...tls, allowAndLog: true },
    })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toMatchObject(failure)
    expect(proxy.untrusted).toEqual([])
    expect(heads).toEqual([])
  })

  test(`control: ${promise} is used without strict TLS, where Allow and Log has no effect`, async () => {
    await using upstream = await keeping(leaf, [])
    await using proxy = await forwardingServer(upstream.port, {
      tls: { ...tls, strict: false, allowAndLog: true },
    })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
    expect(proxy.untrusted).toMatchObject([{ because: 'strict-off' }])
  })
}

async function ask(port: number): Promise<string> {
  await using device = await Device.to(port)
  device.request('GET /')
  return (await device.response()).startLine
}

/** A server that answers every request, and keeps what it was told. */
const keeping = (leaf: Leaf, heads: string[]): Promise<RawUpstream> =>
  rawUpstream({ ...serverOptions(leaf), ciphers: 'DEFAULT:@SECLEVEL=0' }, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      heads.push(request.head)
      peer.write(OK)
    }
  })
