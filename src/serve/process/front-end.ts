/**
 * One process's worth of serving: its listeners, the snapshot in force, and the connections that live under it.
 */
import type { Logger } from 'pino'
import type { ListenerTls } from '../../accept/bound-port.ts'
import { Listener } from '../../accept/listener.ts'
import { TunnelListener } from '../../accept/tunnel-listener.ts'
import { serverContexts } from '../../handshake/server-context.ts'
import { Recognition } from '../../identify/peer.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import { Crowd } from '../../kernel/slot-list.ts'
import type { Clock } from '../../kernel/ports.ts'
import type { Connection } from '../../pipeline/connection.ts'
import type { LegacyWatch } from '../../pipeline/oauth-throttle.ts'
import type { Metrics } from '../../record/metrics.ts'
import type { Ledger } from '../../record/device-sightings.ts'
import type { Sightings } from '../../record/expiry-sightings.ts'
import type { UpstreamErrors } from '../../record/upstream-errors.ts'
import {
  openSnapshot,
  retire,
  type ListenerView,
  type Snapshot,
  withLists,
} from '../../state/snapshot.ts'
import type { Narrowed, Overlay } from '../../state/overlay.ts'
import { type ReadLists } from '../../state/revocation.ts'
import { buildWorld } from '../../state/world.ts'
import { bindFault } from './bind-fault.ts'
import { legacyWatch } from './oauth-throttle.ts'
import { tellHealth } from './upstream-log.ts'
import { tellUntrusted, untrustedReasons } from '../tell-untrusted.ts'
import { Reception, type ReceptionDeps } from './http-connections.ts'
import { TunnelReception } from './tunnel-connections.ts'
import { Unrecorded } from './in-flight.ts'
import { Vigil } from './revalidation.ts'
import type { IssuerMet, Orders } from './process-config.ts'

export interface FrontEndDeps {
  readonly log: Logger
  readonly metrics: Metrics
  /** Other processes bind the same ports. */
  readonly shared: boolean
  /** The revocation lists that were read; `revise` says that they changed. */
  readonly lists: ReadLists
  /** What was decided about single devices; `narrowed` says that somebody may have lost by a change. */
  readonly overlay: Overlay
  /** A device was held to a session that says less of it than a new one would. */
  lockedOut(): void
  readonly sightings: Pick<Sightings, 'saw'>
  /** The books of the fleet; kept where there is a store. */
  readonly ledger: Pick<Ledger, 'saw'>
  /** What goes wrong with upstreams, for the list of the admin API. */
  readonly upstreamErrors: Pick<UpstreamErrors, 'met'>
  /** An issuer was met that the other processes may not know. */
  met(issuer: IssuerMet): void
  /** How often verdicts are looked at that turn with time, in milliseconds; a second unless a test wants none. */
  readonly sweepEveryMs?: number
}

export class FrontEnd {
  readonly #deps: FrontEndDeps
  readonly #listeners = new Map<string, Listener | TunnelListener>()
  readonly #connections = new Crowd<Connection>()
  readonly #unrecorded = new Unrecorded()
  readonly #recognition = new Recognition(CLOCK, ({ der }, trustVersion) => {
    this.#deps.met({ der, trustVersion })
  })
  readonly #legacy: LegacyWatch
  readonly #vigil: Vigil
  #orders: Orders
  #snapshot: Snapshot

  /** Builds, opens and binds everything the orders ask for, or says what stands in the way. */
  static async start(
    orders: Orders,
    deps: FrontEndDeps,
  ): Promise<Result<FrontEnd, readonly Fault[]>> {
    const opened = open(orders, undefined, deps)
    if (!opened.ok) return opened
    const frontEnd = new FrontEnd(orders, opened.value, deps)
    const faults = await frontEnd.#listen(opened.value.listeners)
    if (faults.length === 0) return ok(frontEnd)
    await frontEnd.drain()
    return fail(faults)
  }

  private constructor(orders: Orders, snapshot: Snapshot, deps: FrontEndDeps) {
    this.#orders = orders
    this.#snapshot = snapshot
    this.#deps = deps
    this.#vigil = new Vigil(
      {
        connections: this.#connections,
        recognition: this.#recognition,
        snapshot: () => this.#snapshot,
        clock: CLOCK,
      },
      deps.sweepEveryMs === undefined ? {} : { everyMs: deps.sweepEveryMs },
    )
    this.#legacy = legacyWatch(orders, deps)
    this.#announce()
  }

  /** The ports that were bound, by the name of the listener. */
  get ports(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#listeners.values()].map((one) => [one.name, one.port]))
  }

  /** What another process has met; of another world it is no use here. */
  learn({ der, trustVersion }: IssuerMet): void {
    if (trustVersion === this.#snapshot.judge.version) this.#recognition.teach(der, trustVersion)
  }

  /** All or nothing: on any fault the old snapshot serves on, and the faults are returned. */
  reload(orders: Orders): readonly Fault[] {
    const fixed = fixedFaults(this.#orders, orders)
    if (fixed.length > 0) return fixed
    const next = open(orders, this.#snapshot, this.#deps)
    if (!next.ok) return next.failure
    const tls = [...next.value.listeners].map(
      ([name, view]) => [name, listenerTls(view, next.value, orders)] as const,
    )
    const old = this.#snapshot
    this.#snapshot = next.value
    const { ticketSecret } = this.#orders
    this.#orders = orders
    for (const [name, contexts] of tls) this.#listeners.get(name)?.setTls(contexts)
    // Every process erases its own copy; one that it was given again for the same orders stays.
    if (ticketSecret !== orders.ticketSecret) ticketSecret.fill(0)
    if (old !== next.value) retire(old, next.value)
    this.#announce()
    this.#vigil.endTheRefused(old.world.policy)
    return []
  }

  /** Judges by the lists as they are now; live connections that they refuse end. */
  revise(): void {
    const { policy } = this.#snapshot.world
    this.#snapshot = withLists(this.#snapshot, this.#deps.lists)
    this.#vigil.endTheRefused(policy)
  }

  /** A change to the overlay took something away from somebody. */
  narrowed(by: Narrowed): void {
    const { policy } = this.#snapshot.world
    if (by.kind === 'anybody') this.#vigil.endTheRefused(policy)
    else if (by.kind === 'keys') this.#vigil.endTheRefused(policy, by.has)
  }

  /** Stops accepting, lets requests finish within the configured patience, closes everything. */
  async drain(): Promise<void> {
    this.#vigil.close()
    const patience = this.#orders.config.drain
    await Promise.all([...this.#listeners.values()].map((one) => one.drain(patience)))
    await this.#unrecorded.none(RECORD_PATIENCE_MS)
    retire(this.#snapshot, undefined)
  }

  async #listen(views: ReadonlyMap<string, ListenerView>): Promise<readonly Fault[]> {
    const faults: Fault[] = []
    for (const [name, view] of views) {
      const { config } = view.world
      const tls = listenerTls(view, this.#snapshot, this.#orders)
      const deps = this.#receptionDeps(name)
      const listener =
        config.relay === undefined
          ? new Listener(config, tls, new Reception(name, deps))
          : new TunnelListener(config, tls, new TunnelReception(name, deps))
      try {
        await listener.listen(this.#deps.shared)
        this.#listeners.set(name, listener)
      } catch (error) {
        faults.push({ at: config.at, message: bindFault(error, config) })
      }
    }
    return faults
  }

  #receptionDeps(name: string): ReceptionDeps {
    const { log, metrics, sightings, ledger } = this.#deps
    return {
      log,
      metrics,
      sightings,
      saw: (glimpse) => {
        if (this.#orders.rules !== undefined) ledger.saw(glimpse)
      },
      lockedOut: () => this.#deps.lockedOut(),
      connections: this.#connections,
      unrecorded: this.#unrecorded,
      clock: CLOCK,
      recognition: this.#recognition,
      legacy: this.#legacy,
      snapshot: () => this.#snapshot,
      draining: () => this.#listeners.get(name)?.draining ?? false,
    }
  }

  #announce(): void {
    const { world, version, upstreams } = this.#snapshot
    for (const { upstream } of upstreams.values()) upstream.watchHealth()
    this.#deps.metrics.serving({
      version,
      dangers: world.config.dangers.map(({ kind }) => kind),
      certificates: certificatesOf(this.#snapshot),
      servers: [...upstreams.values()].flatMap(({ upstream }) =>
        upstream.servers.map(({ name, standing }) => ({
          upstream: upstream.name,
          server: name,
          standing,
        })),
      ),
    })
  }
}

/** Turns of the event loop, each of which may wait for a busy machine; a request that hangs must not hold up the end. */
const RECORD_PATIENCE_MS = 2000
const CLOCK: Clock = { now: () => Date.now() as Instant }

function open(
  orders: Orders,
  previous: Snapshot | undefined,
  { log, metrics, lists, overlay, upstreamErrors }: FrontEndDeps,
): Result<Snapshot, readonly Fault[]> {
  // Only the ticket secret was replaced: the world is the same.
  if (previous?.version === orders.version) return ok(previous)
  const world = buildWorld(orders.config, CLOCK.now(), { rules: orders.rules, overlay })
  if (!world.ok) return world
  const opened = openSnapshot(world.value, {
    version: orders.version,
    previous,
    onUntrusted: (upstream, facts) => {
      metrics.untrusted(upstream, untrustedReasons(facts))
      tellUntrusted(log, facts)
    },
    onHealth: (change) => {
      metrics.health(change)
      tellHealth(log, change)
    },
    onError: (error) => upstreamErrors.met(error, CLOCK.now()),
  })
  return opened.ok ? ok(withLists(opened.value, lists)) : opened
}

function listenerTls(view: ListenerView, { world }: Snapshot, orders: Orders): ListenerTls {
  return serverContexts(view.world.identities, view.world.tls, {
    secret: orders.ticketSecret,
    listener: view.world.config.name,
    trustVersion: world.trust.version,
  })
}

/** What a reload cannot change, because it is bound: the operator is told rather than half obeyed. */
function fixedFaults(before: Orders, after: Orders): readonly Fault[] {
  const bound = ({ config }: Orders): string =>
    config.listeners
      .map(({ name, purpose, address, port, limits }) => {
        const { connections, handshake, headers, headerBytes, idle } = limits
        const fixed = JSON.stringify({ connections, handshake, headers, headerBytes, idle })
        const kind = purpose === 'sync' ? 'sync port ' : ''
        return `${kind}${name} ${address}:${port} ${fixed}`
      })
      .sort()
      .join(', ')
  if (bound(before) === bound(after)) return []
  const message = `found listeners ${bound(after)}, wanted those that are bound, ${bound(before)}: restart to change names, addresses, ports or these limits`
  return [{ at: 'listeners', message }]
}

function certificatesOf({ world }: Snapshot): readonly {
  readonly role: string
  readonly name: string
  readonly notAfter: number
}[] {
  const own = [...world.listeners.values()].flatMap(({ config, identities }) =>
    identities.map(({ certificates: [leaf], names }) => ({
      role: 'server',
      name: `${config.name} ${names[0] ?? ''}`,
      notAfter: leaf.validToDate.getTime(),
    })),
  )
  const anchors = world.trust.anchors.map(({ setting, certificate }) => ({
    role: 'enrollment-setting',
    name: setting,
    notAfter: certificate.notAfter,
  }))
  return [...own, ...anchors]
}
