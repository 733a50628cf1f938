/**
 * What the operator sees of the servers' health: in the log, in the metrics, in `tfe check`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tfe } from '../../support/cli/run-command.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import {
  clientTls,
  fleet,
  product,
  productYaml,
  type Product,
} from '../../support/front-ends/product.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** Two servers, of which the first need not be there. */
const upstreams = (ports: readonly number[], more = ''): Readonly<Record<string, string>> => ({
  upstreams: `
  mdm:
    servers: [${ports.map((port) => `{ url: 'https://localhost:${port}' }`).join(', ')}]
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
    ${more}`,
})

async function ask(frontEnd: Product): Promise<string> {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return (await device.response()).startLine
}

const scrape = async ({ statusPort }: Product, path = '/metrics'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text()

test('a server that is gone costs no request, is out in log and metrics, and the front end stays ready', async () => {
  const gone = await claimPort()
  await using live = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = upstreams([gone, live.port], 'health: { failures: 2, ejection: 1m }')
  await using frontEnd = await product({ upstreamPort: gone, yaml })
  const both = await scrape(frontEnd)
  expect(both).toContain(
    `tfe_upstream_server_available{upstream="mdm",server="localhost:${gone}"} 1`,
  )
  for (const _ of [1, 2, 3, 4, 5]) expect(await ask(frontEnd)).toContain('200')
  const line = await frontEnd.waitForLine(({ msg }) => msg === 'upstream server is unavailable')
  expect(line).toMatchObject({
    upstream: 'mdm',
    server: `localhost:${gone}`,
    state: 'ejected',
    failure: 'refused',
    servers_available: 1,
  })
  expect(String(line['next_step'])).toContain('see whether it runs')
  const metrics = await scrape(frontEnd)
  expect(metrics).toContain(
    `tfe_upstream_server_available{upstream="mdm",server="localhost:${gone}"} 0`,
  )
  expect(metrics).toContain(
    `tfe_upstream_server_available{upstream="mdm",server="localhost:${live.port}"} 1`,
  )
  expect(metrics).toMatch(/tfe_upstream_retries_total\{upstream="mdm"\} 2\n/)
  expect(await scrape(frontEnd, '/readyz')).toBe('ready\n')
  const requests = frontEnd.lines.filter((one) => 'decision' in one)
  expect(requests.map(({ server }) => server)).toEqual(Array(5).fill(`localhost:${live.port}`))
})

test('when no server is left it is an error in the log, and the front end stays ready', async () => {
  const [one, other] = [await claimPort(), await claimPort()]
  const yaml = upstreams([one, other], 'health: { failures: 1, ejection: 1m }')
  await using frontEnd = await product({ upstreamPort: one, yaml })
  expect(await ask(frontEnd)).toContain('502')
  const line = await frontEnd.waitForLine(({ msg }) => String(msg).startsWith('no server of'))
  expect(line).toMatchObject({ level: 'error', servers_available: 0 })
  expect(await scrape(frontEnd, '/readyz')).toBe('ready\n')
})

test('checks begin with the front end, and name what they ask', async () => {
  const asked = Promise.withResolvers<string>()
  await using live = await rawUpstream(upstreamTlsOptions, async (peer) => {
    asked.resolve((await peer.request())?.startLine ?? '')
    peer.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
  })
  const yaml = upstreams(
    [live.port],
    'health: { check: { interval: 1s, timeout: 1s, path: /status, down: 1 } }',
  )
  await using frontEnd = await product({ upstreamPort: live.port, yaml })
  expect(await asked.promise).toBe('GET /status HTTP/1.1')
  expect(await frontEnd.waitForLine(({ state }) => state === 'check-failed')).toMatchObject({
    failure: 'check-status',
    servers_available: 0,
  })
})

test('tfe check says the plan', async () => {
  await using live = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = upstreams(
    [live.port, 2],
    'balance: device-hash\n    health: { check: { path: /status, sni: off } }',
  )
  await using frontEnd = await product({ upstreamPort: live.port, yaml })
  const file = join(frontEnd.folder, 'check.yaml')
  writeFileSync(file, productYaml({ upstreamPort: live.port, yaml }))
  const { code, out } = await tfe(['check', file])
  expect(code).toBe(0)
  for (const row of [
    /mdm: 2 servers/,
    /server +https:\/\/localhost:2$/m,
    /chosen +by the key of the device; in turn for requests without one/,
    /retries +what may be sent again goes to up to 2 servers/,
    /avoided +after 5 failures in a row, for 10s to 300s, while another server is in/,
    /checked +by GET \/status every 10s, SNI off; out after 3 that failed, in after 2 that passed/,
  ]) {
    expect(out).toMatch(row)
  }
})
