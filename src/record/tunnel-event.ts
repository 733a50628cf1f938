/** The facts of a connection that was relayed octet by octet, in the words of the log: one event, one line. */
import type { RouteClass } from '../decide/policy.ts'
import type { Timeliness } from '../decide/timeliness.ts'
import type { FindingCode } from '../trust/finding.ts'

/** What happened to a relayed connection; written when it is over. snake_case because this is what the line says. */
export interface TunnelEvent {
  /**
   * `relayed`: both sides had ended. `aborted`: the device broke it off. `failed`: the upstream, or the way to it.
   * `refused`: nothing was relayed. `ended`: its verdict changed while it was open.
   */
  readonly outcome: 'relayed' | 'aborted' | 'failed' | 'refused' | 'ended'
  readonly decision: 'admit' | 'refuse'
  /** Why it was admitted, or the code of the refusal; from closed lists. */
  readonly code: string
  /** In `recording`: the refusal it would have met. */
  readonly would_refuse: string | undefined
  readonly route_class: RouteClass | 'none'
  readonly timeliness: Timeliness | undefined
  readonly findings: readonly FindingCode[] | undefined
  readonly upstream: string | undefined
  readonly server: string | undefined
  /** Whether a PROXY header was sent, and whether it named a certificate. */
  readonly proxy_header: 'nothing' | 'address' | 'certificate'
  /** What spoiled it, from closed lists. */
  readonly failure: string | undefined
  readonly reason: string | undefined
  readonly next_step: string | undefined
  /** Octets from the device, and to it. */
  readonly bytes_in: number
  readonly bytes_out: number
  readonly opened_at: string
  readonly duration_ms: number
  /** Until there was a connection to the upstream. */
  readonly connect_ms: number | undefined
  readonly snapshot: number
}
