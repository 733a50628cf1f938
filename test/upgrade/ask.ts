/** Asks a front end as each device of the fleet, on each kind of row, from inside and from outside. */
import { X509Certificate } from 'node:crypto'
import { Agent, request, type RequestOptions } from 'node:https'
import { createSecureContext } from 'node:tls'
import {
  ORIGINS,
  ROWS,
  type OriginName,
  type RowName,
} from '../fixtures/landed-store/configuration.ts'
import { derivedKeyPem } from '../fixtures/landed-store/derived-keys.ts'
import type { FleetCertificate } from '../fixtures/landed-store/mint-fleet.ts'

/** Where the front end is, and who vouches for it. */
export interface Asked {
  readonly port: number
  readonly ca: string
}

/** Verdicts by row. */
export type Met = Readonly<Record<OriginName, Readonly<Partial<Record<RowName, string>>>>>

/** A line of the log about a request or a connection. */
export interface MetLine {
  readonly remote?: string
  readonly device?: { readonly fingerprint: string }
  /** Of a connection: what became of it. */
  readonly outcome?: string
  readonly path?: string
  readonly decision?: string
  readonly code?: string
  readonly status?: number
}

export const ROW_NAMES = Object.keys(ROWS) as readonly RowName[]
export const ORIGIN_NAMES = Object.keys(ORIGINS) as readonly OriginName[]

/** Where one request goes: the path tells its line of the log from all others. */
export const pathOf = (row: RowName, name: string, origin: OriginName): string =>
  `${ROWS[row]}/${name}/${origin}`

/** Asks on all rows, one after the other on connections that stay open where the front end lets them. */
export async function askAll(
  asked: Asked,
  certificate: FleetCertificate | undefined,
): Promise<void> {
  const name = certificate?.name ?? NAMELESS
  // Made once: to read a key takes as long as a handshake.
  const secureContext = createSecureContext({ ca: asked.ca, ...shown(certificate) })
  for (const origin of ORIGIN_NAMES) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, secureContext })
    for (const row of ROW_NAMES) {
      await askOnce(asked, undefined, { path: pathOf(row, name, origin), origin, agent })
    }
    agent.destroy()
  }
}

const shown = (certificate: FleetCertificate | undefined) =>
  certificate === undefined ? {} : { cert: certificate.chain, key: derivedKeyPem(certificate.key) }

/** Of a client without a certificate. */
export const NAMELESS = 'without-certificate'

export interface Visit {
  readonly path: string
  readonly origin?: OriginName
  readonly agent?: Agent
  readonly options?: RequestOptions
}

/** One request; 0 stands for a connection that ended without an answer. */
export function askOnce(
  { port, ca }: Asked,
  certificate: FleetCertificate | undefined,
  { path, origin = 'inside', agent, options = {} }: Visit,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve } = Promise.withResolvers<{ status: number; body: string }>()
  const sent = request(
    {
      host: '127.0.0.1',
      port,
      path,
      ca,
      servername: 'localhost',
      localAddress: ORIGINS[origin],
      headers: { host: 'localhost' },
      agent: agent ?? new Agent(),
      ...shown(certificate),
      ...options,
    },
    (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', () => resolve({ status: 0, body }))
    },
  )
  sent.once('error', () => resolve({ status: 0, body: '' }))
  sent.end()
  return promise
}

/** What each certificate met, from the lines of the log; one without a name is that of no certificate. */
export function metOf(
  lines: readonly MetLine[],
  certificates: readonly FleetCertificate[],
): ReadonlyMap<string, Met> {
  const requests = new Map(lines.map((line) => [line.path ?? '', line]))
  const closed = new Map(
    lines
      .filter(({ outcome }) => outcome !== undefined && outcome !== 'served')
      .map((line) => [`${line.device?.fingerprint} ${line.remote}`, line]),
  )
  const of = (name: string, fingerprint: string | undefined, origin: OriginName) =>
    Object.fromEntries(
      ROW_NAMES.map((row) => {
        const line = requests.get(pathOf(row, name, origin))
        return [row, verdictOf(line ?? closed.get(`${fingerprint} ${ORIGINS[origin]}`))]
      }),
    )
  const met = (name: string, fingerprint?: string): [string, Met] => [
    name,
    { inside: of(name, fingerprint, 'inside'), outside: of(name, fingerprint, 'outside') },
  ]
  return new Map([
    ...certificates.map(({ name, chain }) => met(name, fingerprintOf(chain))),
    met(NAMELESS),
  ])
}

/** The SHA-256 of a certificate, as the log has it. */
export const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()

/**
 * The verdict and its code; with the status where it was admitted and the upstream did not say 200. A certificate that is
 * refused on every row is turned away before a request is read.
 */
function verdictOf(line: MetLine | undefined): string {
  if (line === undefined) return 'nothing was told'
  const { decision, code = '', status = 0 } = line
  if (decision === undefined) return `refuse ${code} before a request`
  return `${decision} ${code}${decision === 'admit' && status !== 200 ? ` ${status}` : ''}`
}
