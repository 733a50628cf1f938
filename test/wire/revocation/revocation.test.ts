import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer, type CrlServer } from '../../support/crl-server.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { mintCrl, serialIn, type CrlFields } from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { endedIn } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { HALF_BODY } from '../../support/upstreams/stalling-upstream.ts'

const HOUR = 3_600_000
const device = fleet.device
const other = mintLeaf({ issuer: fleet.devices, name: 'device-2' })
const late = mintLeaf({
  issuer: fleet.devices,
  name: 'late',
  notBefore: Date.now() - 400 * 24 * HOUR,
  notAfter: Date.now() - 2 * 24 * HOUR,
})

const naming = (...leaves: readonly Leaf[]): Partial<CrlFields> => ({
  revoked: leaves.map(({ der }) => ({ serial: serialIn(der), reason: 1 })),
})

let made = 0
/** A list of the fleet's CA; each is newer than the one before. */
function list(fields: Partial<CrlFields> = {}): Buffer {
  made += 1
  const thisUpdate = new Date(Date.now() - 2 * HOUR + made * 1000)
  return mintCrl({ issuer: fleet.devices, thisUpdate, ...fields })
}

/** The trust section with lists at these places. */
function trust(lists: readonly string[], settings = ''): string {
  return `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [${lists.join(', ')}], refresh: 1s${settings === '' ? '' : `, ${settings}`} }
    - { name: Old Fleet, standing: previously-trusted, retiredAt: 2100-01-01T00:00:00Z, chain: 'file:previous.pem' }`
}

const at = (server: CrlServer): string => `{ url: '${server.url}' }`

interface Options {
  readonly settings?: string
  readonly yaml?: Readonly<Record<string, string>>
}

async function startFrontEnd(
  servers: readonly CrlServer[],
  { settings, yaml = {} }: Options = {},
): Promise<Product & AsyncDisposable> {
  const upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { trust: trust(servers.map(at), settings), ...yaml },
  })
  return {
    ...frontEnd,
    async [Symbol.asyncDispose]() {
      await frontEnd[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** The status of the answer; a device to which no route is open is not even asked what it wants. */
async function status(frontEnd: Product, leaf: Leaf, path = '/device/x'): Promise<string> {
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
  calls.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  try {
    return (await calls.response()).startLine.slice(9, 12)
  } catch {
    return 'closed'
  }
}

/** Why the first that was turned away was. */
const codeOf = async (frontEnd: Product): Promise<unknown> => {
  const line = await frontEnd.waitForLine(
    (one) => one['decision'] === 'refuse' || one['outcome'] === 'closed-before-request',
  )
  return line['code']
}

const inForce = (frontEnd: Product, count: number): Promise<unknown> =>
  frontEnd.waitForLine(
    () => frontEnd.lines.filter(({ msg }) => msg === 'revocation list in force').length >= count,
  )

const notTaken = (frontEnd: Product, code: string) =>
  frontEnd.waitForLine((line) => line['code'] === code)

const metrics = async (frontEnd: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${frontEnd.statusPort}/metrics`)).text()

const ready = async (frontEnd: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${frontEnd.statusPort}/readyz`)).text()

test('a revoked device is refused, its neighbour is served', async () => {
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await startFrontEnd([server])
  expect(await status(frontEnd, device)).toBe('closed')
  expect(await codeOf(frontEnd)).toBe('revoked')
  expect(await status(frontEnd, other)).toBe('200')
  expect(await ready(frontEnd)).toBe('ready\n')
})

const routes = ['/device/x', '/renew/x', '/enroll/x', '/always/x']
for (const enforcement of ['required', 'recording']) {
  for (const path of routes) {
    test(`a revoked device is refused on ${path} under enforcement ${enforcement}`, async () => {
      await using server = await crlServer(list(naming(device)))
      await using frontEnd = await startFrontEnd([server], {
        yaml: { enforcement: ` ${enforcement}` },
      })
      expect(await status(frontEnd, device, path)).toBe('closed')
      expect(await codeOf(frontEnd)).toBe('revoked')
    })
  }
}

test('expired and revoked on a renewal route is revoked; expired alone renews', async () => {
  await using server = await crlServer(list())
  await using frontEnd = await startFrontEnd([server])
  expect(await status(frontEnd, late, '/renew/x')).toBe('200')
  server.publish(list(naming(late)))
  await inForce(frontEnd, 2)
  expect(await status(frontEnd, late, '/renew/x')).toBe('closed')
  expect(await codeOf(frontEnd)).toBe('revoked')
})

test('a revoked CA takes its devices with it', async () => {
  await using server = await crlServer(list())
  await using roots = await crlServer(
    mintCrl({ issuer: fleet.root, revoked: [{ serial: serialIn(fleet.devices.der) }] }),
  )
  await using frontEnd = await startFrontEnd([server, roots])
  expect(await status(frontEnd, device)).toBe('403')
  expect(await codeOf(frontEnd)).toBe('issuer-revoked')
})

test('another CA’s list is not taken, whatever it is called', async () => {
  const twin = mintCa({ name: 'Fleet Devices' })
  await using server = await crlServer(list())
  await using twins = await crlServer(mintCrl({ issuer: twin, ...naming(device) }))
  await using elsewhere = await crlServer(mintCrl({ issuer: fleet.stranger, ...naming(device) }))
  await using frontEnd = await startFrontEnd([server, twins, elsewhere], {
    settings: 'failure: soft-fail',
  })
  await notTaken(frontEnd, 'crl-forged')
  await notTaken(frontEnd, 'crl-of-another-ca')
  expect(await status(frontEnd, device)).toBe('200')
})

test('under hard-fail a list that cannot be believed leaves the CAs of its setting unknown', async () => {
  await using server = await crlServer(list())
  await using elsewhere = await crlServer(mintCrl({ issuer: fleet.stranger }))
  await using frontEnd = await startFrontEnd([server, elsewhere])
  expect(await status(frontEnd, device)).toBe('403')
  expect(await codeOf(frontEnd)).toBe('revocation-unknown')
  expect(await ready(frontEnd)).toMatch(/^not ready: revocation list 2 of setting Fleet/)
})

test('a forged list frees no device and revokes none; the very same entries signed by the CA do both', async () => {
  const forger = { subject: fleet.devices.subject, key: mintKeys().key }
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await startFrontEnd([server])
  server.publish(list({ ...naming(other), issuer: forger }))
  await notTaken(frontEnd, 'crl-forged')
  expect([await status(frontEnd, device), await status(frontEnd, other)]).toEqual(['closed', '200'])
  // The control: nothing but the signature is different.
  server.publish(list(naming(other)))
  await inForce(frontEnd, 2)
  expect([await status(frontEnd, device), await status(frontEnd, other)]).toEqual(['200', 'closed'])
})

test('an older list than the one in force is not taken', async () => {
  const old = list()
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await startFrontEnd([server])
  server.publish(old)
  await notTaken(frontEnd, 'crl-replayed')
  expect(await status(frontEnd, device)).toBe('closed')
})

test('a list with a lower number than the one in force is not taken, however late it says it is', async () => {
  const old = list({ number: 1, thisUpdate: new Date(Date.now() - 60_000) })
  await using server = await crlServer(list({ ...naming(device), number: 2 }))
  await using frontEnd = await startFrontEnd([server])
  server.publish(old)
  await notTaken(frontEnd, 'crl-number-lower')
  expect(await status(frontEnd, device)).toBe('closed')
  // The control: with a higher number the same list lets the device in.
  server.publish(list({ number: 3, thisUpdate: new Date(Date.now() - 60_000) }))
  await inForce(frontEnd, 2)
  expect(await status(frontEnd, device)).toBe('200')
})

test('a list with the same number and a later time is taken, and the log says that its number did not grow', async () => {
  await using server = await crlServer(list())
  await using frontEnd = await startFrontEnd([server])
  server.publish(list({ ...naming(device), thisUpdate: new Date(Date.now() - 60_000) }))
  await inForce(frontEnd, 2)
  expect(await status(frontEnd, device)).toBe('closed')
  const finding = await frontEnd.waitForLine(({ finding }) => finding !== undefined)
  expect(finding).toMatchObject({ level: 'warn', finding: 'same-number' })
})

test('the list of another CA of the chain does not take the place of the one in force, nor pave the way for an old one', async () => {
  const old = list()
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await startFrontEnd([server], { settings: 'failure: soft-fail' })
  server.publish(mintCrl({ issuer: fleet.root }))
  await notTaken(frontEnd, 'crl-swapped')
  expect(await status(frontEnd, device)).toBe('closed')
  server.publish(old)
  await notTaken(frontEnd, 'crl-replayed')
  expect(await status(frontEnd, device)).toBe('closed')
})

const STALE = new Date(Date.now() - HOUR)
const failures: readonly (readonly [string, string, string, string])[] = [
  ['hard-fail', 'failure: hard-fail', '403', 'revocation-stale'],
  ['soft-fail', 'failure: soft-fail', '200', ''],
  ['a grace that is over', 'grace: 30m', '403', 'revocation-stale'],
  ['a grace that lasts', 'grace: 90m', '200', ''],
]
for (const [policy, settings, expected, code] of failures) {
  test(`under ${policy} a list that has ended is answered ${expected}, and still revokes`, async () => {
    await using server = await crlServer(list({ ...naming(device), nextUpdate: STALE }))
    await using frontEnd = await startFrontEnd([server], { settings })
    expect(await status(frontEnd, other)).toBe(expected)
    if (code !== '') expect(await codeOf(frontEnd)).toBe(code)
    expect(await status(frontEnd, device)).toBe('closed')
    await frontEnd.waitForLine((line) => line['code'] === 'revoked')
  })
}

const missing: readonly (readonly [string, string, string, string, RegExp])[] = [
  [
    'hard-fail',
    'failure: hard-fail',
    'required',
    '403',
    /^not ready: revocation list 1 of setting/,
  ],
  [
    'hard-fail in recording',
    'failure: hard-fail',
    'recording',
    '200',
    /^not ready: revocation list 1 of setting/,
  ],
  ['soft-fail', 'failure: soft-fail', 'required', '200', /^ready/],
]
for (const [policy, settings, enforcement, expected, readiness] of missing) {
  test(`under ${policy} a list that was never read is answered ${expected}`, async () => {
    await using server = await crlServer((_, response) => response.writeHead(404).end())
    await using frontEnd = await startFrontEnd([server], {
      settings,
      yaml: { enforcement: ` ${enforcement}` },
    })
    await notTaken(frontEnd, 'crl-status')
    expect(await status(frontEnd, device)).toBe(expected)
    expect(await ready(frontEnd)).toMatch(readiness)
    server.publish(list())
    await inForce(frontEnd, 1)
    expect(await status(frontEnd, device)).toBe('200')
    expect(await ready(frontEnd)).toBe('ready\n')
  })
}

test('recording writes down what could not be told', async () => {
  await using server = await crlServer((_, response) => response.writeHead(500).end())
  await using frontEnd = await startFrontEnd([server], { yaml: { enforcement: ' recording' } })
  expect(await status(frontEnd, device)).toBe('200')
  const line = await frontEnd.waitForLine((one) => one['would_refuse'] !== undefined)
  expect(line['would_refuse']).toBe('revocation-unknown')
})

test('a list that fails later stays in force, and the failure is counted', async () => {
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await startFrontEnd([server])
  server.publish((_, response) => response.end('<html>maintenance</html>'))
  await notTaken(frontEnd, 'crl-pem-unfit')
  expect(await status(frontEnd, device)).toBe('closed')
  expect(await status(frontEnd, other)).toBe('200')
  const text = await metrics(frontEnd)
  expect(text).toContain('tfe_crl_refresh_total{setting="Fleet",list="1",outcome="applied"} 1')
  expect(text).toMatch(
    /tfe_crl_refresh_total\{setting="Fleet",list="1",outcome="crl-pem-unfit"\} [1-9]/,
  )
  expect(text).toMatch(/tfe_crl_entries\{setting="Fleet",list="1"\} 1/)
  expect(text).toMatch(/tfe_crl_age_seconds\{setting="Fleet",list="1"\} 7[0-9]{3}/)
  expect(text).toMatch(/tfe_crl_next_update_seconds\{setting="Fleet",list="1"\} [0-9]{10}/)
})

test('without lists the metrics say nothing of them', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  expect(await metrics(frontEnd)).not.toContain('tfe_crl')
})

test('a kept-alive connection of a device that was revoked ends as soon as the list is in force', async () => {
  await using server = await crlServer(list())
  await using frontEnd = await startFrontEnd([server])
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
  await using neighbour = await Device.to(frontEnd.port, clientTls(frontEnd.port, other))
  for (const one of [calls, neighbour]) {
    one.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await one.response()).startLine).toContain('200')
  }
  server.publish(list(naming(device)))
  await inForce(frontEnd, 2)
  expect(endedIn(await metrics(frontEnd), 'revoked')).toBe(1)
  await calls.ended
  neighbour.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await neighbour.response()).startLine).toContain('200')
})

test('a body under way of a device that was revoked ends', async () => {
  const silent = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    await peer.until('half')
    silent.resolve()
    await once(peer.socket, 'close')
    gone.resolve()
  })
  await using server = await crlServer(list())
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { trust: trust([at(server)]) },
  })
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
  calls.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
  await silent.promise
  server.publish(list(naming(device)))
  await calls.ended
  expect(calls.pending).toBe('')
  await gone.promise
})

test('a list in a file counts as soon as the file is another', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using server = await crlServer(list())
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { trust: trust([at(server)]) },
  })
  writeFileSync(join(frontEnd.folder, 'fleet.crl'), list())
  // Not because it is time to ask again.
  const rarely = trust(['{ file: fleet.crl }']).replace('refresh: 1s', 'refresh: 1d')
  const options = { upstreamPort: upstream.port, yaml: { trust: rarely } }
  expect(await frontEnd.reload(options)).toMatchObject({ kind: 'applied' })
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
  calls.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await calls.response()).startLine).toContain('200')
  writeFileSync(join(frontEnd.folder, 'next.crl'), list(naming(device)))
  renameSync(join(frontEnd.folder, 'next.crl'), join(frontEnd.folder, 'fleet.crl'))
  await calls.ended
  await frontEnd.waitForLine(({ code }) => code === 'revoked')
})

test('a reload asks for every list, also where the configuration is the same', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using server = await crlServer(list())
  const yaml = { trust: trust([at(server)]).replace('refresh: 1s', 'refresh: 1d') }
  const options = { upstreamPort: upstream.port, yaml }
  await using frontEnd = await product(options)
  expect(server.received.length).toBe(1)
  server.publish(list(naming(device)))
  expect(await frontEnd.reload(options)).toEqual({ kind: 'unchanged' })
  await inForce(frontEnd, 2)
  expect(await status(frontEnd, device)).toBe('closed')
})

test('a reload that takes the list away takes its revocations away', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using server = await crlServer(list(naming(device)))
  await using frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: { trust: trust([at(server)]) },
  })
  expect(await status(frontEnd, device)).toBe('closed')
  expect(await frontEnd.reload({ upstreamPort: upstream.port })).toMatchObject({ kind: 'applied' })
  expect(await status(frontEnd, device)).toBe('200')
})

test('a reload that is refused leaves the lists as they were', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using server = await crlServer(list(naming(device)))
  const yaml = { trust: trust([at(server)]) }
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  const outcome = await frontEnd.reload({ upstreamPort: upstream.port, limits: ['connections: 7'] })
  expect(outcome.kind).toBe('refused')
  expect(await status(frontEnd, device)).toBe('closed')
})
