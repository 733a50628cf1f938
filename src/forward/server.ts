/**
 * One server of an upstream: its connections, and how much it has to do.
 */
import type { Candidate } from './balance.ts'
import type { DialPlan } from './dial.ts'
import { Pool } from './pool.ts'

/** A server that requests may go to. */
export class Server implements Candidate {
  readonly name: string
  readonly hostname: string
  /** What it reads in `Host` when the policy is `upstream`. */
  readonly authority: string
  readonly weight: number
  readonly pool: Pool
  readonly plan: DialPlan
  #load = 0

  constructor(plan: DialPlan) {
    const { server } = plan
    this.name = server.name
    this.hostname = server.hostname
    this.authority = authorityOf(plan)
    this.weight = server.weight
    this.plan = plan
    this.pool = new Pool(plan)
  }

  /** Exchanges that have chosen this server and are not over. */
  get load(): number {
    return this.#load
  }

  /** An exchange has chosen this server. */
  taken(): void {
    this.#load += 1
  }

  /** An exchange that had chosen it is over, or has gone to another. */
  left(): void {
    this.#load -= 1
  }
}

/** RFC 9110 §4.2.1, §4.2.2: the port of the scheme is left out. */
function authorityOf({ settings, server: { hostname, port } }: DialPlan): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  return port === (settings.protocol === 'https:' ? 443 : 80) ? host : `${host}:${port}`
}
