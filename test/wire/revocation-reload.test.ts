/** What is revoked stays so while the configuration changes: the lists in force leave with the world that named them. */
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { listServer, type ListServer } from '../support/list-server.ts'
import { mintCrl, serialIn } from '../support/mint-crl.ts'
import { calling, fleet, product, type Product } from '../support/product.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

const REVOKED = mintCrl({
  issuer: fleet.devices,
  revoked: [{ serial: serialIn(fleet.device.der) }],
})

const trust = (server: ListServer): string => `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${server.url}' }], refresh: 1d, failure: soft-fail }`

/** A revoked device has no route left: its connection ends without an answer. */
async function isServed(front: Product): Promise<boolean> {
  await using calls = await Device.to(front.port, calling(front.port, fleet.device))
  calls.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return await calls.response().then(
    () => true,
    () => false,
  )
}

test('a revoked device is refused while a reload waits for the list of another place', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  await using before = await listServer(REVOKED)
  await using after = await listServer((_, response) => asked.resolve(response))
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  const upstreamPort = upstream.port
  await using front = await product({ upstreamPort, yaml: { trust: trust(before) } })
  expect(await isServed(front)).toBe(false)
  const reloaded = front.reload({ upstreamPort, yaml: { trust: trust(after) } })
  const response = await asked.promise
  expect(await isServed(front)).toBe(false)
  // The control: the next world's list names nobody, and counts from the reload on.
  response.end(mintCrl({ issuer: fleet.devices }))
  expect(await reloaded).toMatchObject({ kind: 'applied' })
  expect(await isServed(front)).toBe(true)
})

test('a refused reload forgets no list, even when its server is gone meanwhile', async () => {
  await using before = await listServer(REVOKED)
  await using after = await listServer(mintCrl({ issuer: fleet.devices }))
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  const upstreamPort = upstream.port
  await using front = await product({ upstreamPort, yaml: { trust: trust(before) } })
  before.publish((_, response) => response.writeHead(503).end())
  // What is bound cannot change: the reload is refused after the new list has come.
  const limits = ['connections: 77']
  const outcome = await front.reload({ upstreamPort, limits, yaml: { trust: trust(after) } })
  expect([outcome.kind, after.asked.length]).toEqual(['refused', 1])
  expect(await isServed(front)).toBe(false)
})
