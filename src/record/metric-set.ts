import {
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client'

type Options<Configuration> = Omit<Configuration, 'name' | 'registers'>

/** A `MetricSet` is the metrics that are shown together, in a registry of their own. */
export class MetricSet {
  readonly registry = new Registry()

  counter(name: string, options: Options<CounterConfiguration<string>>): Counter {
    return new Counter({ ...options, name, registers: [this.registry] })
  }

  gauge(name: string, options: Options<GaugeConfiguration<string>>): Gauge {
    return new Gauge({ ...options, name, registers: [this.registry] })
  }

  histogram(name: string, options: Options<HistogramConfiguration<string>>): Histogram {
    return new Histogram({ ...options, name, registers: [this.registry] })
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics()
  }
}
