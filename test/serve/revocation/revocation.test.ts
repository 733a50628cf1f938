import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer } from '../../support/crl-server.ts'
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

test('one process fetches the list, and a revocation ends the connections of every worker', async () => {
  const made = Date.now() - 7_200_000
  await using server = await crlServer(
    mintCrl({ issuer: fleet.devices, thisUpdate: new Date(made) }),
  )
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const trust = `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${server.url}' }], refresh: 1d }`
  await using frontEnd = await serveProcess(upstream.port, { workers: 2, yaml: { trust } })
  expect(server.received.length).toBe(1)
  const devices: Device[] = []
  for (let count = 0; count < 12; count += 1) {
    const device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
    devices.push(device)
  }
  const asked = await frontEnd.waitForLines(12, (line) => 'decision' in line)
  expect(new Set(asked.map((line) => line['worker'])).size).toBe(2)
  server.publish(
    mintCrl({
      issuer: fleet.devices,
      thisUpdate: new Date(made + 1000),
      revoked: [{ serial: serialIn(fleet.device.der) }],
    }),
  )
  frontEnd.child.kill('SIGHUP')
  await Promise.all(devices.map((device) => device.ended))
  expect(server.received.length).toBe(2)
  expect(await frontEnd.fetchStatus('/metrics')).toContain(
    'tfe_crl_entries{setting="Fleet",list="1"} 1',
  )
})
