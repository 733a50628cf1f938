/** A16: of `Host` an upstream reads a host of ours and a port of ours, whatever a device adds to it. */
import { Device } from '../../support/devices/device.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { httpProxyServer } from '../../support/front-ends/http-proxy.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import {
  recordingUpstream,
  type RecordingUpstream,
} from '../../support/upstreams/recording-upstream.ts'
import type { Scene } from '../case.ts'
import { frontEnd } from '../front-end.ts'

/** What is sent, what the upstream reads of it, and what it reads behind a proxy that passes it on. */
const HOSTS: readonly (readonly [what: string, sent: string, read: string, control: string])[] = [
  ['without a port', 'localhost', '200 localhost', '200 localhost'],
  ['with a port that is not ours', 'localhost:1', '200 localhost', '200 localhost:1'],
  ['with the port of administrators', 'localhost:9465', '200 localhost', '200 localhost:9465'],
  ['with a published port', 'localhost:8443', '200 localhost:8443', '200 localhost:8443'],
  ['with the usual port of https', 'localhost:443', '200 localhost:443', '200 localhost:443'],
  ['with a final dot', 'localhost.', '200 localhost', '200 localhost.'],
  ['with a final dot and another port', 'localhost.:1', '200 localhost', '200 localhost.:1'],
  [
    'with a final dot and a published port',
    'localhost.:8443',
    '200 localhost:8443',
    '200 localhost.:8443',
  ],
  ['with two final dots', 'localhost..', '421', '200 localhost..'],
  ['with an empty port', 'localhost:', '200 localhost', '200 localhost:'],
  ['with a port of too many digits', 'localhost:000443', '400', '200 localhost:000443'],
  ['with a port past the last', 'localhost:65536', '400', '200 localhost:65536'],
  ['by its address with another port', '127.0.0.1:22', '200 127.0.0.1', '200 127.0.0.1:22'],
]

/** Status, and then the host that the upstream was asked for. */
async function ask(port: number, host: string, upstream: RecordingUpstream): Promise<string> {
  const { port: _, ...options } = clientTls(port, fleet.device)
  await using device = await Device.to(port, options)
  device.send(`GET /device/x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  // The control ends the connection when it cannot make one to the upstream under such a name.
  const answer = await device.response().catch(() => undefined)
  const status = answer?.startLine.split(' ')[1] ?? 'no answer'
  const [request] = upstream.take().requests
  if (request === undefined) return status
  const read = ['Host', 'X-Forwarded-Host'].flatMap((name) => valuesOf(request, name))
  return `${status} ${[...new Set(read)].join(' and ')}`
}

export const HOST_FIELDS: readonly Scene[] = [
  {
    cases: HOSTS.map(([what, sent, expected, control]) => ({
      id: 'A16',
      what: `Host ${what} is read as one of ours or refused: ${sent}`,
      expected,
      control,
    })),
    async play() {
      await using upstream = await recordingUpstream()
      await using control = await httpProxyServer(upstream.port, 'Client-Cert')
      await using on = await frontEnd({
        upstreamPort: upstream.port,
        yaml: {
          listeners: `
  devices:
    address: 127.0.0.1
    port: 0
    publishedPorts: [443, 8443]
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    routes: tested`,
        },
      })
      const seen = []
      for (const [, sent] of HOSTS) {
        const ours = await ask(on.product.port, sent, upstream)
        seen.push({ seen: ours, control: await ask(control.port, sent, upstream) })
      }
      return seen
    },
  },
]
