/**
 * The front end itself, started as an operator would: one listener, one route table and one upstream per server.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { claimPorts } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'
import type { IdentityFiles, Material } from './material.ts'

/** A server as the front end sees it. */
export interface Behind {
  readonly name: string
  readonly port: number
  readonly identity: Readonly<Record<string, unknown>>
}

export interface FrontEnd {
  readonly program: Program
  /** The address under which devices reach each server, by its name. */
  readonly urls: ReadonlyMap<string, string>
}

/** The paths of the two routes that every listener has. */
export const DEVICE_PATH = '/mdm/checkin'
export const OPEN_PATH = '/enroll/start'

/** Starts `tfe serve` before all of `servers` and waits until it is ready. */
export async function startFrontEnd(
  servers: readonly Behind[],
  folder: string,
  material: Material,
): Promise<FrontEnd> {
  const [metrics = 0, ...free] = await claimPorts(servers.length + 1)
  const ports = new Map(servers.map(({ name }, index) => [name, free[index] ?? 0]))
  const config = join(folder, 'tfe.yaml')
  // JSON is YAML, and needs no writer.
  writeFileSync(
    config,
    JSON.stringify(configuration(servers, { ports, metrics }, material), null, 2),
  )
  const program = await startServing(config, metrics, join(folder, 'log'))
  const urls = [...ports].map(([name, port]) => [name, `https://localhost:${port}`] as const)
  return { program, urls: new Map(urls) }
}

/** Starts `tfe serve` and waits until it says on its status port that it is ready. */
export async function startServing(
  config: string,
  statusPort: number,
  logFile: string,
): Promise<Program> {
  const args = [beside('scripts/node26.mjs'), beside('src/main.ts'), 'serve', '--config', config]
  const program = new Program(process.execPath, args, { logFile })
  await program.until(() => isOk(`http://127.0.0.1:${statusPort}/readyz`))
  return program
}

const isOk = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

interface Ports {
  readonly ports: ReadonlyMap<string, number>
  readonly metrics: number
}

function configuration(servers: readonly Behind[], { ports, metrics }: Ports, material: Material) {
  const each = <Value>(make: (server: Behind) => Value): Readonly<Record<string, Value>> =>
    Object.fromEntries(servers.map((server) => [server.name, make(server)]))
  return {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    enforcement: 'required',
    trust: {
      enrollmentSettings: [
        { name: 'fleet', standing: 'current', chain: `file:${material.fleetRoot}` },
      ],
    },
    listeners: each(({ name }) => ({
      address: '127.0.0.1',
      port: ports.get(name),
      hosts: ['localhost'],
      certificates: [references(material.frontEnd)],
      routes: name,
    })),
    routes: each(({ name }) => ({
      upstream: name,
      rows: [
        { id: 'enroll', path: OPEN_PATH, class: 'open' },
        { id: 'check-in', path: DEVICE_PATH, class: 'device' },
      ],
    })),
    upstreams: each(({ port, identity }) => ({
      url: `https://localhost:${port}`,
      identity,
      tls: {
        trust: { default: 'off', custom: [`file:${material.siteRoot}`] },
        clientCertificate: references(material.frontEndAsClient),
      },
    })),
    metrics: { port: metrics },
  }
}

const references = ({ chain, key }: IdentityFiles) => ({
  chain: `file:${chain}`,
  key: `file:${key}`,
})

const beside = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
