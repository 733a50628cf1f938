/**
 * The catalogue against the runtime itself: what is offered really connects, under the name that IANA gave it, and
 * what is called impossible is refused.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls'
import { afterAll, expect, test } from 'vitest'
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import { offeredItems } from '../../../src/upstream-tls/catalogue.ts'
import { handshakeOffer } from '../../../src/upstream-tls/handshake-offer.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'

const catalogue = runtimeCatalogue()
const ca = mintCa({ name: 'Catalogue CA' })
const leaf = (keys: 'p256' | 'rsa2048') =>
  mintLeaf({ issuer: ca, dns: ['upstream.test'], purposes: ['serverAuth'], keys: mintKeys(keys) })
const [ecdsa, rsa] = [leaf('p256'), leaf('rsa2048')]

const server = createServer({
  cert: [ecdsa.chainPem, rsa.chainPem],
  key: [ecdsa.keyPem, rsa.keyPem],
  minVersion: 'TLSv1',
  ciphers: [...offeredItems(catalogue, 'suites').map(({ name }) => name), '@SECLEVEL=0'].join(':'),
  ecdhCurve: offeredItems(catalogue, 'groups')
    .map(({ name }) => name)
    .join(':'),
  dhparam: 'auto',
})
server.on('tlsClientError', () => {})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
afterAll(() => server.close())

async function handshake(offer: ReturnType<typeof handshakeOffer>): Promise<TLSSocket> {
  const secureContext = createSecureContext({ ...offer, ca: ca.pem })
  const socket = connect({ host: '127.0.0.1', port, servername: 'upstream.test', secureContext })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

const DEFAULT = catalogue.defaults.secure

for (const { name, standardName, protocols } of offeredItems(catalogue, 'suites')) {
  for (const protocol of protocols) {
    test(`${name} alone connects over ${protocol} and is ${standardName}`, async () => {
      // An ECDSA certificate needs its own curve among them before TLS 1.3.
      const groups = ['X25519', 'P-256']
      const socket = await handshake(
        handshakeOffer({ protocols: [protocol], suites: [name], groups }),
      )
      expect(socket.getProtocol()).toBe(protocol)
      expect(socket.getCipher().standardName).toBe(standardName)
      socket.destroy()
    })
  }
}

for (const { name, protocols } of offeredItems(catalogue, 'groups')) {
  test(`the group ${name} alone connects over ${protocols[0]}`, async () => {
    const socket = await handshake(
      handshakeOffer({ ...DEFAULT, protocols: protocols.slice(0, 1), groups: [name] }),
    )
    const key = socket.getEphemeralKeyInfo()
    if (name.startsWith('ffdhe')) expect(key).toMatchObject({ type: 'DH' })
    else expect(key).toMatchObject({ name: LEGACY_NAMES.get(name) ?? name })
    socket.destroy()
  })
}

/** What OpenSSL's own reports call the curves. */
const LEGACY_NAMES = new Map([
  ['P-256', 'prime256v1'],
  ['P-384', 'secp384r1'],
  ['P-521', 'secp521r1'],
])

test('the default agrees on the hybrid group in one round trip', async () => {
  const socket = await handshake(handshakeOffer(DEFAULT))
  expect(socket.getProtocol()).toBe('TLSv1.3')
  expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'X25519MLKEM768' })
  socket.destroy()
})

test('SSLv2Hello and the lost suites are impossible with this runtime, each with a reason', () => {
  const impossible = [...catalogue.items.protocols, ...catalogue.items.suites].filter(
    ({ impossible }) => impossible !== undefined,
  )
  expect(impossible.map(({ name }) => name)).toContain('SSLv2Hello')
  expect(impossible.map(({ name }) => name)).toContain('DES-CBC3-SHA')
  for (const { name } of impossible.filter(({ name }) => name !== 'SSLv2Hello')) {
    expect(() => createSecureContext({ ciphers: `${name}:@SECLEVEL=0` })).toThrow(/no cipher match/)
  }
})
