import { MetricSet } from './metric-set.ts'

/** What runs, and since when. */
export interface BuildFacts {
  readonly version: string
  readonly node: string
  readonly openssl: string
  /** Unix time in seconds. */
  readonly startedAt: number
}

/** Metrics that never change while the program runs; one per front end. */
export function buildMetrics({ version, node, openssl, startedAt }: BuildFacts): MetricSet {
  const metrics = new MetricSet()
  metrics
    .gauge('tfe_build_info', {
      help: 'What runs: always 1, with the versions of this program, of Node and of OpenSSL.',
      labelNames: ['version', 'node', 'openssl'],
    })
    .set({ version, node, openssl }, 1)
  metrics
    .gauge('process_start_time_seconds', { help: 'When the front end was started (Unix time).' })
    .set(startedAt)
  return metrics
}
