/** Relayed connections → Prometheus. Labels come from closed lists or from the configuration, never from a peer. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { TunnelEvent } from './tunnel-event.ts'

/** Counters of one process. */
export class TunnelMetrics {
  readonly #tunnels: Counter
  readonly #bytes: Counter
  readonly #duration: Histogram
  readonly #failures: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#tunnels = new Counter({
      name: 'tfe_tunnels_total',
      help: 'Relayed connections by listener, decision, its code, what would have refused it while recording, and outcome.',
      labelNames: ['listener', 'decision', 'code', 'would_refuse', 'outcome'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'tfe_tunnel_bytes_total',
      help: 'Octets relayed, in from devices and out to them; counted when a connection ends.',
      labelNames: ['listener', 'direction'],
      registers,
    })
    this.#duration = new Histogram({
      name: 'tfe_tunnel_duration_seconds',
      help: 'How long admitted connections were relayed.',
      labelNames: ['listener'],
      buckets: SECONDS,
      registers,
    })
    this.#failures = new Counter({
      name: 'tfe_tunnel_failures_total',
      help: 'Relayed connections that an upstream, the way to it or a device spoiled.',
      labelNames: ['upstream', 'failure'],
      registers,
    })
  }

  ended(listener: string, event: TunnelEvent): void {
    const { decision, code, outcome, upstream = 'none', failure } = event
    const would_refuse = event.would_refuse ?? 'none'
    this.#tunnels.inc({ listener, decision, code, would_refuse, outcome })
    if (event.bytes_in > 0) this.#bytes.inc({ listener, direction: 'in' }, event.bytes_in)
    if (event.bytes_out > 0) this.#bytes.inc({ listener, direction: 'out' }, event.bytes_out)
    if (decision === 'admit') this.#duration.observe({ listener }, event.duration_ms / 1000)
    if (failure !== undefined) this.#failures.inc({ upstream, failure })
  }
}

/** A check-in takes a second or two; a client that stays connected, hours. */
const SECONDS = [0.1, 0.5, 1, 5, 30, 60, 600, 3600]
