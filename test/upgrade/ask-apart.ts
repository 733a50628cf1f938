/** What is asked once and not for each device: old cipher suites, and what reaches an upstream of what a device writes. */
import { connect } from 'node:tls'
import {
  CBC_SUITE,
  ROWS,
  type FleetPorts,
  type RowName,
} from '../fixtures/landed-store/configuration.ts'
import type { FleetCertificate } from '../fixtures/landed-store/mint-fleet.ts'
import { askOnce } from './ask.ts'

/** What one listener did. */
export interface ListenerApart {
  /** Whether a client that knows one suite with CBC alone gets a handshake. */
  readonly cbc: boolean
  /** The status on the row that is an OAuth endpoint. */
  readonly oauth: number
  /** Upstream → what it received under the names that the device chose, and as the host. */
  readonly received: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export type Apart = Readonly<Record<'devices' | 'scanners', ListenerApart>>

export interface AskApart {
  readonly ports: FleetPorts
  readonly ca: string
  /** Of a device that is admitted. */
  readonly certificate: FleetCertificate | undefined
}

/** Asks; the request for `APART_LAST` is the last. */
export async function askApart(asked: AskApart): Promise<Apart> {
  const devices = await askListener('devices', asked)
  return { devices, scanners: await askListener('scanners', asked) }
}

export const APART_LAST = `${ROWS.oauth}/apart/scanners`

/** Fields that servers take for an identity; the version before let them pass. */
export const FORGED = {
  sslclientcertsubject: 'CN=forged',
  'x-webauth-user': 'forged',
  'x-client-verif': 'SUCCESS',
} as const

/** A row to each upstream. */
const UPSTREAMS: Readonly<Record<string, RowName>> = {
  mdm: 'device',
  files: 'files',
  legacy: 'legacy',
}

async function askListener(
  listener: keyof Apart,
  { ports, ca, certificate }: AskApart,
): Promise<ListenerApart> {
  const asked = { port: ports[listener], ca }
  const received: Record<string, Readonly<Record<string, string>>> = {}
  for (const [upstream, row] of Object.entries(UPSTREAMS)) {
    const { status, body } = await askOnce(asked, certificate, {
      path: `${ROWS[row]}/apart/${listener}`,
      options: { headers: { ...FORGED, host: 'localhost:1' } },
    })
    if (status !== 200) throw new Error(`the device was answered ${status}`)
    const raw = JSON.parse(body) as readonly string[]
    received[upstream] = Object.fromEntries(
      [...Object.keys(FORGED), 'x-forwarded-host'].map((name) => [name, fieldOf(raw, name)]),
    )
  }
  const cbc = await shakesHands(asked.port, ca)
  const { status } = await askOnce(asked, certificate, { path: `${ROWS.oauth}/apart/${listener}` })
  return { cbc, oauth: status, received }
}

function fieldOf(raw: readonly string[], name: string): string {
  const at = raw.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name)
  return at === -1 ? '' : (raw[at + 1] ?? '')
}

async function shakesHands(port: number, ca: string): Promise<boolean> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca,
    servername: 'localhost',
    maxVersion: 'TLSv1.2',
    ciphers: CBC_SUITE,
  })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('secureConnect', () => resolve(true))
  socket.once('error', () => resolve(false))
  const isDone = await promise
  socket.destroy()
  return isDone
}
