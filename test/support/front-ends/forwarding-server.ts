/**
 * The smallest front end there can be around `forward`: an HTTPS server that admits everything. What the whole
 * product does before and after is tested elsewhere.
 */
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import { decide, type Admission } from '../../../src/decide/decide.ts'
import type { UntrustedServer } from '../../../src/forward/connect/untrusted.ts'
import type { Outcome } from '../../../src/forward/exchange/exchange.ts'
import { forward } from '../../../src/forward/exchange/forward.ts'
import type { ClientIdentity, UpstreamSettings } from '../../../src/forward/settings.ts'
import type { UpstreamError } from '../../../src/kernel/upstream-error.ts'
import {
  openUpstream,
  type Upstream,
  type UpstreamHealthChange,
} from '../../../src/forward/balance/upstream.ts'
import type { DeviceExchange } from '../../../src/http1/device-exchange.ts'
import type { RequestMessage } from '../../../src/http1/message.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { fieldFilter, requestFields } from '../../../src/message/request-fields.ts'
import type { TlsPreset, Selection } from '../../../src/upstream-tls/catalogue.ts'
import { completeSelection } from '../../../src/upstream-tls/complete.ts'
import { mintCa, mintLeaf } from '../certificates/mint.ts'
import { httpServer } from './http-server.ts'
import { EMPTY_POLICY } from '../empty-policy.ts'

/** An honest admission, from the only place that makes them. */
export function anAdmission(): Admission {
  const decision = decide({ peer: { kind: 'none' }, route: 'open' }, EMPTY_POLICY, 0 as Instant)
  if (decision.kind === 'admit') return decision
  throw new Error('an open route refused')
}

export const frontCa = mintCa({ name: 'Front CA' })
export const upstreamCa = mintCa({ name: 'Upstream CA' })
const frontLeaf = mintLeaf({ issuer: frontCa, dns: ['front.test'], purposes: ['serverAuth'] })

/** A certificate for `upstream.test` and how a TLS server is given it. */
export const goodServer = serverOptions(
  mintLeaf({ issuer: upstreamCa, dns: ['upstream.test'], purposes: ['serverAuth'] }),
)

export function serverOptions(leaf: { readonly chainPem: string; readonly keyPem: string }) {
  return { cert: leaf.chainPem, key: leaf.keyPem, ALPNProtocols: ['http/1.1'] }
}

/** A selection of which a test names some columns; the others follow the preset. */
export function completedSelection(
  written: Partial<Selection>,
  preset: TlsPreset = 'secure',
): Selection {
  return completeSelection(written, preset, runtimeCatalogue())
}

type Tls = NonNullable<UpstreamSettings['tls']>

/** What a test changes about its upstream. */
export interface UpstreamChanges {
  readonly tls?: Partial<Tls>
  readonly limits?: Partial<Record<keyof UpstreamSettings['limits'], number>>
  readonly hostname?: string
  readonly name?: string
  /** HTTP without TLS. */
  readonly plain?: boolean
  /** Ports of more servers on the same host. */
  readonly others?: readonly number[]
  readonly balance?: UpstreamSettings['balance']
  readonly attempts?: number
  readonly health?: Partial<HealthNumbers>
  /** Changes one server after another. */
  readonly servers?: readonly Partial<UpstreamSettings['servers'][0]>[]
}

/** Health settings with plain numbers for lengths of time. */
interface HealthNumbers {
  readonly failures: number
  readonly ejection: number
  readonly longestEjection: number
  readonly check: CheckNumbers | undefined
}

type Check = NonNullable<UpstreamSettings['health']['check']>
type CheckNumbers = Omit<Check, 'interval' | 'timeout'> & {
  readonly interval: number
  readonly timeout: number
}

const STRICT: Tls = {
  strict: true,
  allowAndLog: false,
  sni: { kind: 'on' },
  hostname: 'upstream.test',
  pins: [],
  trust: { default: 'off', custom: [{ at: 'ca.pem', bytes: Buffer.from(upstreamCa.pem) }] },
  selection: completedSelection({}),
}

/** Strict TLS towards `upstream.test` on the loopback interface. */
export function upstreamSettings(port: number, changes: UpstreamChanges = {}): UpstreamSettings {
  const { hostname = '127.0.0.1', name = 'mdm', plain = false, others = [] } = changes
  const [first, ...rest] = [port, ...others].map((one, index) => ({
    name: `${hostname}:${one}`,
    hostname,
    port: one,
    weight: 1,
    check: true,
    ...changes.servers?.[index],
  }))
  if (first === undefined) throw new Error('no server')
  return {
    at: 'upstreams.mdm',
    name,
    protocol: plain ? 'http:' : 'https:',
    servers: [first, ...rest],
    balance: changes.balance ?? 'round-robin',
    attempts: changes.attempts ?? 2,
    health: {
      failures: 5,
      ejection: 10_000,
      longestEjection: 60_000,
      check: undefined,
      ...changes.health,
    } as UpstreamSettings['health'],
    tls: plain ? undefined : { ...STRICT, ...changes.tls },
    limits: {
      connections: 8,
      connect: 5000,
      responseHeaders: 10_000,
      responseHeaderBytes: 16_384,
      bodyIdle: 10_000,
      idle: 30_000,
      ...changes.limits,
    } as UpstreamSettings['limits'],
  }
}

/** How the front is set up. */
export interface ForwardingServerOptions extends UpstreamChanges {
  readonly identity?: ClientIdentity
  readonly bodyBytes?: number
  readonly bodyIdle?: number
  readonly last?: boolean
  /** The key that stands for the device of a request. */
  readonly device?: (request: RequestMessage) => string | undefined
  /** The network of a request that is not vouched for; left out, all are. */
  readonly unvouched?: (request: RequestMessage) => string | undefined
  readonly host?: 'given' | 'server'
  /** Said to the upstream on top of what the device sent. */
  readonly identityFields?: readonly string[]
}

export interface ForwardingServer extends AsyncDisposable {
  readonly port: number
  readonly upstream: Upstream
  /** In the order in which exchanges ended. */
  readonly outcomes: readonly Outcome[]
  readonly untrusted: readonly UntrustedServer[]
  /** Everything that went wrong with the upstream. */
  readonly errors: readonly UpstreamError[]
  /** Waits until so many things have gone wrong, and gives the last. */
  error(count: number): Promise<UpstreamError>
  /** Every change of a server's health so far. */
  readonly changes: readonly UpstreamHealthChange[]
  /** Waits until so many changes have happened, and gives the last. */
  change(count: number): Promise<UpstreamHealthChange>
  /** Waits until so many exchanges have ended, and gives the last. */
  outcome(count?: number): Promise<Outcome>
}

/** Serves on a port of the system's choice until disposed of. */
export async function forwardingServer(
  upstreamPort: number,
  options: ForwardingServerOptions = {},
): Promise<ForwardingServer> {
  const untrusted: UntrustedServer[] = []
  const changes = new AwaitableList<UpstreamHealthChange>()
  const errors = new AwaitableList<UpstreamError>()
  const opened = openUpstream(upstreamSettings(upstreamPort, options), {
    identity: options.identity,
    onUntrusted: (facts) => untrusted.push(facts),
    onHealth: (change) => changes.add(change),
    onError: (error) => errors.add(error),
  })
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  const upstream = opened.value
  const outcomes = new AwaitableList<Outcome>()
  const serve = handler(upstream, options, (outcome) => outcomes.add(outcome))
  const server = await httpServer({ cert: frontLeaf.chainPem, key: frontLeaf.keyPem }, serve)
  return {
    port: server.port,
    upstream,
    outcomes: outcomes.items,
    untrusted,
    changes: changes.items,
    errors: errors.items,
    error: (count) => errors.nth(count),
    outcome: (count = 1) => outcomes.nth(count),
    change: (count) => changes.nth(count),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      upstream.destroy()
      await upstream.close()
    },
  }
}

function handler(
  upstream: Upstream,
  options: ForwardingServerOptions,
  ended: (outcome: Outcome) => void,
): (device: DeviceExchange) => void {
  const plan = {
    filter: fieldFilter([]),
    host: undefined,
    identity: options.identityFields ?? [],
    forwarding: [],
    appendedTo: undefined,
  }
  return (device) => {
    const { request } = device
    const exchange = { device, last: options.last ?? false, reference: () => 'ref-1' }
    void forward(anAdmission(), exchange, {
      upstream,
      host: options.host ?? 'given',
      device: options.device?.(request),
      target: request.target,
      fields: requestFields(request.fields, plan),
      unvouched: options.unvouched?.(request),
      bodyBytes: options.bodyBytes ?? 1e9,
      bodyIdle: options.bodyIdle ?? 10_000,
    }).then(ended)
  }
}

/** A list that can be waited for. */
class AwaitableList<Item> {
  readonly items: Item[] = []
  #wake = Promise.withResolvers<void>()

  add(item: Item): void {
    this.items.push(item)
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }

  async nth(count: number): Promise<Item> {
    for (;;) {
      const item = this.items[count - 1]
      if (item !== undefined) return item
      await this.#wake.promise
    }
  }
}
