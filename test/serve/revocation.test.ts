import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { listServer } from '../support/list-server.ts'
import { mintCrl, serialIn } from '../support/mint-crl.ts'
import { calling, fleet } from '../support/product.ts'
import { served } from '../support/served.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

test('one process fetches the list, and a revocation ends the connections of every worker', async () => {
  const made = Date.now() - 7_200_000
  await using server = await listServer(
    mintCrl({ issuer: fleet.devices, thisUpdate: new Date(made) }),
  )
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  const trust = `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${server.url}' }], refresh: 1d }`
  await using house = await served(upstream.port, { workers: 2, yaml: { trust } })
  expect(server.asked.length).toBe(1)
  const devices: Device[] = []
  for (let count = 0; count < 12; count += 1) {
    const device = await Device.to(house.port, calling(house.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
    devices.push(device)
  }
  const asked = await house.linesOf(12, (line) => 'decision' in line)
  expect(new Set(asked.map((line) => line['worker'])).size).toBe(2)
  server.publish(
    mintCrl({
      issuer: fleet.devices,
      thisUpdate: new Date(made + 1000),
      revoked: [{ serial: serialIn(fleet.device.der) }],
    }),
  )
  house.child.kill('SIGHUP')
  await Promise.all(devices.map((device) => device.ended))
  expect(server.asked.length).toBe(2)
  expect(await house.ask('/metrics')).toContain('tfe_crl_entries{setting="Fleet",list="1"} 1')
})
