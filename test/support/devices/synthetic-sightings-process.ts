/**
 * `tfe serve` whose processes are besides fed sightings of devices that exist on paper only. `node synthetic-sightings-process.ts CONFIG
 * WORKERS FEED`; the feed is JSON.
 */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { serveCommand } from '../../../src/cli/commands/serve.ts'
import { runWorker } from '../../../src/serve/workers/worker.ts'
import { injectSightings, type SightingLoad } from './synthetic-sightings.ts'

const [, , file = '', workers = '1', loadText = '{}'] = process.argv
const load = JSON.parse(loadText) as SightingLoad

if (cluster.isWorker) {
  runWorker(injectSightings(load, { worker: (cluster.worker?.id ?? 1) - 1, of: Number(workers) }))
} else {
  const end = await serveCommand(file, {
    env: process.env,
    err: (text) => void process.stderr.write(text),
    entry: { script: fileURLToPath(import.meta.url), args: [file, workers, loadText] },
    version: 'fed',
    testHook: injectSightings(load, { worker: 0, of: 1 }),
  })
  process.exit(end === 'drained' ? 0 : 1)
}
