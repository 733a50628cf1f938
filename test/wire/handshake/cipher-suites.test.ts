/**
 * Which suites every listener agrees to, found out by OpenSSL as a client that offers all that it has, at its lowest
 * security level, and then what was not chosen. The control is the same front end told to offer the runtime's own list.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { DEFAULT_CIPHER_SUITES } from '../../../src/handshake/cipher-suites.ts'
import { suiteFacts } from '../../../src/upstream-tls/suite.ts'
import { hasOpenssl } from '../../support/commands.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { agreedSuites, offerOf } from '../../support/devices/suite-scan.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet, product, type Product } from '../../support/front-ends/product.ts'

async function frontEnd(keyType: 'p256' | 'rsa2048', ciphers?: string): Promise<Product> {
  const server = mintLeaf({
    issuer: fleet.serverCa,
    keyType,
    purposes: ['serverAuth'],
    dns: ['localhost'],
  })
  const tls = ciphers === undefined ? '' : `\n    tls: { ciphers: [${ciphers}] }`
  const certificates =
    "    certificates:\n      - { chain: 'file:server.pem', key: 'file:server.key' }"
  const clip = `
  clip:
    purpose: web-clip
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
${certificates}
    routes: tested`
  return await product({
    upstreamPort: 1,
    createStore: true,
    files: { 'server.pem': server.chainPem, 'server.key': server.keyPem },
    yaml: {
      store: ' { sqlite: data/tfe.sqlite }',
      admin: " { port: 0, certificate: { chain: 'file:server.pem', key: 'file:server.key' } }",
      listeners: `${syncListeners('{ upstream: mdm }')}${tls}${clip}${tls}`,
    },
  })
}

const CBC_AND_STATIC_RSA =
  'ECDHE-RSA-AES128-SHA, ECDHE-RSA-AES256-SHA384, AES128-GCM-SHA256, AES256-SHA'

test.skipIf(!hasOpenssl()).each(['rsa2048', 'p256'] as const)(
  'with a key of %s every listener, that of administrators too, agrees to forward-secret AEAD suites alone',
  async (keyType) => {
    const offer12 = await offerOf('-tls1_2')
    const suites13 = DEFAULT_CIPHER_SUITES.filter((suite) => suite.startsWith('TLS_'))
    await using served = await frontEnd(keyType)
    const ports = { ...served.serving.ports, admin: served.adminPort ?? 0 }
    expect(Object.keys(ports).toSorted()).toEqual(['admin', 'clip', 'devices', 'sync'])
    const auth = keyType === 'rsa2048' ? '-RSA-' : '-ECDSA-'
    const wanted = DEFAULT_CIPHER_SUITES.filter((suite) => suite.includes(auth)).toSorted()
    expect(wanted).toHaveLength(3)
    for (const suite of wanted) expect(suiteFacts(suite)).toMatchObject({ aead: true })
    for (const [listener, port] of Object.entries(ports)) {
      const agreed12 = await agreedSuites(port, offer12)
      expect(agreed12, listener).toEqual(wanted)
      const agreed13 = await agreedSuites(port, { flag: '-tls1_3', suites: suites13 })
      expect(agreed13, listener).toEqual(suites13.toSorted())
    }
  },
  120_000,
)

test.skipIf(!hasOpenssl())(
  'a listener that names CBC and static RSA agrees to them: the scan would find them',
  async () => {
    await using served = await frontEnd('rsa2048', CBC_AND_STATIC_RSA)
    const port = served.serving.ports['clip'] ?? 0
    const agreed = await agreedSuites(port, await offerOf('-tls1_2'))
    expect(agreed).toEqual(CBC_AND_STATIC_RSA.split(', ').toSorted())
  },
  120_000,
)

test('a metric counts what each connection agreed on', async () => {
  await using served = await frontEnd('p256')
  for (const version of ['TLSv1.2', 'TLSv1.3', 'TLSv1.3'] as const) {
    await requestOnce(served, { version, path: '/nowhere' })
  }
  const metrics = await (await fetch(`http://127.0.0.1:${served.statusPort}/metrics`)).text()
  const counted = /^tfe_tls_connections_total\{listener="devices",(.*)$/gmu
  expect([...metrics.matchAll(counted)].map(([, row]) => String(row)).toSorted()).toEqual([
    'protocol="TLSv1.2",suite="TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"} 1',
    'protocol="TLSv1.3",suite="TLS_AES_256_GCM_SHA384"} 2',
  ])
})

/** Whether a server on that port lets a client of TLS 1.2 renegotiate. */
async function renegotiates(port: number): Promise<boolean> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.on('error', () => resolve(false)).on('close', () => resolve(false))
  socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null))
  const done = await promise
  socket.destroy()
  return done
}

test('no listener, that of administrators included, lets a client renegotiate; the runtime by itself does', async () => {
  await using served = await frontEnd('p256')
  const ports = { ...served.serving.ports, admin: served.adminPort ?? 0 }
  for (const [listener, port] of Object.entries(ports)) {
    expect(await renegotiates(port), listener).toBe(false)
  }
  const { chainPem: cert, keyPem: key } = fleet.server
  const control = createServer({ cert, key }, (socket) => socket.on('error', () => {}))
  control.listen(0, '127.0.0.1')
  await once(control, 'listening')
  expect(await renegotiates((control.address() as AddressInfo).port)).toBe(true)
  control.close()
})
