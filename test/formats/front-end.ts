/** Our side: `tfe serve` as an operator starts it, with a listener for each way of telling an upstream of a device. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServing } from '../consumers/front-end.ts'
import { claimPorts } from '../support/ports/claim-port.ts'
import type { Program } from '../support/programs/program.ts'
import type { Material } from './cases.ts'

/** One way of telling one upstream. */
export interface Way {
  readonly name: string
  /** `identity` of the upstream; `proxy-header` where its listener is a sync port. */
  readonly identity: Readonly<Record<string, unknown>> | 'proxy-header'
  /** `http://` or `https://`, with host and port. */
  readonly url: string
}

export interface FrontEnd {
  readonly program: Program
  /** The listener's port of each way, by its name. */
  readonly ports: ReadonlyMap<string, number>
}

export async function startFrontEnd(
  ways: readonly Way[],
  folder: string,
  material: Material,
): Promise<FrontEnd> {
  const [metrics = 0, ...free] = await claimPorts(ways.length + 1)
  const ports = new Map(ways.map(({ name }, index) => [name, free[index] ?? 0]))
  const config = join(folder, 'tfe.yaml')
  writeFileSync(config, JSON.stringify(configuration(ways, { ports, metrics }, material), null, 2))
  const program = await startServing(config, metrics, join(folder, 'log'))
  return { program, ports }
}

interface Ports {
  readonly ports: ReadonlyMap<string, number>
  readonly metrics: number
}

const configuration = (ways: readonly Way[], { ports, metrics }: Ports, material: Material) => ({
  profile: 'generic',
  workers: 1,
  store: { dangerousNone: true },
  enforcement: 'required',
  trust: {
    enrollmentSettings: [
      { name: 'fleet', standing: 'current', chain: `file:${material.rootFile}` },
    ],
    limits: { mlDsa: 'ML-DSA-44' },
  },
  listeners: Object.fromEntries(ways.map((way) => [idOf(way), listener(way, ports, material)])),
  routes: Object.fromEntries(
    ways
      .filter(({ identity }) => identity !== 'proxy-header')
      .map((way) => [
        idOf(way),
        { upstream: idOf(way), rows: [{ id: 'all', path: '/', class: 'device' }] },
      ]),
  ),
  upstreams: Object.fromEntries(ways.map((way) => [idOf(way), upstream(way, material)])),
  metrics: { port: metrics },
})

/** A certificate is shown at a time; the 4,000 of a listener by default want more files open than many machines allow. */
const MAX_CONNECTIONS = 64

const idOf = ({ name }: Way): string => name.replaceAll(' ', '-')

const listener = (way: Way, ports: Ports['ports'], { serverFile }: Material) => ({
  address: '127.0.0.1',
  port: ports.get(way.name),
  hosts: ['localhost'],
  certificates: [{ chain: `file:${serverFile}`, key: `file:${serverFile}` }],
  limits: { connections: MAX_CONNECTIONS },
  ...(way.identity === 'proxy-header'
    ? {
        purpose: 'sync',
        relay: { upstream: idOf(way), certificate: 'device', proxyProtocol: 'inside-tls' },
      }
    : { routes: idOf(way) }),
})

const upstream = ({ identity, url }: Way, { rootFile }: Material) => ({
  url,
  ...(url.startsWith('http:')
    ? { dangerousPlaintext: true }
    : { tls: { trust: { default: 'off', custom: [`file:${rootFile}`] } } }),
  ...(identity === 'proxy-header' ? {} : { identity }),
})
