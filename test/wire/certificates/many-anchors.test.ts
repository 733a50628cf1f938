import { once } from 'node:events'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import * as der from '../../support/certificates/der-writer.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { mintCa } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { VERSIONS, requestOnce, type OneRequest } from '../../support/devices/request-once.ts'

/** Names as public authorities have them: some 165 octets, so that 400 take a little more than 64 KiB. */
const keys = mintKeys()
const many = Array.from({ length: 400 }, (_, number) => {
  const organisation = `Example Telecommunications and Device Management Services Holding ${number}`
  const subject = der.nameOf(
    ['2.5.4.6', 'XX'],
    ['2.5.4.10', organisation],
    ['2.5.4.11', 'Device Identity'],
    ['2.5.4.3', `Example Device Issuing Certification Authority G${number}`],
  )
  return mintCa({ subject, keys })
})

test('the names of 400 such authorities take more than a certificate request can hold', () => {
  const octets = (cas: Cas): number => cas.reduce((sum, { subject }) => sum + 2 + subject.length, 0)
  expect(octets(many)).toBeGreaterThan(65_535)
  expect(octets(many.slice(0, 300))).toBeLessThan(60_000)
})

type Cas = typeof many

const pemOf = (cas: Cas): string => cas.map(({ pem }) => pem).join('')

interface Setting {
  readonly advertise: boolean
  /** How many of the 400 belong to a setting that admits; the others to one that does not. */
  readonly admitting?: number
  readonly standing?: 'distrusted' | 'staged'
}

async function startFrontEnd(
  upstreamPort: number,
  { advertise, admitting = 400, standing = 'staged' }: Setting,
) {
  const rest = many.slice(admitting)
  const settings = [
    `{ name: Fleet, standing: current, chain: 'file:fleet.pem' }`,
    `{ name: Many, standing: previously-trusted, retiredAt: 2100-01-01T00:00:00Z, chain: 'file:many.pem' }`,
    ...(rest.length === 0 ? [] : [`{ name: Rest, standing: ${standing}, chain: 'file:rest.pem' }`]),
  ]
  return product({
    upstreamPort,
    tls: `{ resumption: "on", advertiseCas: ${advertise} }`,
    yaml: { trust: `\n  enrollmentSettings:\n${settings.map((one) => `    - ${one}\n`).join('')}` },
    files: { 'many.pem': pemOf(many.slice(0, admitting)), 'rest.pem': pemOf(rest) },
  })
}

for (const version of VERSIONS) {
  for (const advertise of [false, true]) {
    const naming = advertise ? 'that should be named' : 'that are not named'
    test(`${version}: with 400 authorities ${naming} a device is admitted, and again when it resumes`, async () => {
      await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
      await using frontEnd = await startFrontEnd(upstream.port, { advertise })
      const first = await requestOnce(frontEnd, { version, device: fleet.device })
      expect([first.status, first.resumed]).toEqual([200, false])
      const again = await requestOnce(frontEnd, {
        version,
        device: fleet.device,
        session: first.session,
      })
      expect([again.status, again.resumed]).toEqual([200, true])
      expect(warnings(frontEnd)).toHaveLength(advertise ? 1 : 0)
    })
  }

  for (const standing of ['distrusted', 'staged'] as const) {
    test(`${version}: as many authorities as fit are named, those of a ${standing} setting left out`, async () => {
      await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
      await using frontEnd = await startFrontEnd(upstream.port, {
        advertise: true,
        admitting: 300,
        standing,
      })
      expect((await requestOnce(frontEnd, { version, device: fleet.device })).status).toBe(200)
      // They fit a certificate request, and are more than a client in Java takes.
      expect(warnings(frontEnd)).toEqual([expect.stringContaining('a client in Java takes')])
      const named = await octetsOfHandshake(frontEnd.port, version)
      expect(named).toBeGreaterThan(300 * 150)
      expect(named).toBeLessThan(65_536)
    })
  }

  test(`${version}: where too many should be named, none is`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await startFrontEnd(upstream.port, { advertise: true })
    expect(await octetsOfHandshake(frontEnd.port, version)).toBeLessThan(8000)
    expect(warnings(frontEnd)[0]).toMatch(/found 40[0-9] authorities to name.*wanted at most 64511/)
  })

  test(`${version}: the control, plain Node told to name the same 400, fails every handshake`, async () => {
    const server = createServer({
      key: fleet.server.keyPem,
      cert: fleet.server.chainPem,
      ca: pemOf(many),
      requestCert: true,
      rejectUnauthorized: false,
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const ends = [await handshake(port, version), await handshake(port, version)]
      expect(ends.map(({ secured }) => secured)).toEqual([false, false])
      server.setSecureContext({
        key: fleet.server.keyPem,
        cert: fleet.server.chainPem,
        ca: pemOf(many.slice(0, 300)),
      })
      expect((await handshake(port, version)).secured).toBe(true)
    } finally {
      server.close()
    }
  })
}

const warnings = ({ lines }: Product): readonly string[] =>
  lines.flatMap(({ msg }) => (/authorities to name/.test(String(msg)) ? String(msg) : []))

const octetsOfHandshake = async (port: number, version: OneRequest['version']): Promise<number> =>
  (await handshake(port, version)).octets

/** A handshake as a device with a certificate, and what arrived during it. */
async function handshake(
  port: number,
  version: OneRequest['version'],
): Promise<{ readonly secured: boolean; readonly octets: number }> {
  const wire = connectTcp(port, '127.0.0.1')
  const socket = connect({
    ...clientTls(port, fleet.device),
    socket: wire,
    minVersion: version,
    maxVersion: version,
  })
  let secured = false
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('error', () => resolve())
  socket.on('close', () => resolve())
  socket.on('secureConnect', () => {
    secured = true
    resolve()
  })
  await promise
  const octets = wire.bytesRead
  socket.destroy()
  return { secured, octets }
}
