/**
 * `npm run bench`: CPU time per unit of work of nginx, HAProxy, Apache httpd, Caddy, http-proxy, the floor under Node, a
 * commit of ours and the working tree, one worker each, in interleaved rounds. docs/performance.md says how to read it.
 *   npm run bench -- [--rounds 7] [--scale full|small] [--base REV] [--only NAME,...] [--works ID,...] [--cpus 0,1]
 *     [--output FILE] [--write]      the table; `--write` keeps its figures for docs/performance.md
 *   npm run bench -- --workers 2     what several workers cost beside one
 *   npm run bench -- --curves [--sizes ID=N,N...]   cost against size (curves.ts)
 * Exit status 1 when a limit is exceeded, 2 when something is missing or an answer was wrong.
 */
import process from 'node:process'
import { BenchFault } from './bench-fault.ts'
import { compare, compareWorkers } from './compare.ts'
import { drawCurves } from './curves.ts'
import { readOptions, type BenchOptions } from './options.ts'
import { openBench, type OpenBench } from './setup.ts'

const began = performance.now()
const stack = new AsyncDisposableStack()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The servers that are measured ends with this process.
  process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(2)))
}
try {
  const options = readOptions(process.argv.slice(2))
  const opened = stack.use(await openBench(options, tell))
  const isWell = await run(options, opened)
  await stack.disposeAsync()
  process.exitCode = isWell ? 0 : 1
} catch (error) {
  await stack.disposeAsync()
  console.error(error instanceof BenchFault ? error.message : error)
  process.exitCode = 2
}

async function run(options: BenchOptions, opened: OpenBench): Promise<boolean> {
  if (options.isCurves) return drawCurves(options, opened)
  if (options.workers > 1) return compareWorkers(options, opened)
  return compare(options, opened)
}

function tell(text: string): void {
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`)
}
