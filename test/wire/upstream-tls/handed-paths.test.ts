/**
 * A path that our judge found and the TLS library did not is handed to the library, which has the last word on it: once,
 * remembered for as long as it serves, and told as what it is where the library refuses it all the same.
 */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { X509Certificate } from 'node:crypto'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { openUpstream, type UpstreamOptions } from '../../../src/forward/balance/upstream.ts'
import type { DialPlan } from '../../../src/forward/connect/attempt.ts'
import { pathContext } from '../../../src/forward/connect/client-context.ts'
import { dial, placeOf } from '../../../src/forward/connect/dial.ts'
import { HandedPaths } from '../../../src/forward/connect/handed-paths.ts'
import { presentedList } from '../../../src/forward/connect/presented-chain.ts'
import { ownPathCheck, type TimelyPath } from '../../../src/forward/connect/own-path-check.ts'
import { pinOf } from '../../../src/forward/connect/pins.ts'
import type { UntrustedServer } from '../../../src/forward/connect/untrusted.ts'
import { testServer } from '../../../src/forward/diagnose/test-server.ts'
import type { UpstreamTls } from '../../../src/forward/settings.ts'
import type { UpstreamFailure } from '../../../src/forward/upstream-failure.ts'
import { parseCertificate, type Certificate } from '../../../src/x509/certificate.ts'
import * as der from '../../support/certificates/der-writer.ts'
import {
  keyUsage,
  mintCa,
  mintLeaf,
  OIDS,
  type Ca,
  type LeafOptions,
} from '../../support/certificates/mint.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { serverOptions, upstreamSettings } from '../../support/front-ends/forwarding-server.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const DAY = 86_400_000
const stranger = mintCa({ name: 'Stranger' })
const root = mintCa({ name: 'Root' })
const keys = mintKeys()
const issuing = mintCa({ name: 'Issuing', keys, issuer: root })
const elsewhere = mintCa({ name: 'Issuing', keys, issuer: stranger })
const leaf = mintLeaf({ issuer: issuing, dns: ['upstream.test'], purposes: ['serverAuth'] })

type Sent = { readonly chainPem: string; readonly keyPem: string }
const sending = (first: Sent & { readonly pem: string }, ...others: readonly Ca[]): Sent => ({
  chainPem: [first, ...others].map(({ pem }) => pem).join(''),
  keyPem: first.keyPem,
})

/** The library takes the first of two alternates, which leads nowhere. */
const misleading = sending(leaf, elsewhere, issuing)

/**
 * What key identifiers of the old kind do to a cross-signed CA (RFC 5280 §4.2.1.1): the leaf names the serial number of the
 * one certificate, and the trusted path goes over the other. RFC 4158 §3.5.12 calls them hints; OpenSSL goes by them.
 */
const named = mintLeaf({
  issuer: issuing,
  dns: ['upstream.test'],
  purposes: ['serverAuth'],
  extensions: [
    {
      oid: OIDS.authorityKeyIdentifier,
      value: der.sequence(
        der.context(1, der.context(4, stranger.subject)),
        der.contextPrimitive(2, Buffer.from([77])),
      ),
    },
  ],
})
const contradicting = sending(named, issuing)
const impostor = mintLeaf({ issuer: stranger, dns: ['upstream.test'], purposes: ['serverAuth'] })

const trusting = (...cas: readonly Ca[]): Pick<UpstreamTls, 'trust'> => ({
  trust: {
    default: 'off',
    custom: [{ at: 'ca.pem', bytes: Buffer.from(cas.map(({ pem }) => pem).join('')) }],
  },
})

interface Opened {
  readonly plan: DialPlan
  readonly untrusted: readonly UntrustedServer[]
  dial(): Promise<'reached' | UpstreamFailure>
}

function opened(port: number, tls: Partial<UpstreamTls> = trusting(root)): Opened {
  const untrusted: UntrustedServer[] = []
  const options: UpstreamOptions = {
    identity: undefined,
    onUntrusted: (facts) => untrusted.push(facts),
  }
  const upstream = openUpstream(upstreamSettings(port, { tls }), options)
  if (!upstream.ok) throw new Error(JSON.stringify(upstream.failure))
  const [server] = upstream.value.servers
  if (server === undefined) throw new Error('no server')
  return {
    plan: server.plan,
    untrusted,
    dial: async () =>
      await new Promise((resolve) => {
        dial(server.plan, (result) => {
          if (result.ok) result.value.destroy()
          resolve(result.ok ? 'reached' : result.failure)
        })
      }),
  }
}

/**
 * Counts connections as they come: a client that has seen enough may be gone before the server has. What is sent may be
 * another on each connection, the last one from then on.
 */
async function serving(sent: Sent, ...later: readonly Sent[]) {
  let connections = 0
  const contexts = [sent, ...later].map(({ chainPem, keyPem }) =>
    createSecureContext({ cert: chainPem, key: keyPem }),
  )
  const server = await rawUpstream(
    {
      ...serverOptions(sent),
      // Asked once for each hello, because every client sends a name.
      SNICallback: (_, done) => {
        const context = contexts[connections] ?? contexts.at(-1)
        connections += 1
        done(null, context)
      },
    },
    () => {},
  )
  return {
    port: server.port,
    connections: () => connections,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test('only the first connection costs a second handshake', async () => {
  await using server = await serving(misleading)
  const upstream = opened(server.port)
  const handshakes: number[] = []
  for (let time = 0; time < 3; time += 1) {
    expect(await upstream.dial()).toBe('reached')
    handshakes.push(server.connections())
  }
  expect(handshakes).toEqual([2, 3, 4])
})

test('a chain that the library finds its way through costs one handshake, and is not handed', async () => {
  await using server = await serving(leaf)
  const upstream = opened(server.port)
  expect([await upstream.dial(), server.connections()]).toEqual(['reached', 1])
})

test('a server that has another chain by now is reached by that one', async () => {
  const before = await serving(misleading)
  const upstream = opened(before.port)
  expect(await upstream.dial()).toBe('reached')
  const known = upstream.plan.handedPaths
  await before[Symbol.asyncDispose]()
  const other = mintCa({ name: 'Other Root' })
  const renewed = mintLeaf({ issuer: other, dns: ['upstream.test'], purposes: ['serverAuth'] })
  await using after = await serving(renewed)
  const moved = opened(after.port, trusting(root, other))
  const { name } = upstream.plan.server
  // Under the same name it is the same server, with a certificate of another CA.
  const plan = { ...moved.plan, server: { ...moved.plan.server, name }, handedPaths: known }
  expect(known?.taken(placeOf(plan), Date.now())).toBeDefined()
  const isReached = await new Promise((resolve) => {
    dial(plan, (result) => {
      if (result.ok) result.value.destroy()
      resolve(result.ok)
    })
  })
  expect([isReached, after.connections()]).toEqual([true, 2])
  expect(known?.taken(placeOf(plan), Date.now())).toBeUndefined()
})

test('where the library refuses that path too, it is told so, and handed no second time', async () => {
  await using server = await serving(contradicting)
  const upstream = opened(server.port)
  const disputed = {
    kind: 'tls-untrusted',
    why: 'disputed',
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  }
  const handshakes: number[] = []
  for (let time = 0; time < 2; time += 1) {
    expect(await upstream.dial()).toEqual(disputed)
    handshakes.push(server.connections())
  }
  expect(handshakes).toEqual([2, 3])
})

test('another server that answers while a path is handed does not spoil the path', async () => {
  await using server = await serving(misleading, impostor, impostor, misleading)
  const upstream = opened(server.port)
  expect(await upstream.dial()).toMatchObject({ kind: 'tls-untrusted', why: 'unknown-issuer' })
  expect(await upstream.dial()).toBe('reached')
  expect(server.connections()).toBe(5)
})

test('another server of the same upstream that answers while a path is handed is reached', async () => {
  const second = mintCa({ name: 'Second Root' })
  const own = mintLeaf({ issuer: second, dns: ['upstream.test'], purposes: ['serverAuth'] })
  await using server = await serving(misleading, own)
  const upstream = opened(server.port, trusting(root, second))
  expect([await upstream.dial(), server.connections()]).toEqual(['reached', 3])
})

const MODES: readonly (readonly [promise: string, tls: Partial<UpstreamTls>])[] = [
  ['Allow and Log', { strict: true, allowAndLog: true }],
  ['strict TLS off', { strict: false }],
]

for (const [mode, tls] of MODES) {
  test(`with ${mode} a server whose path was found is not called untrusted`, async () => {
    await using server = await serving(misleading)
    const upstream = opened(server.port, { ...tls, ...trusting(root) })
    expect([await upstream.dial(), upstream.untrusted]).toEqual(['reached', []])
  })

  test(`with ${mode} a server is used although the library refuses the path that was found, and is said to be disputed`, async () => {
    await using server = await serving(contradicting)
    const upstream = opened(server.port, { ...tls, ...trusting(root) })
    for (let time = 0; time < 2; time += 1) expect(await upstream.dial()).toBe('reached')
    const disputed = { untrusted: { why: 'disputed' } }
    expect(upstream.untrusted).toMatchObject([disputed, disputed])
    expect(server.connections()).toBe(4)
  })

  test(`with ${mode} a server is used although the connection for the path that was found breaks`, async () => {
    await using server = await serving(misleading)
    let connections = 0
    const front = createServer((incoming) => {
      connections += 1
      if (connections === 2) return void incoming.destroy()
      const outgoing = connectTcp(server.port, '127.0.0.1')
      pipeline(incoming, outgoing, incoming, () => {})
    })
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    const { port } = front.address() as AddressInfo
    const upstream = opened(port, { ...tls, ...trusting(root) })
    expect([await upstream.dial(), connections]).toEqual(['reached', 3])
    expect(upstream.untrusted).toMatchObject([{ untrusted: { why: 'unknown-issuer' } }])
    front.close()
  })

  test(`with ${mode} a server without any path is called untrusted, after one handshake`, async () => {
    await using server = await serving(sending(leaf, elsewhere))
    const upstream = opened(server.port, { ...tls, ...trusting(root) })
    expect(await upstream.dial()).toBe('reached')
    expect(upstream.untrusted).toMatchObject([{ untrusted: { why: 'unknown-issuer' } }])
    expect(server.connections()).toBe(1)
  })
}

test('a pin and a name still refuse a server whose path was found', async () => {
  await using server = await serving(misleading)
  const pins = ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']
  expect(await opened(server.port, { ...trusting(root), pins }).dial()).toMatchObject({
    kind: 'tls-pin-mismatch',
  })
  const hostname = 'elsewhere.test'
  expect(await opened(server.port, { ...trusting(root), hostname }).dial()).toMatchObject({
    kind: 'tls-name-mismatch',
  })
})

for (const [what, sent] of [
  ['that is handed', misleading],
  ['that the library finds', sending(leaf, issuing)],
] as const) {
  test(`our own certificate without its issuer is completed from the trust store on a path ${what}`, async () => {
    const clients = mintCa({ name: 'Clients', issuer: root })
    const own = mintLeaf({ issuer: clients, purposes: ['clientAuth'] })
    const shown: string[][] = []
    await using server = await rawUpstream(
      { ...serverOptions(sent), requestCert: true, rejectUnauthorized: true, ca: [root.pem] },
      ({ socket }) => {
        const certificate = socket.getPeerX509Certificate()
        if (certificate === undefined) throw new Error('no certificate')
        shown.push(presentedList(certificate).map(({ raw }) => raw.toString('hex')))
        socket.end()
      },
    )
    const identity = { chainPem: own.pem, keyPem: own.keyPem }
    const upstream = openUpstream(upstreamSettings(server.port, { tls: trusting(root, clients) }), {
      identity,
      onUntrusted: () => {},
    })
    if (!upstream.ok) throw new Error(JSON.stringify(upstream.failure))
    const [first] = upstream.value.servers
    if (first === undefined) throw new Error('no server')
    const reached = await new Promise<Socket>((resolve, reject) => {
      dial(first.plan, (result) => {
        if (result.ok) resolve(result.value)
        else reject(new Error(JSON.stringify(result.failure)))
      })
    })
    reached.resume()
    await once(reached, 'close')
    expect(shown.at(-1)?.slice(0, 2)).toEqual(
      [own, clients].map(({ der: it }) => it.toString('hex')),
    )
    expect(first.plan.handedPaths?.taken(placeOf(first.plan), Date.now()) !== undefined).toBe(
      sent === misleading,
    )
  })
}

const middle = mintCa({ name: 'Middle', issuer: root })
const lower = mintCa({ name: 'Lower', keys, issuer: middle })
const astray = mintCa({ name: 'Lower', keys, issuer: stranger })
const lowest = mintLeaf({ issuer: lower, dns: ['upstream.test'], purposes: ['serverAuth'] })

test('a path may end at a trusted CA that another CA signed', async () => {
  await using server = await serving(sending(lowest, astray, lower, middle))
  expect(await opened(server.port, trusting(middle)).dial()).toBe('reached')
})

test('a pin counts for the CAs of a path that was handed, and for none that only stands beside it', async () => {
  const beside = mintCa({ name: 'Beside', issuer: root })
  await using server = await serving(sending(lowest, astray, beside, lower, middle))
  const pins = (ca: Ca): readonly string[] => [pinOf(new X509Certificate(ca.pem))]
  const pinned = (ca: Ca) => opened(server.port, { ...trusting(root), pins: pins(ca) })
  expect(await pinned(middle).dial()).toBe('reached')
  for (const other of [beside, stranger, root]) {
    expect(await pinned(other).dial()).toMatchObject({ kind: 'tls-pin-mismatch' })
  }
})

test('a certificate that is trusted itself is reached beside a trusted CA that has expired', async () => {
  const past = { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }
  const old = mintCa({ name: 'Old', ...past })
  const own = mintLeaf({ issuer: old, dns: ['upstream.test'], purposes: ['serverAuth'] })
  await using server = await serving(own)
  expect(await opened(server.port, trusting(old)).dial()).toMatchObject({ why: 'expired' })
  expect(await opened(server.port, trusting(old, { ...old, pem: own.pem })).dial()).toBe('reached')
})

const UNFIT: readonly (readonly [promise: string, unfit: Partial<LeafOptions>, why: string])[] = [
  ['that is for clients only', { purposes: ['clientAuth'] }, 'wrong-purpose'],
  [
    'whose key may only sign certificates',
    { extensions: [keyUsage('keyCertSign')] },
    // We have no word on the key usage of a certificate that is listed; the library has.
    'disputed',
  ],
]
for (const [promise, unfit, why] of UNFIT) {
  test(`a certificate that is trusted itself and ${promise} is no server's`, async () => {
    const usual = { issuer: root, dns: ['upstream.test'], purposes: ['serverAuth'] } as const
    const own = mintLeaf({ ...usual, ...unfit })
    await using server = await serving(own)
    const upstream = opened(server.port, trusting({ ...root, pem: own.pem }))
    const failure = { kind: 'tls-untrusted', why, code: 'INVALID_PURPOSE' }
    expect(await upstream.dial()).toMatchObject(failure)
    const { plan } = upstream
    expect(plan.handedPaths?.taken(placeOf(plan), Date.now())).toBeUndefined()
    // Control: nothing else is wrong with it.
    const fit = mintLeaf(usual)
    await using other = await serving(fit)
    expect(await opened(other.port, trusting({ ...root, pem: fit.pem })).dial()).toBe('reached')
  })
}

test("a CA's new key signed with its old one is not handed where it would pass for an anchor", async () => {
  const without = [OIDS.authorityKeyIdentifier, OIDS.subjectKeyIdentifier]
  const old = mintCa({ name: 'Turning', without })
  const turned = mintCa({ name: 'Turning', issuer: old, without })
  const own = mintLeaf({
    issuer: turned,
    dns: ['upstream.test'],
    purposes: ['serverAuth'],
    without,
  })
  await using server = await serving(sending(own, turned))
  expect(await opened(server.port, trusting(old)).dial()).toMatchObject({ why: 'disputed' })
  expect(server.connections()).toBe(1)
  const path = timely(own, [turned], old)
  // Control: it would pass for one.
  const forged = timely(own, [mintCa({ name: 'Turning', keys: turned, without })], stranger)
  expect(await believed(server.port, pathContext(settingsTls(), undefined, forged))).toBe(true)
  expect(path.intermediates).toHaveLength(1)
})

test('what is handed as an intermediate is no anchor', async () => {
  await using server = await serving(sending(lowest, lower))
  const forged = timely(
    lowest,
    [lower, mintCa({ name: 'Middle', keys: middle, issuer: stranger })],
    root,
  )
  expect(await believed(server.port, pathContext(settingsTls(), undefined, forged))).toBe(false)
  const honest = timely(lowest, [lower, middle], root)
  expect(await believed(server.port, pathContext(settingsTls(), undefined, honest))).toBe(true)
})

test('a path is remembered for as long as every CA of it is valid, the anchor included', () => {
  const now = Date.now()
  const anchor = mintCa({ name: 'Anchor', issuer: root, notAfter: now + DAY })
  const below = mintCa({ name: 'Below', issuer: anchor, notBefore: now - DAY })
  const own = mintLeaf({ issuer: below, dns: ['upstream.test'], purposes: ['serverAuth'] })
  const found = timely(own, [below], anchor)
  const paths = new HandedPaths(settingsTls(), undefined, {
    fault: () => undefined,
    timelyPath: () => found,
  })
  const about = { leaf: new X509Certificate(own.der), code: 'CERT_HAS_EXPIRED' }
  const handover = paths.find('here', about, now)
  if (handover?.kind !== 'hand') throw new Error('not handed')
  const { notBefore, notAfter } = handover.path
  expect([notBefore, notAfter]).toEqual([found.intermediates[0]?.notBefore, found.anchor.notAfter])
  for (const [at, kept] of [
    [notBefore, true],
    [notAfter, true],
    [notBefore - 1, false],
    [notAfter + 1, false],
  ] as const) {
    paths.remember('here', handover.path)
    expect(paths.taken('here', at)).toEqual(kept ? handover.path : undefined)
    expect(paths.taken('elsewhere', at)).toBeUndefined()
  }
})

for (const code of ['CERT_REVOKED', 'CERT_REJECTED', 'HOSTNAME_MISMATCH', 'CRL_HAS_EXPIRED']) {
  test(`after ${code} no other path is looked for`, () => {
    const tls = settingsTls()
    const found = timely(leaf, [issuing], root)
    const paths = new HandedPaths(tls, undefined, {
      fault: () => undefined,
      timelyPath: () => found,
    })
    const shown = new X509Certificate(leaf.der)
    expect(paths.find('here', { leaf: shown, code }, Date.now())).toBeUndefined()
    const other = { leaf: shown, code: 'SELF_SIGNED_CERT_IN_CHAIN' }
    expect(paths.find('here', other, Date.now())?.kind).toBe('hand')
  })
}

test('our judge finds no path at a time at which a certificate of it is not valid', async () => {
  await using server = await serving(misleading)
  const socket = connect({ port: server.port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) throw new Error('no certificate')
  const check = ownPathCheck(settingsTls())
  const { notBefore, notAfter } = parsed(leaf)
  expect(check.timelyPath(shown, notBefore)?.anchor.fingerprint).toBe(parsed(root).fingerprint)
  expect(check.timelyPath(shown, notBefore - 1)).toBeUndefined()
  expect(check.timelyPath(shown, notAfter + DAY)).toBeUndefined()
  socket.destroy()
})

test('a test of the server says that its path had to be found, and what other clients may say', async () => {
  await using server = await serving(misleading)
  const report = await testServer(opened(server.port).plan)
  expect(report).toMatchObject({
    usable: true,
    failures: [],
    tls: { trust: 'passed', alone: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' },
  })
})

test('a test of the server tells our yes and the no of the library apart', async () => {
  await using server = await serving(contradicting)
  const report = await testServer(opened(server.port).plan)
  expect(report).toMatchObject({ usable: false, tls: { trust: 'failed', alone: undefined } })
  expect(report.failures.map(({ code, sentence }) => [code, sentence])).toEqual([
    [
      'tls-untrusted',
      expect.stringContaining('our own judge finds a sound path to the trust store'),
    ],
  ])
})

test('a test of the server calls nothing disputed when another server has answered', async () => {
  await using server = await serving(misleading, impostor)
  const report = await testServer(opened(server.port).plan)
  expect(report).toMatchObject({ usable: false, tls: { trust: 'failed', alone: undefined } })
  expect(report.failures.map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining('its chain does not lead to the trust store'),
  ])
})

function settingsTls(): UpstreamTls {
  const { tls } = upstreamSettings(1, { tls: trusting(root) })
  if (tls === undefined) throw new Error('no TLS')
  return tls
}

function parsed({ der: octets }: { readonly der: Buffer }): Certificate {
  const certificate = parseCertificate(octets)
  if (!certificate.ok) throw new Error(certificate.failure.kind)
  return certificate.value
}

const timely = (
  own: { readonly der: Buffer },
  intermediates: readonly Ca[],
  anchor: Ca,
): TimelyPath => ({
  leaf: parsed(own),
  intermediates: intermediates.map(parsed),
  anchor: parsed(anchor),
})

async function believed(port: number, secureContext: SecureContext): Promise<boolean> {
  const options = { host: '127.0.0.1', port, secureContext, rejectUnauthorized: false }
  const socket = connect({ ...options, servername: 'upstream.test' })
  await once(socket, 'secureConnect')
  const { authorized } = socket
  socket.destroy()
  return authorized
}
