/**
 * What one client walks through: a front end as an operator would start it, with a listener for each setting of
 * `resumption`, and an upstream that remembers which certificate it was told of on which path.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startServing } from '../consumers/front-end.ts'
import type { IdentityFiles } from '../consumers/material.ts'
import { mintCa, mintLeaf, type Leaf } from '../support/certificates/mint.ts'
import { claimPort } from '../support/ports/claim-port.ts'

export const SETTINGS = ['auto', 'on'] as const
export type Setting = (typeof SETTINGS)[number]

/** The paths below which the route classes lie. */
export const PATHS = { open: '/enroll/', device: '/mdm/', renewal: '/renew/' } as const

export interface Material {
  /** What the device gets at enrolment, and what it gets at renewal, with another key. */
  readonly first: IdentityFiles
  readonly second: IdentityFiles
  readonly siteRoot: string
  /** Which of the two a certificate is. */
  nameOf(der: Buffer): string
  readonly files: Readonly<
    Record<'fleetRoot' | 'chain' | 'key' | 'gatewayChain' | 'gatewayKey', string>
  >
  readonly upstream: { readonly key: string; readonly cert: string; readonly ca: string }
}

/** Mints everything and writes what programs read below `folder`. */
export function mintMaterial(folder: string): Material {
  const fleet = mintCa({ name: 'Fleet Root' })
  const issuing = mintCa({ name: 'Fleet Issuing CA', issuer: fleet })
  const site = mintCa({ name: 'Site CA' })
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const save = (name: string, leaf: Leaf): IdentityFiles => ({
    chain: write(`${name}.pem`, leaf.chainPem),
    key: write(`${name}.key`, leaf.keyPem),
  })
  const served = { issuer: site, dns: ['localhost'], purposes: ['serverAuth'] } as const
  const [first, second] = [mintLeaf({ issuer: issuing }), mintLeaf({ issuer: issuing })]
  const frontEnd = save('front-end', mintLeaf(served))
  const gateway = save('gateway', mintLeaf({ issuer: site, name: 'gateway' }))
  const upstream = mintLeaf(served)
  return {
    first: save('first', first),
    second: save('second', second),
    siteRoot: write('site-root.pem', site.pem),
    nameOf: (der) => (der.equals(first.der) ? 'first' : der.equals(second.der) ? 'second' : '?'),
    files: {
      fleetRoot: write('fleet-root.pem', fleet.pem),
      ...frontEnd,
      gatewayChain: gateway.chain,
      gatewayKey: gateway.key,
    },
    upstream: { key: upstream.keyPem, cert: upstream.chainPem, ca: site.pem },
  }
}

/** What became of one visit. */
export interface VisitOutcome {
  readonly status: number
  readonly code: string
  readonly resumed: boolean
  /** Whom the upstream was told of: `first`, `second`, `none`; `-` when it was not asked. */
  readonly seen: string
}

export interface ClientFrontEnd extends AsyncDisposable {
  readonly ports: Readonly<Record<Setting, number>>
  /** What is known of the request for this path; waits until it is written down. */
  outcomeOf(path: string): Promise<VisitOutcome>
}

/** Starts `tfe serve` and waits until it is ready. */
export async function startClientFrontEnd(
  folder: string,
  material: Material,
): Promise<ClientFrontEnd> {
  await using stack = new AsyncDisposableStack()
  const seen = new Map<string, string>()
  const upstream = createServer(
    { ...material.upstream, requestCert: true },
    (request: IncomingMessage, response: ServerResponse) => {
      seen.set(request.url ?? '', toldOf(request, material))
      response.end('ok')
    },
  )
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  stack.defer(() => {
    upstream.close().closeAllConnections()
  })
  const ports = { auto: await claimPort(), on: await claimPort() }
  const metrics = await claimPort()
  const config = join(folder, 'tfe.yaml')
  const { port } = upstream.address() as AddressInfo
  // JSON is YAML, and needs no writer.
  writeFileSync(config, JSON.stringify(configuration({ ports, metrics, upstream: port }, material)))
  const program = stack.use(await startServing(config, metrics, join(folder, 'log')))
  const lineOf = (path: string): Line | undefined =>
    program.out
      .split('\n')
      .filter((text) => text.includes(`"${path}"`) && text.endsWith('}'))
      .map((text) => JSON.parse(text) as Line)[0]
  const ending = stack.move()
  return {
    ports,
    async outcomeOf(path) {
      await program.until(() => lineOf(path) !== undefined)
      const { status = 0, code = '', resumed = false } = lineOf(path) ?? {}
      return { status, code, resumed, seen: seen.get(path) ?? '-' }
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

type Line = Partial<Omit<VisitOutcome, 'seen'>>

/** RFC 9440 §2.1: a Structured Byte Sequence. */
function toldOf({ headers }: IncomingMessage, material: Material): string {
  const field = headers['client-cert']
  if (typeof field !== 'string') return 'none'
  return material.nameOf(Buffer.from(field.slice(1, -1), 'base64'))
}

interface Ports {
  readonly ports: Readonly<Record<Setting, number>>
  readonly metrics: number
  readonly upstream: number
}

function configuration({ ports, metrics, upstream }: Ports, { files, siteRoot }: Material) {
  const listener = (setting: Setting) => ({
    address: '127.0.0.1',
    port: ports[setting],
    hosts: ['localhost'],
    certificates: [{ chain: `file:${files.chain}`, key: `file:${files.key}` }],
    tls: { resumption: setting },
    routes: 'fleet',
  })
  return {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    enforcement: 'required',
    trust: {
      enrollmentSettings: [
        { name: 'fleet', standing: 'current', chain: `file:${files.fleetRoot}` },
      ],
    },
    listeners: { auto: listener('auto'), on: listener('on') },
    routes: {
      fleet: {
        upstream: 'mdm',
        rows: Object.entries(PATHS).map(([kind, path]) => ({
          id: kind,
          path: `${path}*`,
          class: kind,
        })),
      },
    },
    upstreams: {
      mdm: {
        url: `https://localhost:${upstream}`,
        identity: { format: 'rfc9440' },
        tls: {
          trust: { default: 'off', custom: [`file:${siteRoot}`] },
          clientCertificate: {
            chain: `file:${files.gatewayChain}`,
            key: `file:${files.gatewayKey}`,
          },
        },
      },
    },
    metrics: { port: metrics },
  }
}
