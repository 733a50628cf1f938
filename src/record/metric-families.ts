/** Metrics as they travel between processes, and those of several processes as the metrics of one. */
import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client'

/** What a process has measured: each metric with its values. Plain data. */
export type MetricFamilies = readonly MetricObjectWithValues<MetricValue<string>>[]

/** Puts the metrics of several processes together: counts are added, a gauge says itself how it is. */
export const joinedFamilies = (parts: readonly MetricFamilies[]): Registry =>
  AggregatorRegistry.aggregate(parts.map((part) => [...part]))

/** The same as plain data again, at once. */
export const foldedFamilies = (parts: readonly MetricFamilies[]): MetricFamilies =>
  // The library's registry of joined metrics holds each with its values, which its types leave out.
  joinedFamilies(parts).getMetricsAsArray() as unknown as MetricFamilies

/** What of a process still counts when it is gone: what it has counted, and not how it was. */
export const lastingFamilies = (families: MetricFamilies): MetricFamilies =>
  families.filter(({ type }) => LASTING.has(String(type)))

/** The library's types call these by number, and its values by name. */
const LASTING: ReadonlySet<string> = new Set(['counter', 'histogram'])
