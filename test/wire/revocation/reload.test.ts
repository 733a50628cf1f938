/** What is revoked stays so while the configuration changes: the lists in force leave with the world that named them. */
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer, type CrlServer } from '../../support/crl-server.ts'
import { crlPem, mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import {
  clientTls,
  fleet,
  product,
  type Line,
  type Product,
} from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const REVOKED = mintCrl({
  issuer: fleet.devices,
  revoked: [{ serial: serialIn(fleet.device.der) }],
})

const trust = (server: CrlServer, failure = 'soft-fail'): string => `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${server.url}' }], refresh: 1d, failure: ${failure} }`

/** A revoked device has no route left: its connection ends without an answer. */
async function isServed(frontEnd: Product): Promise<boolean> {
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  calls.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return await calls.response().then(
    () => true,
    () => false,
  )
}

test('a revoked device is refused while a reload waits for the list of another place', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  await using before = await crlServer(REVOKED)
  await using after = await crlServer((_, response) => asked.resolve(response))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const upstreamPort = upstream.port
  await using frontEnd = await product({ upstreamPort, yaml: { trust: trust(before) } })
  expect(await isServed(frontEnd)).toBe(false)
  const reloaded = frontEnd.reload({ upstreamPort, yaml: { trust: trust(after) } })
  const response = await asked.promise
  expect(await isServed(frontEnd)).toBe(false)
  // The control: the next configuration's list is empty, and counts from the reload on.
  response.end(mintCrl({ issuer: fleet.devices }))
  expect(await reloaded).toMatchObject({ kind: 'applied' })
  expect(await isServed(frontEnd)).toBe(true)
})

test('a refused reload forgets no list, even when its server is gone meanwhile', async () => {
  await using before = await crlServer(REVOKED)
  await using after = await crlServer(mintCrl({ issuer: fleet.devices }))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const upstreamPort = upstream.port
  await using frontEnd = await product({ upstreamPort, yaml: { trust: trust(before) } })
  before.publish((_, response) => response.writeHead(503).end())
  // What is bound cannot change: the reload is refused after the new list has come.
  const limits = ['connections: 77']
  const outcome = await frontEnd.reload({ upstreamPort, limits, yaml: { trust: trust(after) } })
  expect([outcome.kind, after.received.length]).toEqual(['refused', 1])
  expect(await isServed(frontEnd)).toBe(false)
})

/** The code of the verdict on a request of the device. */
async function verdict(frontEnd: Product): Promise<unknown> {
  const of = (): readonly Line[] => frontEnd.lines.filter((line) => 'decision' in line)
  const before = of().length
  await isServed(frontEnd)
  if (of().length === before) await frontEnd.waitForLine(() => of().length > before)
  return of().at(-1)?.['code']
}

const OF_ROOT = { issuer: fleet.root, revoked: [{ serial: serialIn(fleet.devices.der) }] }
const STRICTER = [
  ['profile strict', '', '\n  profile: strict', mintCrl({ ...OF_ROOT, number: null })],
  [
    'a limit without SHA-1',
    '\n  limits: { dangerousSha1: true }',
    '',
    mintCrl({ ...OF_ROOT, digest: 'sha1' }),
  ],
] as const

for (const [change, before, after, ofRoot] of STRICTER) {
  test(`a CA that a list revokes is not admitted as one of which there are no lists, once ${change} does not take the list`, async () => {
    const lists = crlPem(ofRoot) + crlPem(mintCrl({ issuer: fleet.devices }))
    await using server = await crlServer(Buffer.from(lists))
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const upstreamPort = upstream.port
    const yaml = (more: string) => ({ trust: more + trust(server, 'hard-fail') })
    await using frontEnd = await product({ upstreamPort, yaml: yaml(before) })
    expect(await verdict(frontEnd)).toBe('issuer-revoked')
    const reloaded = await frontEnd.reload({ upstreamPort, yaml: yaml(after) })
    expect(reloaded.kind).toBe('applied')
    expect(await verdict(frontEnd)).toBe('revocation-unknown')
  })
}
