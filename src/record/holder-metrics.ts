/** Who holds connections → Prometheus. Labels come from closed lists or from the configuration, never from a peer. */
import type { Gauge } from 'prom-client'
import type { MetricSet } from './metric-set.ts'

/** Who holds the connections of a process now. */
export interface Holders {
  readonly listeners: readonly {
    readonly listener: string
    readonly vouched: number
    readonly unvouched: number
  }[]
  readonly servers: readonly {
    readonly upstream: string
    readonly server: string
    readonly vouched: number
    readonly unvouched: number
    readonly idle: number
  }[]
}

/** Counts them, when the metrics are read. */
export function addHolders(set: MetricSet, read: () => Holders): void {
  const connections: Gauge = set.gauge('tfe_connections_held', {
    help: 'TCP connections open now, handshakes under way included, by whether a fit certificate vouches for them.',
    labelNames: ['listener', 'by'],
    collect: () => {
      connections.reset()
      for (const { listener, vouched, unvouched } of read().listeners) {
        connections.set({ listener, by: 'vouched' }, vouched)
        connections.set({ listener, by: 'unvouched' }, unvouched)
      }
    },
  })
  const upstream: Gauge = set.gauge('tfe_upstream_connections_held', {
    help: 'Connections to a server, by whether a fit certificate vouches for the device that one is used for; idle where for none.',
    labelNames: ['upstream', 'server', 'by'],
    collect: () => {
      upstream.reset()
      for (const { upstream: name, server, vouched, unvouched, idle } of read().servers) {
        upstream.set({ upstream: name, server, by: 'vouched' }, vouched)
        upstream.set({ upstream: name, server, by: 'unvouched' }, unvouched)
        upstream.set({ upstream: name, server, by: 'idle' }, idle)
      }
    },
  })
}
