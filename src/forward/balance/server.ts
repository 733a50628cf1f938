/**
 * One server of an upstream: its connections, how much it has to do, and whether it is well.
 */
import type { X509Certificate } from 'node:crypto'
import type { Deadlines, MonotonicClock } from '../../kernel/ports.ts'
import type { Millis } from '../../kernel/types.ts'
import type { Candidate } from './load-balancer.ts'
import type { DialPlan } from '../connect/attempt.ts'
import { explainUpstream, type UpstreamFailure } from '../upstream-failure.ts'
import {
  checkServer,
  explainCheck,
  explainSni,
  failsBySni,
  type CheckFailure,
} from './health-check.ts'
import {
  afterResponse,
  afterCheck,
  afterFailure,
  UNKNOWN_HEALTH,
  countsAgainstServer,
  withJitter,
  healthStateOf,
  type HealthState,
} from './health.ts'
import { Pool } from './pool.ts'
import type { Unvouched } from './slot-shares.ts'
import type { CheckSettings } from '../settings.ts'
import { checkError, requestError, type ServerReference } from '../upstream-error.ts'
import type { UpstreamError } from '../../kernel/upstream-error.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** A `HealthChange` says that a server became available or unavailable; `code` names the failure behind it. */
export interface HealthChange {
  readonly server: string
  readonly state: HealthState
  readonly code: string | undefined
  readonly explanation: Explanation | undefined
  /** For how long requests avoid it; `undefined` where only a check can bring it back. */
  readonly out: Millis | undefined
}

/** Who is told what becomes of a server. */
export interface ServerEvents {
  healthChanged(change: HealthChange): void
  errorOccurred(error: UpstreamError): void
}

/** What a server's health depends on besides the server. */
export interface HealthPorts {
  readonly clock: MonotonicClock
  /** From 0 up to 1. */
  readonly chance: () => number
}

/** How a server is called, and what watches its idle connections. */
export interface ServerPlan extends DialPlan {
  readonly deadlines: Deadlines
}

/** A server that requests may go to. */
export class Server implements Candidate {
  readonly name: string
  readonly hostname: string
  /** What it reads in `Host` when the policy is `upstream`. */
  readonly authority: string
  readonly weight: number
  readonly pool: Pool
  readonly plan: DialPlan
  readonly #ports: HealthPorts
  readonly #events: ServerEvents
  #load = 0
  #tunnels = 0
  #health = UNKNOWN_HEALTH
  #reported: HealthState = 'available'
  #returnTimer: NodeJS.Timeout | undefined
  #checkTimer: NodeJS.Timeout | undefined
  #checking = false
  #retired = false

  constructor(plan: ServerPlan, ports: HealthPorts, events: ServerEvents) {
    const { server } = plan
    this.name = server.name
    this.hostname = server.hostname
    this.authority = authorityOf(plan)
    this.weight = server.weight
    this.plan = plan
    this.pool = new Pool(plan, plan.deadlines, (failure, shown) => this.failed(failure, shown))
    this.#ports = ports
    this.#events = events
  }

  /** Exchanges that have chosen this server and are not over. */
  get load(): number {
    return this.#load
  }

  get state(): HealthState {
    return this.#health === UNKNOWN_HEALTH
      ? 'available'
      : healthStateOf(this.#health, this.#ports.clock.now())
  }

  /** By whom its connections are used now, and how many are not. */
  get use(): { readonly vouched: number; readonly unvouched: number; readonly idle: number } {
    const { connections, idle, shareUse } = this.pool
    const unvouched = shareUse.held
    return { vouched: connections + this.#tunnels - idle - unvouched, unvouched, idle }
  }

  /** Relayed connections, each of which has one of its own here. */
  get tunnels(): number {
    return this.#tunnels
  }

  /** A relayed connection wants one of its own for as long as it lives; false when there is none to be had. */
  openTunnel(unvouched: Unvouched): boolean {
    if (this.pool.connections + this.#tunnels >= this.pool.limits.connections) return false
    if (!this.pool.enterTunnel(unvouched)) return false
    this.#tunnels += 1
    this.exchangeBegan()
    return true
  }

  /** A relayed connection is over. */
  closeTunnel(unvouched: Unvouched): void {
    this.#tunnels -= 1
    this.pool.leaveTunnel(unvouched)
    this.exchangeEnded()
  }

  /** An exchange has chosen this server. */
  exchangeBegan(): void {
    this.#load += 1
  }

  /** An exchange that had chosen it is over, or has gone to another. */
  exchangeEnded(): void {
    this.#load -= 1
  }

  /** It began an answer. */
  responseBegan(): void {
    this.#health = afterResponse(this.#health)
    if (this.#reported !== 'available') this.#reportHealth(undefined)
  }

  /** A connection could not be made, or a request on a connection failed; `shown` is what it presented. */
  failed(failure: UpstreamFailure, shown?: X509Certificate): void {
    if (!countsAgainstServer(failure)) return
    this.#events.errorOccurred(requestError(this.#reference, failure, shown))
    const moment = { now: this.#ports.clock.now(), chance: this.#ports.chance() }
    this.#health = afterFailure(this.#health, this.plan.settings.health, moment)
    this.#reportHealth({ code: failure.kind, explanation: explainUpstream(failure, this.name) })
  }

  /** Begins to ask in the background, if it is to be asked. */
  startChecks(): void {
    const { check } = this.plan.settings.health
    if (check === undefined || !this.plan.server.check || this.#checking) return
    this.#checking = true
    // The first at a random time, or all workers would ask at once for ever.
    this.#scheduleCheck((check.interval * this.#ports.chance()) as Millis, check)
  }

  /** Ends the health checks and the timers. */
  stopChecks(): void {
    this.#checking = false
    this.#retired = true
    clearTimeout(this.#checkTimer)
    clearTimeout(this.#returnTimer)
  }

  #scheduleCheck(wait: Millis, check: CheckSettings): void {
    this.#checkTimer = setTimeout(() => {
      void this.#check(check).then(() => {
        if (this.#checking)
          this.#scheduleCheck(withJitter(check.interval, this.#ports.chance()), check)
      })
    }, wait).unref()
  }

  async #check(check: CheckSettings): Promise<void> {
    const result = await checkServer(this.plan, check)
    // Nothing was asked of the server.
    if (!this.#checking || (!result.ok && result.failure.kind === 'out-of-descriptors')) return
    this.#health = afterCheck(this.#health, result.ok, this.plan.settings.health)
    if (result.ok) {
      this.#reportHealth(undefined)
      return
    }
    const reason = await this.#explainFailedCheck(check, result.failure)
    this.#events.errorOccurred(checkError(this.#reference, result.failure, reason.explanation))
    this.#reportHealth(reason)
  }

  get #reference(): ServerReference {
    return { upstream: this.plan.settings.name, server: this.name }
  }

  async #explainFailedCheck(
    check: CheckSettings,
    failure: CheckFailure,
  ): Promise<Reason & { readonly explanation: Explanation }> {
    // Only when the server goes out: the question costs it a connection.
    const bySni =
      this.#reported === 'available' &&
      this.state !== 'available' &&
      (await failsBySni(this.plan, check, failure))
    return {
      code: failure.kind,
      explanation: bySni ? explainSni(failure, this.plan) : explainCheck(failure, this.name),
    }
  }

  #reportHealth(reason: Reason | undefined): void {
    const { state } = this
    // How the last requests of an earlier configuration end is not reported.
    if (this.#retired) return
    const out = this.#reportReturn(state)
    if (state === this.#reported) return
    this.#reported = state
    const { code, explanation } = state === 'available' ? NO_REASON : (reason ?? NO_REASON)
    this.#events.healthChanged({ server: this.name, state, code, explanation, out })
  }

  /**
   * Sees to it that the end of an ejection is reported when it comes, and not only with the next request. An ejection may
   * follow another before the end of that one was reported, so each call counts anew. Returns what is left of it.
   */
  #reportReturn(state: HealthState): Millis | undefined {
    clearTimeout(this.#returnTimer)
    const { ejectedUntil } = this.#health
    if (state !== 'ejected' || ejectedUntil === undefined) return undefined
    const left = (ejectedUntil - this.#ports.clock.now()) as Millis
    this.#returnTimer = setTimeout(() => this.#reportHealth(undefined), left + 1).unref()
    return left
  }
}

interface Reason {
  readonly code: string | undefined
  readonly explanation: Explanation | undefined
}

const NO_REASON: Reason = { code: undefined, explanation: undefined }

/** RFC 9110 §4.2.1, §4.2.2: the port of the scheme is left out. */
function authorityOf({ settings, server: { hostname, port } }: DialPlan): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  return port === (settings.protocol === 'https:' ? 443 : 80) ? host : `${host}:${port}`
}
