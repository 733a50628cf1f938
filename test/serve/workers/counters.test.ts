/** Counters of a front end with workers, as a scraper sees them while workers come and go. */
import { expect, test } from 'vitest'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { poolProcess } from '../../support/front-ends/worker-pool.ts'
import { childrenOf } from '../../support/programs/children-of.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { totalIn } from '../../support/metrics/exposition.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const COUNTERS = [
  'tfe_requests_total',
  'tfe_connections_total',
  'tfe_tls_connections_total',
  'tfe_request_duration_seconds_count',
  'process_cpu_seconds_total',
] as const

test('no counter falls when a worker is killed, and when another takes its place', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  await visits(frontEnd, 16)
  const lines = await frontEnd.waitForLines(16, (line) => 'decision' in line)
  expect(new Set(lines.map((line) => line['worker'])).size).toBe(2)
  const before = await counted(frontEnd)
  expect(before['tfe_requests_total']).toBe(16)
  process.kill(childrenOf(frontEnd.child)[0] ?? 0, 'SIGKILL')
  await frontEnd.waitForLines(1, (line) => /starting another/.test(String(line['msg'])))
  const after = await counted(frontEnd)
  expectNoFall(before, after)
  while (!(await frontEnd.fetchStatus('/readyz')).startsWith('ready'));
  await visits(frontEnd, 4)
  const replaced = await counted(frontEnd)
  expectNoFall(after, replaced)
  expect(replaced['tfe_requests_total']).toBe(20)
})

test('a worker that stands still holds its counters up', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2, yaml: { drain: ' 0s' } })
  await visits(frontEnd, 16)
  const before = await counted(frontEnd)
  const [still = 0] = childrenOf(frontEnd.child)
  process.kill(still, 'SIGSTOP')
  const meanwhile = await counted(frontEnd)
  process.kill(still, 'SIGCONT')
  expect(meanwhile['tfe_requests_total']).toBe(16)
  expectNoFall(before, meanwhile)
})

test('workers that are spoken to before it can be known that they are gone end nothing but themselves', async () => {
  await using pool = await poolProcess(2, { upstreamPort: 1 })
  expect(await pool.send({ kind: 'kill-and-tell' })).toContain('tfe_')
  await pool.waitForLines(2, (line) => /starting another/.test(String(line['msg'])))
  // Those that take their place answer.
  await expect.poll(() => pool.send({ kind: 'scrape' })).toContain('tfe_requests_total')
})

type Counts = Readonly<Record<string, number>>

async function counted(frontEnd: ServeProcess): Promise<Counts> {
  const text = await frontEnd.fetchStatus('/metrics')
  return Object.fromEntries(COUNTERS.map((name) => [name, totalIn(text, name)]))
}

function expectNoFall(before: Counts, after: Counts): void {
  const fallen = COUNTERS.filter((name) => (after[name] ?? 0) < (before[name] ?? 0))
  expect(fallen).toEqual([])
}

async function visits({ port }: ServeProcess, count: number): Promise<void> {
  for (let visit = 0; visit < count; visit += 1) {
    await requestOnce({ port }, { version: 'TLSv1.3', device: fleet.device })
  }
}
