/**
 * What a case is played on: the front end with a store in a file, an administrator who calls its API and types commands,
 * and devices that call over TLS.
 */
import { hash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandOutput } from '../support/cli/run-command.ts'
import { tfe } from '../support/cli/run-command.ts'
import { createAdmin } from '../../src/cli/commands/create-admin.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { Leaf } from '../support/certificates/mint.ts'
import { Device } from '../support/devices/device.ts'
import { requestOnce } from '../support/devices/request-once.ts'
import {
  clientTls,
  product,
  type Product,
  type ProductOptions,
} from '../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../support/upstreams/upstream-tls.ts'
import { until } from '../support/until.ts'

/** What the admin API said. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A device as the admin API lists it, as far as cases look. */
export interface ListedDevice {
  readonly id: string
  readonly version: number
  readonly sightings: number
  readonly approval: string
  readonly code: string | null
}

export interface FrontEnd extends AsyncDisposable {
  readonly product: Product
  /** Calls the admin API; `If-Match: *` goes along with a change. */
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** Types a command that calls the admin API. */
  type(...argv: readonly string[]): Promise<CommandOutput>
  /** Settles once requests are judged by everything that the store holds now. */
  inForce(): Promise<void>
  /** The status of one request; 0 is a handshake that was turned away. */
  status(leaf?: Leaf, path?: string): Promise<number>
  /** The status and what it was judged by: a basis of admission, or the code of a refusal; without others beside it. */
  verdict(leaf?: Leaf, path?: string): Promise<string>
  /** Sends one request with these fields, and gives the status. */
  send(leaf: Leaf | undefined, line: string, ...fields: readonly string[]): Promise<number>
  /** The device with this certificate's key, once the store has counted so many of its requests. */
  known(leaf: Leaf, sightings?: number): Promise<ListedDevice>
  /** What the status port says. */
  text(path: string): Promise<string>
  /** Writes another configuration and reloads it. */
  reload(options: FrontEndOptions): Promise<string>
}

/** As for the product; what is left out is a store in the folder of the configuration, and an admin API. */
export interface FrontEndOptions extends Partial<ProductOptions> {
  /** The file of a store that outlives the front end. */
  readonly store?: string
}

/** Starts all of it, and serves until disposed of. */
export async function frontEnd(options: FrontEndOptions = {}): Promise<FrontEnd> {
  await using stack = new AsyncDisposableStack()
  const upstreamPort =
    options.upstreamPort ?? stack.use(await rawUpstream(upstreamTlsOptions, answering(OK))).port
  const whole = ({ store = 'data/tfe.sqlite', ...one }: FrontEndOptions): ProductOptions => ({
    upstreamPort,
    ...one,
    yaml: { store: ` { sqlite: '${store}' }`, admin: ' { port: 0 }', ...one.yaml },
  })
  const served = stack.use(await product(whole(options)))
  const token = await tokenOf(served, options.store)
  const url = `http://127.0.0.1:${served.adminPort}`
  const call: FrontEnd['call'] = async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'GET' ? {} : { 'if-match': '*' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const listed = async (leaf: Leaf): Promise<readonly ListedDevice[]> => {
    const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 24)}`)
    return (body as { readonly items: readonly ListedDevice[] }).items
  }
  const behind = async (): Promise<number> => {
    const { body } = await call('GET', '/api/status')
    return (body as { readonly snapshot: { readonly behind: number } }).snapshot.behind
  }
  const status: FrontEnd['status'] = async (leaf, path) => {
    const device = leaf === undefined ? {} : { device: leaf }
    const asked = path === undefined ? {} : { path }
    return (await requestOnce(served, { version: 'TLSv1.3', ...device, ...asked })).status
  }
  const judged = () =>
    served.lines.filter(
      ({ msg, outcome }) =>
        String(msg).startsWith('request') || outcome === 'closed-before-request',
    )
  const kept = stack.move()
  return {
    product: served,
    call,
    type: (...argv) => tfe(argv, { TFE_ADMIN_URL: url, TFE_ADMIN_TOKEN: token }),
    async inForce() {
      await until(behind, (changes) => changes === 0)
    },
    status,
    async verdict(leaf, path) {
      const before = judged().length
      const found = await status(leaf, path)
      await served.waitForLine(() => judged().length > before)
      return `${found} ${String(judged().at(-1)?.['code'])}`
    },
    async send(leaf, line, ...fields) {
      const { port, ...others } = clientTls(served.port, leaf)
      await using device = await Device.to(port, others)
      const lines = [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...fields]
      device.send(`${lines.join('\r\n')}\r\n\r\n`)
      return Number((await device.response()).startLine.split(' ')[1])
    },
    async known(leaf, sightings = 1) {
      const found = await until(
        () => listed(leaf),
        ([one]) => one !== undefined && one.sightings >= sightings,
      )
      return found[0] as ListedDevice
    },
    text: async (path) => (await fetch(`http://127.0.0.1:${served.statusPort}${path}`)).text(),
    reload: async (next) => (await served.reload(whole(next))).kind,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** The SHA-256 of a certificate's public key, as the deny list and lists of devices name it. */
export const keyOf = ({ der }: { readonly der: Buffer }): string =>
  hash('sha256', new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))

/** The store of a folder, as another program opens it beside the one that serves. */
export async function storeIn(path: string): Promise<Store & AsyncDisposable> {
  const opened = await openStore(
    { kind: 'sqlite', path },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
}

async function tokenOf({ folder }: Product, store?: string): Promise<string> {
  await using opened = await storeIn(store ?? join(folder, 'data/tfe.sqlite'))
  const path = join(folder, 'token')
  const credential = { kind: 'token-file', path } as const
  const who = { name: 'alice', role: 'administrator', credential } as const
  const made = await createAdmin(opened, who, { who: 'test', from: 'test' })
  if (!made.ok) throw new Error('there is no administrator')
  return readFileSync(path, 'utf8').trim()
}
