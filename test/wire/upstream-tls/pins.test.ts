/**
 * Pinned keys: on the path that the server shows, and on nothing that merely stands beside it.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { pinOf } from '../../../src/forward/connect/pins.ts'
import { presentedList } from '../../../src/forward/connect/presented-chain.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  serverOptions,
  upstreamCa,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import type { Keys } from '../../support/certificates/mint-certificate.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const first = (pem: string): X509Certificate => new X509Certificate(pem)
const pin = (pem: string): string => pinOf(first(pem))

const issuing = mintCa({ name: 'Issuing', issuer: upstreamCa })
const genuine = mintLeaf({ issuer: issuing, dns: ['upstream.test'], purposes: ['serverAuth'] })
/** The same trusted CA signed it, for another key. */
const rogueCa = mintCa({ name: 'Rogue', issuer: upstreamCa })
const rogue = mintLeaf({ issuer: rogueCa, dns: ['upstream.test'], purposes: ['serverAuth'] })
const stranger = mintCa({ name: 'Stranger' })
const selfMade = mintLeaf({ issuer: stranger, dns: ['upstream.test'], purposes: ['serverAuth'] })

interface Row {
  readonly promise: string
  readonly shows: { readonly chainPem: string; readonly keyPem: string }
  readonly pins: readonly string[]
  readonly status: '200 OK' | '502 Bad Gateway'
}

/** The genuine issuer stands in the list and signed nothing there. */
const decorated = { ...rogue, chainPem: rogue.chainPem + issuing.pem }

/** No CA, of the genuine issuer, with the name and the key of another one; OpenSSL passes it over because it is old. */
const impostor = mintLeaf({
  issuer: issuing,
  name: 'Rogue',
  keys: rogueCa,
  notBefore: Date.now() - 900_000,
  notAfter: Date.now() - 60_000,
  without: ['2.5.29.15'],
})
const detoured = {
  ...rogue,
  chainPem: first(rogue.chainPem).toString() + impostor.pem + issuing.pem + rogueCa.pem,
}

const rows: readonly Row[] = [
  {
    promise: 'the pinned key of the leaf is enough',
    shows: genuine,
    pins: [pin(genuine.chainPem)],
    status: '200 OK',
  },
  {
    promise: 'the pinned key of an issuer that is sent is enough',
    shows: genuine,
    pins: [pin(issuing.pem)],
    status: '200 OK',
  },
  {
    promise: 'one of several pins is enough',
    shows: genuine,
    pins: [pin(stranger.pem), pin(genuine.chainPem)],
    status: '200 OK',
  },
  {
    promise: 'a trusted certificate of another key is refused',
    shows: rogue,
    pins: [pin(genuine.chainPem), pin(issuing.pem)],
    status: '502 Bad Gateway',
  },
  {
    promise: 'the pinned certificate beside a path that it did not sign is refused',
    shows: decorated,
    pins: [pin(issuing.pem)],
    status: '502 Bad Gateway',
  },
  {
    promise: 'a certificate that is no CA leads up to no pin',
    shows: detoured,
    pins: [pin(issuing.pem)],
    status: '502 Bad Gateway',
  },
  {
    promise: 'control: without pins the path past it is believed',
    shows: detoured,
    pins: [],
    status: '200 OK',
  },
  {
    promise: 'a trust anchor that the server does not send is not shown',
    shows: genuine,
    pins: [pin(upstreamCa.pem)],
    status: '502 Bad Gateway',
  },
  {
    promise: 'control: without pins the same other key is believed',
    shows: rogue,
    pins: [],
    status: '200 OK',
  },
]

async function asked(shows: Row['shows'], options: ForwardingServerOptions) {
  await using upstream = await rawUpstream(serverOptions(shows), answering(OK))
  await using proxy = await forwardingServer(upstream.port, options)
  await using device = await Device.to(proxy.port)
  device.request('GET /')
  const { startLine } = await device.response()
  return { startLine, outcome: await proxy.outcome(), untrusted: proxy.untrusted }
}

for (const { promise, shows, pins, status } of rows) {
  test(promise, async () => {
    const { startLine, outcome } = await asked(shows, { tls: { pins } })
    expect(startLine).toBe(`HTTP/1.1 ${status}`)
    expect(outcome.failure?.kind).toBe(status === '200 OK' ? undefined : 'tls-pin-mismatch')
  })
}

test('control: a check of the list instead of the path is fooled', async () => {
  const { outcome } = await asked(decorated, { tls: { pins: [pin(issuing.pem)] } })
  // What was shown as the path lacks the pin, although Node lists the pinned certificate.
  expect(outcome.failure).toEqual({
    kind: 'tls-pin-mismatch',
    shown: [pin(rogue.chainPem), pin(rogueCa.pem)],
  })
  let listed: readonly string[] = []
  await using upstream = await rawUpstream(serverOptions(decorated), () => {})
  const socket = connect({ port: upstream.port, ca: upstreamCa.pem, servername: 'upstream.test' })
  await once(socket, 'secureConnect')
  const leaf = socket.getPeerX509Certificate()
  if (leaf !== undefined) listed = presentedList(leaf).map(pinOf)
  socket.destroy()
  expect(listed).toContain(pin(issuing.pem))
})

test('without strict TLS another key is used, and said with the keys that were shown', async () => {
  const pins = [pin(genuine.chainPem)]
  const { startLine, untrusted } = await asked(rogue, { tls: { strict: false, pins } })
  expect(startLine).toBe('HTTP/1.1 200 OK')
  expect(untrusted).toMatchObject([
    {
      untrusted: undefined,
      mismatch: undefined,
      unpinned: [pin(rogue.chainPem), pin(rogueCa.pem)],
    },
  ])
})

test('an RSA key whose verifications take 70 times as long has signed nothing', async () => {
  const dear = mintCa({ name: 'Dear', keys: withLongExponent() })
  const shows = mintLeaf({ issuer: dear, dns: ['upstream.test'], purposes: ['serverAuth'] })
  // Control: the signature holds.
  expect(first(shows.pem).verify(first(dear.pem).publicKey)).toBe(true)
  const sent = { ...shows, chainPem: shows.pem + dear.pem }
  const { untrusted } = await asked(sent, { tls: { strict: false, pins: [pin(dear.pem)] } })
  expect(untrusted).toMatchObject([{ unpinned: [pin(shows.pem)] }])
  const usual = mintCa({ name: 'Usual', keyType: 'rsa2048' })
  const like = mintLeaf({ issuer: usual, dns: ['upstream.test'], purposes: ['serverAuth'] })
  const other = { ...like, chainPem: like.pem + usual.pem }
  const control = await asked(other, { tls: { strict: false, pins: [pin(usual.pem)] } })
  expect(control.untrusted).toMatchObject([{ unpinned: undefined }])
})

/** No generator makes one: public and private exponent of an RSA key change places (RFC 8017 §3.2). */
function withLongExponent(): Keys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { e, d, ...others } = privateKey.export({ format: 'jwk' })
  if (e === undefined || d === undefined) throw new Error('no exponents')
  // What is private now is shorter than p - 1 and q - 1, and so is itself modulo both.
  const jwk = { ...others, e: d, d: e, dp: e, dq: e }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  return { key, spki: createPublicKey(key).export({ type: 'spki', format: 'der' }) }
}

test('without strict TLS a pinned key does not hide an untrusted chain', async () => {
  const pins = [pin(selfMade.chainPem)]
  const { untrusted } = await asked(selfMade, { tls: { strict: false, pins } })
  expect(untrusted).toMatchObject([{ untrusted: { why: 'unknown-issuer' }, unpinned: undefined }])
})
