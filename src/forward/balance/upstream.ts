/**
 * What requests are forwarded to: one or several servers that answer alike. Each server has a pool of its own, and
 * each upstream its own TLS context, so that no two identities and no two trust settings ever share a connection.
 */
import type { LookupFunction } from 'node:net'
import { fail, ok, type Fault, type Moment, type Result } from '../../kernel/types.ts'
import { LoadBalancer } from './load-balancer.ts'
import { clientContext } from '../connect/client-context.ts'
import type { DialPlan } from '../connect/attempt.ts'
import { HandedPaths } from '../connect/handed-paths.ts'
import { PROCESS_LOOKUPS } from '../connect/name-lookups.ts'
import { ownPathCheck } from '../connect/own-path-check.ts'
import type { UntrustedServer } from '../connect/untrusted.ts'
import { Server, type HealthChange, type HealthPorts } from './server.ts'
import type { ClientIdentity, UpstreamLimits, UpstreamSettings } from '../settings.ts'
import { allowedErrors } from '../upstream-error.ts'
import type { UpstreamError } from '../../kernel/upstream-error.ts'
import { DeadlineSweeper } from '../deadlines.ts'

/** What an upstream needs besides its settings. */
export interface UpstreamOptions {
  /** Shown when the upstream asks who we are. */
  readonly identity: ClientIdentity | undefined
  /** Called once per connection to a server that strict TLS would have refused. */
  readonly onUntrusted: (facts: UntrustedServer) => void
  /** Called when a server becomes available or unavailable. */
  readonly onHealth?: (change: UpstreamHealthChange) => void
  /** Called for everything that goes wrong with a server, and for nothing else. */
  readonly onError?: (error: UpstreamError) => void
  /** Time and chance; those of this machine where they are left out. */
  readonly health?: HealthPorts
  /** Asks for the addresses of names; the memory of this process where it is left out. */
  readonly lookup?: LookupFunction
}

/** A server became available or unavailable. */
export interface UpstreamHealthChange extends HealthChange {
  readonly upstream: string
  /** How many servers are available now; with 0 all are tried. */
  readonly left: number
}

/** Opens nothing yet: the first request does. Says what stands in the way of the settings. */
export function openUpstream(
  settings: UpstreamSettings,
  options: UpstreamOptions,
): Result<Upstream, readonly Fault[]> {
  if (settings.tls === undefined) return ok(new Upstream(settings, undefined, options))
  const context = clientContext(settings.tls, options.identity, settings.at)
  if (!context.ok) return fail(context.failure)
  const checkPath = ownPathCheck(settings.tls)
  const handedPaths = new HandedPaths(settings.tls, options.identity, checkPath)
  const client = { context: context.value, checkPath, handedPaths }
  return ok(new Upstream(settings, client, options))
}

const PLAIN = { context: undefined, checkPath: undefined, handedPaths: undefined }

/** An `Upstream` is its servers and the choice among them. */
export class Upstream {
  readonly name: string
  readonly limits: UpstreamLimits
  readonly deadlines: DeadlineSweeper
  readonly servers: readonly Server[]
  readonly #attempts: number
  readonly #loadBalancer: LoadBalancer

  constructor(
    settings: UpstreamSettings,
    client: Pick<DialPlan, 'checkPath' | 'context' | 'handedPaths'> | undefined,
    {
      onUntrusted,
      onHealth,
      onError,
      health = SYSTEM_PORTS,
      lookup = PROCESS_LOOKUPS.lookup,
    }: UpstreamOptions,
  ) {
    const { limits } = settings
    this.name = settings.name
    this.limits = limits
    this.#attempts = settings.attempts
    this.deadlines = new DeadlineSweeper(
      Math.min(limits.connect, limits.responseHeaders, limits.bodyIdle),
    )
    const healthChanged = (change: HealthChange): void =>
      onHealth?.({ ...change, upstream: this.name, left: this.#healthy(this.servers).length })
    const errorOccurred = (error: UpstreamError): void => onError?.(error)
    const allowed = (facts: UntrustedServer): void => {
      onUntrusted(facts)
      for (const error of allowedErrors(facts)) errorOccurred(error)
    }
    const { deadlines } = this
    const plan = { settings, ...(client ?? PLAIN), lookup, onUntrusted: allowed, deadlines }
    this.servers = settings.servers.map(
      (server) => new Server({ ...plan, server }, health, { healthChanged, errorOccurred }),
    )
    this.#loadBalancer = new LoadBalancer(settings.balance)
  }

  /**
   * Chooses the server for a request, other than those already `tried`; `undefined` when all were, or as many as one
   * request is tried on. An unhealthy server is avoided while a healthy one is left (health.ts).
   */
  choose(device: string | undefined, tried: readonly Server[]): Server | undefined {
    if (tried.length >= this.#attempts) return undefined
    const { servers } = this
    if (servers.length === 1) return tried.length === 0 ? servers[0] : undefined
    const left = tried.length === 0 ? servers : servers.filter((one) => !tried.includes(one))
    const healthy = this.#healthy(left)
    return this.#loadBalancer.choose(healthy.length === 0 ? left : healthy, device)
  }

  /** Begins the active checks, where there are any; until then nothing is opened. */
  startHealthChecks(): void {
    for (const server of this.servers) server.startChecks()
  }

  /** Connections now open or opening, for the metrics. */
  get connections(): number {
    return this.servers.reduce((sum, { pool, tunnels }) => sum + pool.connections + tunnels, 0)
  }

  /** Exchanges that wait for a connection, for the metrics. */
  get waiting(): number {
    return this.servers.reduce((sum, { pool }) => sum + pool.waiting, 0)
  }

  /**
   * Closes what is idle now and the rest when it is done; requests that already began here still get through. What
   * has no connection yet gets one of the replacement's: of the same server or, when it is gone, of the first.
   */
  async close(replacement?: Upstream): Promise<void> {
    for (const server of this.servers) server.stopChecks()
    const replacements = replacement?.servers
    await Promise.all(
      this.servers.map(({ name, pool }) =>
        pool.close((replacements?.find((one) => one.name === name) ?? replacements?.[0])?.pool),
      ),
    )
  }

  /** Breaks off everything under way. */
  destroy(): void {
    for (const server of this.servers) {
      server.stopChecks()
      server.pool.destroy()
    }
  }

  #healthy(servers: readonly Server[]): readonly Server[] {
    return servers.filter(({ state }) => state === 'available')
  }
}

const SYSTEM_PORTS: HealthPorts = {
  clock: { now: () => performance.now() as Moment },
  chance: () => Math.random(),
}
