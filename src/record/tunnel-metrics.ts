/** Relayed connections → Prometheus. Labels come from closed lists or from the configuration, never from a peer. */
import type { MetricSet } from './metric-set.ts'
import type { TunnelEvent } from './tunnel-event.ts'

/** Counts relayed connections, in one process. */
export interface TunnelMetrics {
  ended(listener: string, event: TunnelEvent): void
}

/** Makes the metrics of relayed connections, in a set. */
export function tunnelMetrics(set: MetricSet): TunnelMetrics {
  const tunnels = set.counter('tfe_tunnels_total', {
    help: 'Relayed connections by listener, decision, its code, what would have refused it while recording, and outcome.',
    labelNames: ['listener', 'decision', 'code', 'would_refuse', 'outcome'],
  })
  const bytes = set.counter('tfe_tunnel_bytes_total', {
    help: 'Octets relayed, in from devices and out to them; counted when a connection ends.',
    labelNames: ['listener', 'direction'],
  })
  const duration = set.histogram('tfe_tunnel_duration_seconds', {
    help: 'How long admitted connections were relayed.',
    labelNames: ['listener'],
    buckets: SECONDS,
  })
  const failures = set.counter('tfe_tunnel_failures_total', {
    help: 'Relayed connections that an upstream, the way to it or a device spoiled.',
    labelNames: ['upstream', 'failure'],
  })
  return {
    ended(listener, event) {
      const { decision, code, outcome, upstream = 'none', failure } = event
      const would_refuse = event.would_refuse ?? 'none'
      tunnels.inc({ listener, decision, code, would_refuse, outcome })
      if (event.bytes_in > 0) bytes.inc({ listener, direction: 'in' }, event.bytes_in)
      if (event.bytes_out > 0) bytes.inc({ listener, direction: 'out' }, event.bytes_out)
      if (decision === 'admit') duration.observe({ listener }, event.duration_ms / 1000)
      if (failure !== undefined) failures.inc({ upstream, failure })
    },
  }
}

/** A check-in takes a second or two; a client that stays connected, hours. */
const SECONDS = [0.1, 0.5, 1, 5, 30, 60, 600, 3600]
