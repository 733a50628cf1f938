/**
 * The facts of a request and of a connection, once, in the words of the log: one event, one line. Metrics and
 * sightings are made from the same value, so that they agree. The field names are an interface: operators' queries
 * depend on them.
 */
import type { RouteClass } from '../decide/policy.ts'
import type { Timeliness } from '../decide/timeliness.ts'
import type { FindingCode } from '../trust/finding.ts'

/** What happened to one request. snake_case because this is what the log line says. */
export interface RequestEvent {
  readonly method: string
  /** Without the query: that is where applications put secrets. */
  readonly path: string
  readonly host: string | undefined
  /** The row that matched, or undefined when none did. */
  readonly route: string | undefined
  readonly route_class: RouteClass | 'none'
  readonly decision: 'admit' | 'refuse'
  /** Why it was admitted, or the code of the refusal; from closed lists. */
  readonly code: string
  /** In `recording`: the refusal it would have met. */
  readonly would_refuse: string | undefined
  /** An account that the legacy OAuth endpoint was asked about, as a hash that only this installation can make. */
  readonly account_hash: string | undefined
  /** Where the certificate stands in time; undefined where no certificate was asked for, or no path was sound. */
  readonly timeliness: Timeliness | undefined
  /** Harmless departures on the path that was admitted, each code once; undefined when there is none. */
  readonly findings: readonly FindingCode[] | undefined
  /** What the upstream was told in the verify field. */
  readonly verify: string
  /** What had to be kept back from the upstream, and why in one word. */
  readonly withheld: string | undefined
  readonly upstream: string | undefined
  /** Which of its servers, as far as the request came. */
  readonly server: string | undefined
  /** A second connection was needed; left out when not. */
  readonly retried: true | undefined
  /** The status the device saw; 0 when it was gone before there was one. */
  readonly status: number
  /** An upstream or transport failure, from a closed list. */
  readonly failure: string | undefined
  /** One sentence and the next step, on refusals and failures only. */
  readonly reason: string | undefined
  readonly next_step: string | undefined
  /** What the device was told; undefined where it was told nothing. */
  readonly reference: string | undefined
  readonly bytes_in: number
  readonly bytes_out: number
  readonly duration_ms: number
  /** Until the upstream's response head; undefined when there was none. */
  readonly upstream_ms: number | undefined
  readonly user_agent: string | undefined
  /** What the device calls itself where the row says that it does; proves nothing. */
  readonly reported_id: string | undefined
  readonly snapshot: number
}

/** What every line about a connection carries; worked out once. */
export interface ConnectionFacts {
  readonly connection: string
  readonly listener: string
  /** The device's address, as the balancer has it where there is one; `unknown` where it has none. */
  readonly remote: string
  /** The address of the balancer that sent a PROXY header; undefined where the device called us itself. */
  readonly balancer: string | undefined
  readonly protocol: string
  readonly cipher: string
  readonly servername: string | undefined
  readonly resumed: boolean
  readonly device: DeviceFacts | undefined
}

/** The device's certificate as the log names it; `setting` only when a path was sound. */
export interface DeviceFacts {
  readonly fingerprint: string
  readonly key: string
  readonly subject: string
  /** Whom the certificate names as its issuer, believed or not. */
  readonly issuer: string
  readonly serial: string
  readonly not_before: string
  readonly not_after: string
  readonly setting: string | undefined
}

/** What happened to a connection as a whole; written when it closes. */
export interface ConnectionEvent {
  /** `ended`: its verdict changed while it was open. */
  readonly outcome: 'served' | 'closed-before-request' | 'refused' | 'handshake-failed' | 'ended'
  /** The refusal or the handshake failure, from closed lists. */
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly next_step: string | undefined
  /** What the device was told where something arrived that was no request; undefined where it was told nothing. */
  readonly reference: string | undefined
  readonly status: number | undefined
  readonly requests: number
  readonly duration_ms: number
}
