/**
 * What requests are forwarded to: one or several servers that answer alike. Each server has a pool of its own, and
 * each upstream its own TLS context, so that no two identities and no two trust settings ever share a connection.
 */
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { Balancer } from './balance.ts'
import { clientContext } from './client-context.ts'
import type { UntrustedServer } from './dial.ts'
import { Server } from './server.ts'
import type { ClientIdentity, UpstreamLimits, UpstreamSettings } from './settings.ts'
import { Watch } from './watch.ts'
import type { SecureContext } from 'node:tls'

/** What an upstream needs besides its settings. */
export interface UpstreamOptions {
  /** Shown when the upstream asks who we are. */
  readonly identity: ClientIdentity | undefined
  /** Called once per connection to a server that strict TLS would have refused. */
  readonly onUntrusted: (facts: UntrustedServer) => void
}

/** Opens nothing yet: the first request does. Says what stands in the way of the settings. */
export function openUpstream(
  settings: UpstreamSettings,
  options: UpstreamOptions,
): Result<Upstream, readonly Fault[]> {
  if (settings.tls === undefined) return ok(new Upstream(settings, undefined, options))
  const context = clientContext(settings.tls, options.identity, settings.at)
  return context.ok ? ok(new Upstream(settings, context.value, options)) : fail(context.failure)
}

/** Its servers, and who is next. */
export class Upstream {
  readonly name: string
  readonly limits: UpstreamLimits
  readonly attempts: number
  readonly watch: Watch
  readonly servers: readonly Server[]
  readonly #balancer: Balancer

  constructor(
    settings: UpstreamSettings,
    context: SecureContext | undefined,
    { onUntrusted }: UpstreamOptions,
  ) {
    const { limits } = settings
    this.name = settings.name
    this.limits = limits
    this.attempts = settings.attempts
    this.watch = new Watch(Math.min(limits.connect, limits.responseHeaders, limits.bodyIdle))
    this.servers = settings.servers.map(
      (server) => new Server({ settings, server, context, onUntrusted }),
    )
    this.#balancer = new Balancer(settings.balance)
  }

  /** The server for a request; those already `tried` are left out, and nobody is left when all were. */
  choose(device: string | undefined, tried: readonly Server[]): Server | undefined {
    const left =
      tried.length === 0 ? this.servers : this.servers.filter((one) => !tried.includes(one))
    return this.#balancer.choose(left, device)
  }

  /** Connections now open or opening, for the metrics. */
  get connections(): number {
    return this.servers.reduce((sum, { pool }) => sum + pool.connections, 0)
  }

  /** Exchanges that wait for a connection, for the metrics. */
  get waiting(): number {
    return this.servers.reduce((sum, { pool }) => sum + pool.waiting, 0)
  }

  /**
   * Closes what is idle now and the rest when it is done; requests that already began here still get through. What
   * has no connection yet gets one of the successor's: of the same server or, when it is gone, of the first.
   */
  async close(successor?: Upstream): Promise<void> {
    const heirs = successor?.servers
    await Promise.all(
      this.servers.map(({ name, pool }) =>
        pool.close((heirs?.find((one) => one.name === name) ?? heirs?.[0])?.pool),
      ),
    )
  }

  /** Breaks off everything under way. */
  destroy(): void {
    for (const { pool } of this.servers) pool.destroy()
  }
}
