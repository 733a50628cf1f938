/**
 * A process that serves as `tfe serve` does and is told by a test what a store would tell it. `node crew-host.ts
 * CONFIG WORKERS`; ends with its parent.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { clusterCrew } from '../../src/serve/workers/cluster-pool.ts'
import { localCrew } from '../../src/serve/workers/in-process-pool.ts'
import { openLog } from '../../src/serve/log.ts'
import type { CrewNews } from '../../src/serve/workers/pool.ts'
import type { Told } from './crewed.ts'
import type { Orders } from '../../src/serve/process/process-config.ts'

const [, , file = '', workers = '1'] = process.argv
const loaded = await loadConfig(file, {})
if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
const { config } = loaded.value
const journal = openLog(config.log, {})
const entry = { script: join(import.meta.dirname, '../../src/main.ts'), args: ['worker'] }
const crew = workers === '1' ? localCrew(journal) : clusterCrew(Number(workers), entry, journal)
let orders: Orders = {
  config,
  version: 1,
  ticketSecret: randomBytes(32),
  accountKey: randomBytes(32),
  rules: undefined,
}

process.on('message', (told: Told) => {
  obey(told).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ answer: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
const news: CrewNews = {
  lockedOut() {},
  sighted() {},
  upstreamErrors() {},
  seen(sightings) {
    for (const seen of sightings) journal.log.info({ seen }, 'seen')
  },
}
process.send?.({ answer: await crew.start(orders, news) })

async function obey(told: Told): Promise<unknown> {
  if (told.kind === 'overlay') return crew.overlay(told.delta)
  if (told.kind === 'drain') return crew.drain()
  orders = { ...orders, version: orders.version + 1, rules: told.rules }
  return crew.reload(orders)
}
