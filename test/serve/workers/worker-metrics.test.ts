/** The metrics of several workers as those of one program, whatever becomes of a worker. */
import { expect, test } from 'vitest'
import type { MetricFamilies } from '../../../src/record/metric-families.ts'
import { MetricSet } from '../../../src/record/metric-set.ts'
import { WorkerMetrics } from '../../../src/serve/workers/worker-metrics.ts'
import { valueIn } from '../../support/metrics/exposition.ts'

/** What a worker says that has met so many requests, and holds so many connections. */
function said(requests: number, open: number): Promise<MetricFamilies> {
  const set = new MetricSet()
  set.counter('requests_total', { help: 'a', labelNames: ['code'] }).inc({ code: 'x' }, requests)
  set.gauge('open', { help: 'b' }).set(open)
  set.gauge('lowest', { help: 'c', aggregator: 'min' }).set(open)
  const seconds = set.histogram('seconds', { help: 'd', buckets: [1, 5] })
  for (let at = 0; at < requests; at += 1) seconds.observe(3)
  return set.registry.getMetricsAsJSON()
}

const shown = async (metrics: WorkerMetrics) => {
  const text = await metrics.all([]).metrics()
  return {
    requests: valueIn(text, 'requests_total', { code: 'x' }),
    open: valueIn(text, 'open'),
    lowest: valueIn(text, 'lowest'),
    sum: valueIn(text, 'seconds_sum'),
    bucket: valueIn(text, 'seconds_bucket', { le: '5' }),
  }
}

async function twoWorkers(): Promise<WorkerMetrics> {
  const metrics = new WorkerMetrics()
  metrics.joined(1)
  metrics.joined(2)
  metrics.heard(1, await said(5, 3))
  metrics.heard(2, await said(7, 2))
  return metrics
}

test('counts are added, and a gauge is as it says itself', async () => {
  const metrics = await twoWorkers()
  expect(await shown(metrics)).toEqual({ requests: 12, open: 5, lowest: 2, sum: 36, bucket: 12 })
})

test('what a worker counted goes on counting when it is gone, and what it held does not', async () => {
  const metrics = await twoWorkers()
  metrics.left(2)
  expect(await shown(metrics)).toEqual({ requests: 12, open: 3, lowest: 3, sum: 36, bucket: 12 })
})

test('one that takes its place begins at nothing, and adds to it', async () => {
  const metrics = await twoWorkers()
  metrics.left(2)
  metrics.joined(3)
  expect(await shown(metrics)).toMatchObject({ requests: 12 })
  metrics.heard(3, await said(1, 9))
  expect(await shown(metrics)).toEqual({ requests: 13, open: 12, lowest: 3, sum: 39, bucket: 13 })
})

test('however many are gone, each counts once', async () => {
  const metrics = await twoWorkers()
  for (let id = 3; id < 20; id += 1) {
    metrics.joined(id)
    metrics.heard(id, await said(1, 1))
    metrics.left(id)
    metrics.left(id)
  }
  expect(await shown(metrics)).toMatchObject({ requests: 29, open: 5, sum: 87 })
})

test('what arrives of a worker that is gone is not counted a second time', async () => {
  const metrics = await twoWorkers()
  metrics.left(2)
  metrics.heard(2, await said(8, 2))
  expect(await shown(metrics)).toMatchObject({ requests: 12, open: 3 })
})

test('one that gives no answer counts as it was heard last', async () => {
  const metrics = await twoWorkers()
  metrics.heard(1, await said(6, 3))
  expect(await shown(metrics)).toMatchObject({ requests: 13, open: 5 })
})

test('one that was never heard adds nothing', async () => {
  const metrics = await twoWorkers()
  metrics.joined(3)
  metrics.left(3)
  metrics.left(4)
  expect(await shown(metrics)).toMatchObject({ requests: 12 })
})
