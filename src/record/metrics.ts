/**
 * Events → Prometheus. Labels come from closed lists or from the configuration, never from a peer.
 */
import type { Counter, Gauge, Histogram } from 'prom-client'
import type { ConnectionEvent, RequestEvent } from './event.ts'
import { addHolders, type Holders } from './holder-metrics.ts'
import { MetricSet } from './metric-set.ts'
import { addDroppedLines, addProcessMetrics } from './process-metrics.ts'
import type { TunnelEvent } from './tunnel-event.ts'
import { tunnelMetrics } from './tunnel-metrics.ts'

/** What a handshake agreed on, in IANA's names. */
export interface AgreedTls {
  readonly protocol: string
  readonly suite: string
}

/** The metrics of requests, connections and upstreams in one process. */
export class Metrics {
  readonly #set = new MetricSet()
  readonly registry = this.#set.registry
  readonly tunnels = tunnelMetrics(this.#set)
  readonly #requests = this.#set.counter('tfe_requests_total', {
    help: 'Requests by listener, class of the route, decision, its code, and class of the status.',
    labelNames: ['listener', 'route_class', 'decision', 'code', 'status'],
  })
  readonly #duration = this.#set.histogram('tfe_request_duration_seconds', {
    help: 'From the end of the request head to the end of the response.',
    labelNames: ['listener', 'decision'],
    buckets: SECONDS,
  })
  readonly #upstreamTime = this.#set.histogram('tfe_upstream_response_seconds', {
    help: 'From forwarding to the head of the upstream response.',
    labelNames: ['upstream'],
    buckets: SECONDS,
  })
  readonly #upstreamFailures = this.#set.counter('tfe_upstream_failures_total', {
    help: 'Exchanges that an upstream or the transport spoiled.',
    labelNames: ['upstream', 'failure'],
  })
  readonly #wouldRefuse = this.#set.counter('tfe_would_refuse_total', {
    help: 'Requests admitted only because enforcement is recording, by the refusal they would meet.',
    labelNames: ['listener', 'code'],
  })
  readonly #findings = this.#set.counter('tfe_findings_total', {
    help: 'Requests admitted on a path that departs harmlessly from the profile, by finding.',
    labelNames: ['listener', 'finding'],
  })
  readonly #bytes = this.#set.counter('tfe_body_bytes_total', {
    help: 'Octets of bodies, in from devices and out to them.',
    labelNames: ['listener', 'direction'],
  })
  readonly #connections = this.#set.counter('tfe_connections_total', {
    help: 'Connections that ended, by outcome and code.',
    labelNames: ['listener', 'outcome', 'code'],
  })
  readonly #suites = this.#set.counter('tfe_tls_connections_total', {
    help: 'TLS connections that were made, by the protocol and the cipher suite agreed on.',
    labelNames: ['listener', 'protocol', 'suite'],
  })
  readonly #open = this.#set.gauge('tfe_connections_open', {
    help: 'TLS connections open now.',
    labelNames: ['listener'],
  })
  readonly #unparsable = this.#set.counter('tfe_unparsable_requests_total', {
    help: 'What arrived inside TLS and was no HTTP/1.1 request.',
    labelNames: ['listener', 'kind'],
  })
  readonly #dropped = this.#set.counter('tfe_connections_dropped_total', {
    help: 'TCP connections turned away because devices with a fit certificate held all that there may be.',
    labelNames: ['listener'],
  })
  readonly #snapshot = this.#set.gauge('tfe_snapshot_version', {
    help: 'The snapshot that requests are judged by.',
    aggregator: 'min',
  })
  readonly #dangerous = this.#set.gauge('tfe_dangerous', {
    help: 'Guarantees given up by the configuration, by kind.',
    labelNames: ['kind'],
    aggregator: 'max',
  })
  readonly #untrusted = this.#set.counter('tfe_upstream_untrusted_total', {
    help: 'Upstream connections that were used although verification failed, under each reason that applies.',
    labelNames: ['upstream', 'reason'],
  })
  readonly #serverAvailable = this.#set.gauge('tfe_upstream_server_available', {
    help: '1 while requests go to a server, 0 while it is avoided; with several workers, 0 when any avoids it.',
    labelNames: ['upstream', 'server'],
    aggregator: 'min',
  })
  readonly #serverChanges = this.#set.counter('tfe_upstream_server_changes_total', {
    help: 'Times a server became unavailable (ejected, check-failed) or available again.',
    labelNames: ['upstream', 'server', 'state'],
  })
  readonly #retries = this.#set.counter('tfe_upstream_retries_total', {
    help: 'Requests that needed a second connection, to the same server or another.',
    labelNames: ['upstream'],
  })
  readonly #legacyAttempts = this.#set.counter('tfe_legacy_oauth_attempts_total', {
    help: 'Requests to the legacy OAuth endpoint, by outcome and, when held back, by what they were counted by.',
    labelNames: ['outcome', 'by'],
  })
  /** Children by their labels: looking one up by label object costs more than the increment. */
  readonly #series = new Map<string, RequestSeries>()
  readonly #openOf = new Map<string, Gauge.Internal<string>>()
  readonly #ended = new Map<string, Counter.Internal>()
  readonly #agreed = new Map<string, Counter.Internal>()

  constructor() {
    addProcessMetrics(this.#set)
  }

  request(listener: string, event: RequestEvent): void {
    const row = this.#seriesOf(listener, event)
    row.requests.inc()
    row.duration.observe(event.duration_ms / 1000)
    if (event.bytes_in > 0) row.bytesIn.inc(event.bytes_in)
    if (event.bytes_out > 0) row.bytesOut.inc(event.bytes_out)
    if (event.upstream_ms !== undefined) row.upstreamTime?.observe(event.upstream_ms / 1000)
    if (event.failure !== undefined) {
      this.#upstreamFailures.inc({ upstream: event.upstream ?? 'none', failure: event.failure })
    }
    if (event.retried === true) this.#retries.inc({ upstream: event.upstream ?? 'none' })
    for (const finding of event.findings ?? []) this.#findings.inc({ listener, finding })
    if (event.would_refuse !== undefined) {
      this.#wouldRefuse.inc({ listener, code: event.would_refuse })
    }
  }

  /** Counts a connection; the runtime's names of protocol and suite are a closed list. */
  opened(listener: string, { protocol, suite }: AgreedTls): void {
    this.#openIn(listener).inc()
    memoized(this.#agreed, `${listener} ${protocol} ${suite}`, () =>
      this.#suites.labels({ listener, protocol, suite }),
    ).inc()
  }

  closed(listener: string, event: Pick<ConnectionEvent | TunnelEvent, 'outcome' | 'code'>): void {
    if (event.outcome !== 'handshake-failed') this.#openIn(listener).dec()
    const { outcome, code = 'none' } = event
    memoized(this.#ended, `${listener} ${outcome} ${code}`, () =>
      this.#connections.labels({ listener, outcome, code }),
    ).inc()
  }

  unparsable(listener: string, kind: string): void {
    this.#unparsable.inc({ listener, kind })
  }

  dropped(listener: string): void {
    this.#dropped.inc({ listener })
  }

  untrusted(upstream: string, reasons: readonly string[]): void {
    for (const reason of reasons) this.#untrusted.inc({ upstream, reason })
  }

  legacyOAuthAttempt({ outcome, by }: { readonly outcome: string; readonly by: string }): void {
    this.#legacyAttempts.inc({ outcome, by })
  }

  /** Counts who is locked out of the legacy OAuth endpoint, when the metrics are read. */
  registerLockouts(locked: () => Readonly<Record<string, number>>): void {
    const gauge: Gauge = this.#set.gauge('tfe_legacy_oauth_locked', {
      help: 'Addresses, accounts on one network, and accounts that are locked out of the legacy OAuth endpoint now.',
      labelNames: ['by'],
      collect: () => {
        for (const [by, count] of Object.entries(locked())) gauge.set({ by }, count)
      },
    })
  }

  /** Counts lines of the log that were dropped, when the metrics are read. */
  registerDroppedLines(dropped: () => number): void {
    addDroppedLines(this.#set, dropped)
  }

  /** Counts who holds connections, when the metrics are read. */
  registerHolders(read: () => Holders): void {
    addHolders(this.#set, read)
  }

  /** Counts names that are used with old addresses, when the metrics are read. */
  registerStaleNames(stale: () => number): void {
    const gauge: Gauge = this.#set.gauge('tfe_upstream_names_stale', {
      help: 'Names of servers whose last known addresses are used, because the resolver gives no answer; with several workers, the most of any.',
      aggregator: 'max',
      collect: () => gauge.set(stale()),
    })
  }

  health({ upstream, server, state }: ServerHealth): void {
    this.#serverAvailable.set({ upstream, server }, state === 'available' ? 1 : 0)
    this.#serverChanges.inc({ upstream, server, state })
  }

  /** Publishes the snapshot in force and the guarantees that it gives up. */
  setSnapshot(snapshot: SnapshotFacts): void {
    this.#snapshot.set(snapshot.version)
    this.#dangerous.reset()
    for (const kind of snapshot.dangers) this.#dangerous.set({ kind }, 1)
    this.#serverAvailable.reset()
    for (const { upstream, server, state } of snapshot.servers) {
      this.#serverAvailable.set({ upstream, server }, state === 'available' ? 1 : 0)
    }
  }

  #openIn(listener: string): Gauge.Internal<string> {
    return memoized(this.#openOf, listener, () => this.#open.labels({ listener }))
  }

  #seriesOf(listener: string, event: RequestEvent): RequestSeries {
    const status = statusClass(event.status)
    const upstream = event.upstream ?? ''
    const { decision, route_class, code } = event
    const key = `${listener} ${route_class} ${code} ${decision} ${status} ${upstream}`
    return memoized(this.#series, key, () => ({
      requests: this.#requests.labels({ listener, route_class, decision, code, status }),
      duration: this.#duration.labels({ listener, decision }),
      bytesIn: this.#bytes.labels({ listener, direction: 'in' }),
      bytesOut: this.#bytes.labels({ listener, direction: 'out' }),
      upstreamTime: upstream === '' ? undefined : this.#upstreamTime.labels({ upstream }),
    }))
  }
}

function memoized<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const before = map.get(key)
  if (before !== undefined) return before
  const made = make()
  map.set(key, made)
  return made
}

/** What a scrape shows of the snapshot in force. */
export interface SnapshotFacts {
  readonly version: number
  readonly dangers: readonly string[]
  readonly servers: readonly ServerHealth[]
}

/** The health of a server; all three from closed lists or the configuration. */
interface ServerHealth {
  readonly upstream: string
  readonly server: string
  readonly state: string
}

interface RequestSeries {
  readonly requests: Counter.Internal
  readonly duration: Histogram.Internal<string>
  readonly bytesIn: Counter.Internal
  readonly bytesOut: Counter.Internal
  readonly upstreamTime: Histogram.Internal<string> | undefined
}

/** `2xx` and its like; `none` when the device was gone before there was a status. */
function statusClass(status: number): string {
  return status === 0 ? 'none' : `${Math.trunc(status / 100)}xx`
}

/** An MDM check-in takes milliseconds; an app download minutes. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
