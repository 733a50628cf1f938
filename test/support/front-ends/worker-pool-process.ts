/**
 * A process that serves as `tfe serve` does and is told by a test what a store would tell it. `node worker-pool-process.ts
 * CONFIG WORKERS`; ends with its parent.
 */
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/load.ts'
import { clusterPool } from '../../../src/serve/workers/cluster-pool.ts'
import { inProcessPool } from '../../../src/serve/workers/in-process-pool.ts'
import { openLog } from '../../../src/serve/log.ts'
import type { WorkerEvents } from '../../../src/serve/workers/pool.ts'
import type { PoolCommand } from './worker-pool.ts'
import type { ProcessConfig } from '../../../src/serve/process/process-config.ts'

const [, , file = '', workers = '1'] = process.argv
const loaded = await loadConfig(file, {})
if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
const { config } = loaded.value
const logger = openLog(config.log, {})
const entry = { script: join(import.meta.dirname, '../../../src/main.ts'), args: ['worker'] }
const pool = workers === '1' ? inProcessPool(logger) : clusterPool(Number(workers), entry, logger)
let processConfig: ProcessConfig = {
  config,
  version: 1,
  ticketSecret: randomBytes(32),
  accountKey: randomBytes(32),
  rules: undefined,
}

process.on('message', (command: PoolCommand) => {
  handle(command).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ answer: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
const events: WorkerEvents = {
  onStaleSession() {},
  onExpirySightings() {},
  onRefusals() {},
  onUpstreamErrors() {},
  onSightings(sightings) {
    for (const seen of sightings) logger.log.info({ seen }, 'seen')
  },
}
process.send?.({ answer: await pool.start(processConfig, events) })

async function handle(command: PoolCommand): Promise<unknown> {
  if (command.kind === 'overlay') return pool.applyOverlayDelta(command.delta)
  if (command.kind === 'kill-and-tell') return killAndTell()
  if (command.kind === 'scrape') return (await pool.scrape()).metrics()
  if (command.kind === 'drain') return pool.drain()
  processConfig = { ...processConfig, version: processConfig.version + 1, rules: command.rules }
  return pool.reload(processConfig)
}

/** Ends every worker, and speaks to each before this process can have learned of it. */
async function killAndTell(): Promise<string> {
  const pids = Object.values(cluster.workers ?? {}).flatMap((worker) => worker?.process.pid ?? [])
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  for (const pid of pids) while (!readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z '));
  pool.applyOverlayDelta({ kind: 'begin', revision: 2 })
  return (await pool.scrape()).metrics()
}
