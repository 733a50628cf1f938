/**
 * `tfe serve` whose processes besides refuse peers that exist on paper only. `node synthetic-refusals-process.ts CONFIG
 * WORKERS LOAD`; the load is JSON.
 */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { serveCommand } from '../../../src/cli/commands/serve.ts'
import { runWorker } from '../../../src/serve/workers/worker.ts'
import { injectRefusals, type RefusalLoad } from './synthetic-refusals.ts'

const [, , file = '', workers = '1', loadText = '{}'] = process.argv
const load = JSON.parse(loadText) as RefusalLoad

if (cluster.isWorker) {
  runWorker(injectRefusals(load, { worker: (cluster.worker?.id ?? 1) - 1, of: Number(workers) }))
} else {
  const end = await serveCommand(file, {
    env: process.env,
    err: (text) => void process.stderr.write(text),
    entry: { script: fileURLToPath(import.meta.url), args: [file, workers, loadText] },
    version: 'flooded',
    testHook: injectRefusals(load, { worker: 0, of: 1 }),
  })
  process.exit(end === 'drained' ? 0 : 1)
}
