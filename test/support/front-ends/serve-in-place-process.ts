/**
 * Serves as `tfe serve` does, with one difference: PKCS#12 files are opened on the thread that serves, as every version
 * did before they got one of their own. What a test of the difference is held against. `node … CONFIG`
 */
import { join } from 'node:path'
import process from 'node:process'
import { reloadAtSignal } from '../../../src/cli/reload-signal.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { diskReader } from '../../../src/config/reading/files.ts'
import { openPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import { openLog } from '../../../src/serve/log.ts'
import { startServer } from '../../../src/serve/start.ts'

const [, , file = ''] = process.argv
const files = {
  ...diskReader,
  openKeystore: async (...asked: Parameters<typeof openPkcs12>) => openPkcs12(...asked),
}
const load = () => loadConfig(file, {}, files)
const loaded = await load()
if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
const logger = openLog(loaded.value.config.log, {})
const entry = { script: join(import.meta.dirname, '../../../src/main.ts'), args: [] }
const starting = startServer(loaded.value, { logger, entry, readConfiguration: load })
reloadAtSignal({ starting, load, logger })
const started = await starting
if (!started.ok) throw new Error(JSON.stringify(started.failure))
process.once('SIGTERM', () => {
  void started.value.drain().then(() => process.exit(0))
})
