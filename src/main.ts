/**
 * The entry point: a worker process serves connections, any other process runs the command line.
 */
import cluster from 'node:cluster'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { endOnErrors, reportBug } from './cli/process-errors.ts'

endOnErrors()
try {
  // Each is loaded where it runs only: a worker has no use for a command line.
  if (cluster.isWorker) {
    const { runWorker } = await import('./serve/workers/worker.ts')
    runWorker()
  } else {
    const { runProcess } = await import('./cli/process.ts')
    await runProcess(fileURLToPath(import.meta.url))
  }
} catch (error) {
  process.exit(reportBug(error))
}
