/**
 * `tfe serve` whose processes are besides fed sightings of devices that exist on paper only. `node fed-host.ts CONFIG
 * WORKERS FEED`; the feed is JSON.
 */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { serveCommand } from '../../src/cli/commands/serve.ts'
import { runWorker } from '../../src/serve/workers/worker.ts'
import { feeding, type Feed } from './fed.ts'

const [, , file = '', workers = '1', feedText = '{}'] = process.argv
const feed = JSON.parse(feedText) as Feed

if (cluster.isWorker) {
  runWorker(feeding(feed, { worker: (cluster.worker?.id ?? 1) - 1, of: Number(workers) }))
} else {
  const end = await serveCommand(file, {
    env: process.env,
    err: (text) => void process.stderr.write(text),
    entry: { script: fileURLToPath(import.meta.url), args: [file, workers, feedText] },
    version: 'fed',
    witness: feeding(feed, { worker: 0, of: 1 }),
  })
  process.exit(end === 'drained' ? 0 : 1)
}
