/**
 * What one process serves with: its listeners, the snapshot in force, and the connections that were opened under it.
 */
import type { Logger } from 'pino'
import { Acceptor, type ListenerTls } from '../../accept/acceptor.ts'
import { httpHead } from '../../accept/http-head.ts'
import { tunnelHead } from '../../accept/tunnel-head.ts'
import type { Config } from '../../config/config.ts'
import { DeadlineSweeper } from '../../forward/deadlines.ts'
import { serverContexts } from '../../handshake/server-context.ts'
import { PresentedBudget } from '../../identify/presented-budget.ts'
import { PeerCache } from '../../identify/peer.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { SlotList } from '../../kernel/slot-list.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { explainUnrouted } from '../../pipeline/rejection.ts'
import type { LegacyOAuthThrottle } from '../../pipeline/oauth-throttle.ts'
import type { Holders } from '../../record/holder-metrics.ts'
import type { Metrics } from '../../record/metrics.ts'
import type { RefusalBuffer } from '../../record/refusal-buffer.ts'
import type { SightingBuffer } from '../../record/sighting-buffer.ts'
import type { ExpirySightingBuffer } from '../../record/expiry-sightings.ts'
import type { UpstreamErrorBuffer } from '../../record/upstream-errors.ts'
import {
  openSnapshot,
  closeRetired,
  type ListenerView,
  type Snapshot,
  withCrls,
} from '../../state/snapshot.ts'
import type { Restricted, Overlay } from '../../state/overlay.ts'
import { signedIdsOf } from '../../trust/signed-ids.ts'
import type { Account } from '../../state/explain/account.ts'
import { answer } from '../../state/explain/explain.ts'
import type { Question } from '../../state/explain/question.ts'
import { type LoadedCrls } from '../../state/revocation-policy.ts'
import { compileConfig } from '../../state/compiled-config.ts'
import { bindFault } from './bind-fault.ts'
import { legacyOAuthThrottle } from './oauth-throttle.ts'
import type { Clock } from '../../kernel/ports.ts'
import { connectionsAllowed, systemResources } from './resources.ts'
import { SYSTEM_CLOCK } from './system-clock.ts'
import { logHealthChange, logUntrusted, untrustedReasons } from './upstream-log.ts'
import type { ConnectionHandlerDeps } from './connections.ts'
import { httpHandlers } from './http-connections.ts'
import { tunnelHandlers } from './tunnel-connections.ts'
import { InFlight } from './in-flight.ts'
import { ConnectionRevalidator } from './revalidation.ts'
import type { IssuerHint, ProcessConfig } from './process-config.ts'

export interface FrontEndDeps {
  readonly log: Logger
  readonly metrics: Metrics
  /** Other processes bind the same ports. */
  readonly shared: boolean
  /** The revocation lists that were read; `reapplyCrls` is called when they change. */
  readonly crls: LoadedCrls
  /** What was decided about single devices; `onRestricted` is called when a change may have restricted some. */
  readonly overlay: Overlay
  /** A device was held to a session that says less of it than a new one would. */
  onStaleSession(): void
  readonly expirySightings: Pick<ExpirySightingBuffer, 'add'>
  /** Sightings of devices on their way to the store; added only where there is one. */
  readonly sightingBuffer: Pick<SightingBuffer, 'add'>
  /** Refusals on their way to the store; added only where there is one. */
  readonly refusalBuffer: Pick<RefusalBuffer, 'add'>
  /** What goes wrong with upstreams, for the list of the admin API. */
  readonly upstreamErrors: Pick<UpstreamErrorBuffer, 'add'>
  /** An issuer was met that the other processes may not know. */
  onIssuer(issuer: IssuerHint): void
  /** What the time is; the real time unless a test says otherwise. */
  readonly clock?: Clock
  /** How often verdicts are looked at that turn with time, in milliseconds; a second unless a test wants none. */
  readonly revalidateEveryMs?: number
}

export class FrontEnd {
  readonly #deps: FrontEndDeps
  readonly #listeners = new Map<string, Acceptor>()
  readonly #deadlines = new DeadlineSweeper(SHORTEST_LIMIT_MS)
  readonly #connections = new SlotList<Connection>()
  readonly #presentedBudget = new PresentedBudget()
  readonly #inFlight = new InFlight()
  readonly #clock: Clock
  readonly #peerCache: PeerCache
  readonly #oauthThrottle: LegacyOAuthThrottle
  readonly #revalidator: ConnectionRevalidator
  #endAnnounced = false
  #processConfig: ProcessConfig
  #snapshot: Snapshot

  /** Builds, opens and binds everything that the process configuration asks for, or says what stands in the way. */
  static async start(
    processConfig: ProcessConfig,
    deps: FrontEndDeps,
  ): Promise<Result<FrontEnd, readonly Fault[]>> {
    const opened = openNext(processConfig, undefined, deps)
    if (!opened.ok) return opened
    const frontEnd = new FrontEnd(processConfig, opened.value, deps)
    const faults = await frontEnd.#listen(opened.value.listeners)
    if (faults.length === 0) return ok(frontEnd)
    await frontEnd.drain()
    return fail(faults)
  }

  private constructor(processConfig: ProcessConfig, snapshot: Snapshot, deps: FrontEndDeps) {
    this.#processConfig = processConfig
    this.#snapshot = snapshot
    this.#deps = deps
    this.#clock = deps.clock ?? SYSTEM_CLOCK
    this.#peerCache = new PeerCache(this.#clock, ({ der }, trustVersion) => {
      deps.onIssuer({ der, trustVersion })
    })
    this.#revalidator = new ConnectionRevalidator(
      {
        connections: this.#connections,
        peerCache: this.#peerCache,
        snapshot: () => this.#snapshot,
        clock: this.#clock,
      },
      deps.revalidateEveryMs === undefined ? {} : { everyMs: deps.revalidateEveryMs },
    )
    this.#oauthThrottle = legacyOAuthThrottle(processConfig, deps)
    deps.metrics.registerHolders(() => this.#holders)
    this.#publishSnapshot()
  }

  /** The ports that were bound, by the name of the listener. */
  get ports(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#listeners.values()].map((one) => [one.name, one.port]))
  }

  /** Takes in an issuer that another process has met; one met under another trust version is ignored. */
  addIssuer({ der, trustVersion }: IssuerHint): void {
    if (trustVersion === this.#snapshot.judge.version) this.#peerCache.addIssuer(der, trustVersion)
  }

  /** Explains what a device would meet now; undefined where no listener has the name that is asked for. It leaves no trace. */
  explain(question: Question): Account | undefined {
    const { compiled, version } = this.#snapshot
    return answer(question, {
      compiled,
      peerCache: this.#peerCache,
      now: this.#clock.now(),
      knowledge: this.#processConfig.rules === undefined ? 'storeless' : 'running',
      snapshot: version,
      unrouted: explainUnrouted,
    })
  }

  /** All or nothing: on any fault the old snapshot serves on, and the faults are returned. */
  reload(processConfig: ProcessConfig): readonly Fault[] {
    const bound = boundListenerFaults(this.#processConfig.config, processConfig.config)
    if (bound.length > 0) return bound
    const next = openNext(processConfig, this.#snapshot, this.#deps)
    if (!next.ok) return next.failure
    const tls = [...next.value.listeners].map(
      ([name, view]) => [name, listenerTls(view, next.value, processConfig)] as const,
    )
    const old = this.#snapshot
    this.#snapshot = next.value
    const { ticketSecret } = this.#processConfig
    this.#processConfig = processConfig
    for (const [name, contexts] of tls) {
      const listener = this.#listeners.get(name)
      listener?.setTls(contexts)
      const { proxyProtocol } = next.value.listeners.get(name)?.compiled.config ?? {}
      listener?.setProxyProtocol(proxyProtocol)
    }
    // Every process erases its own copy; one that it was given again with the same configuration stays.
    if (ticketSecret !== processConfig.ticketSecret) ticketSecret.fill(0)
    if (old !== next.value) closeRetired(old, next.value)
    this.#publishSnapshot()
    this.#revalidator.closeUnauthorized(old.compiled.policy)
    return []
  }

  /** Judges by the lists as they are now; live connections that they refuse end. */
  reapplyCrls(): void {
    const { policy } = this.#snapshot.compiled
    this.#snapshot = withCrls(this.#snapshot, this.#deps.crls)
    this.#revalidator.closeUnauthorized(policy)
  }

  /** Closes the live connections of devices that a change to the overlay restricted and that would now be refused. */
  onRestricted(restricted: Restricted): void {
    const { policy } = this.#snapshot.compiled
    if (restricted.kind === 'any') this.#revalidator.closeUnauthorized(policy)
    else if (restricted.kind === 'keys') {
      this.#revalidator.closeUnauthorized(policy, ({ publicKey }) =>
        restricted.has(publicKey.fingerprint),
      )
    } else if (restricted.kind === 'ids') {
      this.#revalidator.closeUnauthorized(policy, (leaf) =>
        signedIdsOf(leaf).ids.some(({ digest }) => restricted.has(digest)),
      )
    }
  }

  /** From now on every answer ends its connection; new ones are still served. */
  announceEnd(): void {
    this.#endAnnounced = true
  }

  /** Stops accepting, lets requests finish within the configured drain time, closes everything. */
  async drain(): Promise<void> {
    this.#revalidator.close()
    const timeout = this.#processConfig.config.drain
    await Promise.all([...this.#listeners.values()].map((one) => one.drain(timeout)))
    await this.#inFlight.settled(RECORD_TIMEOUT_MS)
    closeRetired(this.#snapshot, undefined)
  }

  async #listen(views: ReadonlyMap<string, ListenerView>): Promise<readonly Fault[]> {
    const faults: Fault[] = []
    const resources = systemResources()
    for (const [name, view] of views) {
      const { config } = view.compiled
      const connections = connectionsAllowed(config, this.#processConfig.config, resources)
      const tls = listenerTls(view, this.#snapshot, this.#processConfig)
      const deps = this.#handlerDeps(name)
      const head =
        config.relay === undefined
          ? httpHead(config.limits, httpHandlers(name, deps), this.#deadlines)
          : tunnelHead(tunnelHandlers(name, deps))
      const listener = new Acceptor(
        { ...config, limits: { ...config.limits, connections } },
        tls,
        head,
      )
      try {
        await listener.listen(this.#deps.shared)
        this.#listeners.set(name, listener)
      } catch (error) {
        faults.push(bindFault(error, config))
      }
    }
    return faults
  }

  get #holders(): Holders {
    return {
      listeners: [...this.#listeners.values()].map(({ name: listener, shares }) => ({
        listener,
        vouched: shares.vouched,
        unvouched: shares.held,
      })),
      servers: [...this.#snapshot.upstreams.values()].flatMap(({ upstream: { name, servers } }) =>
        servers.map((server) => ({ upstream: name, server: server.name, ...server.use })),
      ),
    }
  }

  #handlerDeps(name: string): ConnectionHandlerDeps {
    const { refusalBuffer, sightingBuffer } = this.#deps
    return {
      ...this.#deps,
      observe: (observation) => {
        if (this.#processConfig.rules !== undefined) sightingBuffer.add(observation)
      },
      keepRefusal: (refusal) => {
        if (this.#processConfig.rules === undefined) return
        refusalBuffer.add(refusal.share, () => refusal.make())
      },
      connections: this.#connections,
      presentedBudget: this.#presentedBudget,
      inFlight: this.#inFlight,
      clock: this.#clock,
      peerCache: this.#peerCache,
      oauthThrottle: this.#oauthThrottle,
      snapshot: () => this.#snapshot,
      draining: () => this.#endAnnounced || (this.#listeners.get(name)?.draining ?? false),
    }
  }

  #publishSnapshot(): void {
    const { compiled, version, upstreams } = this.#snapshot
    for (const { upstream } of upstreams.values()) upstream.startHealthChecks()
    this.#deps.metrics.setSnapshot({
      version,
      dangers: compiled.config.dangers.map(({ kind }) => kind),
      servers: [...upstreams.values()].flatMap(({ upstream }) =>
        upstream.servers.map(({ name, state }) => ({
          upstream: upstream.name,
          server: name,
          state,
        })),
      ),
    })
  }
}

/** Limits of listeners count in seconds; looked at twice a second, none is noticed late. */
const SHORTEST_LIMIT_MS = 2000

/** Turns of the event loop, each of which may wait for a busy machine; a request that hangs must not hold up the end. */
const RECORD_TIMEOUT_MS = 2000

function openNext(
  processConfig: ProcessConfig,
  previous: Snapshot | undefined,
  { log, metrics, crls, overlay, upstreamErrors, clock = SYSTEM_CLOCK }: FrontEndDeps,
): Result<Snapshot, readonly Fault[]> {
  // Only the ticket secret was replaced: the snapshot is the same.
  if (previous?.version === processConfig.version) return ok(previous)
  const compiled = compileConfig(processConfig.config, clock.now(), {
    rules: processConfig.rules,
    overlay,
  })
  if (!compiled.ok) return compiled
  const opened = openSnapshot(compiled.value, {
    version: processConfig.version,
    previous,
    onUntrusted: (upstream, facts) => {
      metrics.untrusted(upstream, untrustedReasons(facts))
      logUntrusted(log, facts)
    },
    onHealth: (change) => {
      metrics.health(change)
      logHealthChange(log, change)
    },
    onError: (error) => upstreamErrors.add(error, clock.now()),
  })
  return opened.ok ? ok(withCrls(opened.value, crls)) : opened
}

function listenerTls(
  view: ListenerView,
  { compiled }: Snapshot,
  processConfig: ProcessConfig,
): ListenerTls {
  return serverContexts(view.compiled.identities, view.compiled.tls, {
    secret: processConfig.ticketSecret,
    listener: view.compiled.config.name,
    trustVersion: compiled.trust.version,
  })
}

/** What a reload cannot change, because it is bound: the reload is refused rather than half applied. */
function boundListenerFaults(before: Config, after: Config): readonly Fault[] {
  const [bound, wanted] = [boundListeners(before), boundListeners(after)]
  if (bound === wanted) return []
  const message = `found listeners ${wanted}, wanted those that are bound, ${bound}: restart to change names, addresses, ports or these limits`
  return [{ at: 'listeners', message }]
}

function boundListeners({ listeners }: Config): string {
  return listeners
    .map(({ name, purpose, address, port, limits }) => {
      const { connections, handshake, headers, headerBytes, idle } = limits
      const fixed = JSON.stringify({ connections, handshake, headers, headerBytes, idle })
      const kind = purpose === 'sync' ? 'sync port ' : ''
      return `${kind}${name} ${address}:${port} ${fixed}`
    })
    .sort()
    .join(', ')
}
