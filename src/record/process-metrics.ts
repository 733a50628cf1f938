/**
 * What every process of the front end says of itself, under the names that Prometheus' own clients use: memory,
 * descriptors, event loop, and how many lines of its log were dropped.
 */
import { collectDefaultMetrics, type Counter } from 'prom-client'
import type { MetricSet } from './metric-set.ts'

/** Adds them to the metrics of a process. */
export function addProcessMetrics(set: MetricSet): void {
  collectDefaultMetrics({ register: set.registry })
  for (const name of LEFT_OUT) set.registry.removeSingleMetric(name)
}

/** Counts the lines that this process dropped, when the metrics are read. */
export function addDroppedLines(set: MetricSet, dropped: () => number): void {
  const counter: Counter = set.counter('tfe_log_lines_dropped_total', {
    help: 'Lines of the log that were dropped because the reader of standard output was too slow.',
    collect: () => {
      counter.reset()
      counter.inc(dropped())
    },
  })
}

/**
 * Three are gauges with the name of a counter, and the sums of others that stay. The last is the primary's to say: the
 * front end began when it did, whenever a worker was replaced.
 */
const LEFT_OUT = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'process_start_time_seconds',
]
