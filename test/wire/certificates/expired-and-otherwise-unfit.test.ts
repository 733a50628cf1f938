import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer } from '../../support/crl-server.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { crlPem, mintCrl } from '../../support/certificates/mint-crl.ts'
import { mintLeaf, type Leaf, type LeafOptions } from '../../support/certificates/mint.ts'
import {
  clientTls,
  fleet,
  product,
  type Line,
  type Product,
} from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const DAY = 86_400_000
const SERIAL = 0x5ea1n

/** Expired nine days ago: a renewal route forgives that, and nothing else. */
const expired = (options: Partial<LeafOptions> = {}): Leaf =>
  mintLeaf({
    issuer: fleet.devices,
    notBefore: Date.now() - 400 * DAY,
    notAfter: Date.now() - 9 * DAY,
    ...options,
  })

const merely = expired()
const forged = expired({ issuer: { ...fleet.devices, key: mintKeys().key } })
const selfSigned = expired({ selfSigned: true })
const wrongPurpose = expired({ purposes: ['serverAuth'] })
const revoked = expired({ serial: SERIAL })

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
const byKey = `{ keys: ['${sha256(revoked.spki)}'] }`
const bySerial = `{ serials: [{ issuerKey: '${sha256(fleet.devices.spki)}', serial: '${SERIAL.toString(16)}' }] }`
const denying = (deny: string): string => `
  deny: ${deny}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`

const listing = (url: string): string => `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem', crl: { lists: [{ url: '${url}' }] } }`

interface Row {
  readonly what: string
  readonly leaf: Leaf
  readonly code: string
  readonly trust?: string
}

const ROWS: readonly Row[] = [
  { what: 'expired and forged', leaf: forged, code: 'bad-signature' },
  { what: 'expired and self-signed', leaf: selfSigned, code: 'self-signed' },
  { what: 'expired and for servers only', leaf: wrongPurpose, code: 'wrong-purpose' },
  {
    what: 'expired and denied by its key',
    leaf: revoked,
    code: 'denied-key',
    trust: denying(byKey),
  },
  {
    what: 'expired and denied by issuer and serial',
    leaf: revoked,
    code: 'denied-serial',
    trust: denying(bySerial),
  },
]

for (const { what, leaf, code, trust } of ROWS) {
  test(`a certificate that is ${what} is refused on a renewal route by its own code`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      ...(trust === undefined ? {} : { yaml: { trust } }),
    })
    // Nothing is open to what is denied: its connection ends before HTTP.
    const status = trust === undefined ? '403' : 'closed'
    expect(await renew(frontEnd, leaf)).toEqual({ status, code })
    expect(upstream.peers).toHaveLength(0)
  })
}

test('a certificate that is expired and revoked is refused on a renewal route by its own code', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const list = mintCrl({ issuer: fleet.devices, revoked: [{ serial: SERIAL }] })
  await using publisher = await crlServer(list)
  const yaml = { trust: listing(publisher.url) }
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  expect(await renew(frontEnd, revoked)).toEqual({ status: 'closed', code: 'revoked' })
  expect(upstream.peers).toHaveLength(0)
})

test('a certificate that is expired and not on the list of its CA is admitted on a renewal route', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const list = mintCrl({ issuer: fleet.devices, revoked: [{ serial: SERIAL }] })
  await using publisher = await crlServer(list)
  const yaml = { trust: listing(publisher.url) }
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  expect(await renew(frontEnd, merely)).toEqual({ status: '200', code: 'in-grace' })
})

for (const leaf of [merely, revoked]) {
  const which = leaf === merely ? 'nothing worse' : 'on no list'
  test(`a certificate that is expired and ${which} is admitted on a renewal route`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    expect(await renew(frontEnd, leaf)).toEqual({ status: '200', code: 'in-grace' })
  })
}

// The control: code that forgives `CERT_HAS_EXPIRED` on what Node reports has forgiven every one of them.
for (const [what, leaf] of [
  ['expired and nothing worse', merely],
  ['expired and forged', forged],
  ['expired and self-signed', selfSigned],
  ['expired and for servers only', wrongPurpose],
  ['expired and revoked', revoked],
] as const) {
  test(`Node by itself says of a certificate that is ${what} only that it has expired`, async () => {
    expect(await nodesOpinion(leaf)).toBe('CERT_HAS_EXPIRED')
  })
}

// And the list that it was given does count, where the certificate has not expired.
test('Node by itself sees that a certificate is revoked while it has not expired', async () => {
  const timely = mintLeaf({ issuer: fleet.devices, serial: SERIAL })
  expect(await nodesOpinion(timely)).toBe('CERT_REVOKED')
})

async function renew(frontEnd: Product, leaf: Leaf) {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
  device.send('GET /renew/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answer = await device.response().catch(() => undefined)
  const judged = (line: Line): boolean =>
    'decision' in line || line['outcome'] === 'closed-before-request'
  const line = await frontEnd.waitForLine(judged)
  return { status: answer?.startLine.slice(9, 12) ?? 'closed', code: line['code'] }
}

/** What an ordinary mutual TLS server in Node would go by; it knows the fleet and a list of its revoked. */
async function nodesOpinion(leaf: Leaf): Promise<string> {
  const server = createServer({
    key: fleet.server.keyPem,
    cert: fleet.server.chainPem,
    ca: [fleet.root.pem, fleet.devices.pem],
    crl: [
      crlPem(mintCrl({ issuer: fleet.devices, revoked: [{ serial: SERIAL }] })),
      crlPem(mintCrl({ issuer: fleet.root })),
    ],
    requestCert: true,
    rejectUnauthorized: false,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const met = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const socket = connect(clientTls((server.address() as AddressInfo).port, leaf))
  const [peer] = await met
  // Node's types say Error; it is the code.
  const opinion = String(peer.authorizationError)
  peer.destroy()
  socket.destroy()
  server.close()
  await once(server, 'close')
  return opinion
}
