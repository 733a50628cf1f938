/**
 * `tfe serve`: loads, serves, reloads on SIGHUP, drains on SIGTERM and SIGINT.
 */
import { loadConfig } from '../../config/load.ts'
import { inTurn } from '../../kernel/in-turn.ts'
import type { TestHook } from '../../serve/workers/pool.ts'
import { releaseMemory } from '../../serve/workers/release-memory.ts'
import { openLog } from '../../serve/log.ts'
import { servedFiles } from '../../serve/store-sync/stored-secrets.ts'
import { startServer } from '../../serve/start.ts'
import { EXIT } from '../exit-code.ts'
import { printFaults } from '../load-configuration.ts'
import { reloadAtSignal } from '../reload-signal.ts'
import { shutdownSignal } from '../shutdown-signal.ts'

/** How serving ended. */
export type ServeEnd = keyof typeof SERVE_EXIT

/** The exit code of each end. */
export const SERVE_EXIT = {
  drained: EXIT.ok,
  'faulty-configuration': EXIT.no,
  'not-started': EXIT.cannotStart,
} as const

export interface ServeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where faults go when there is no log yet. */
  err(text: string): void
  readonly entry: { readonly script: string; readonly args: readonly string[] }
  readonly version: string
  readonly testHook?: TestHook
}

/** Serves until a signal ends it. */
export async function serveCommand(file: string, options: ServeOptions): Promise<ServeEnd> {
  // A keystore may take seconds to open: what was read first is applied first.
  const load = inTurn((document?: Buffer) =>
    loadConfig(file, options.env, servedFiles(file, document)),
  )
  const loaded = await load()
  if (!loaded.ok) {
    printFaults(loaded.failure, options)
    return 'faulty-configuration'
  }
  const logger = openLog(loaded.value.config.log, {})
  // A bug outside a request or a connection: the lines so far, and the last one, should still arrive.
  process.once('uncaughtException', (error) => {
    logger.log.fatal({ err: error }, 'internal error: the front end ends')
    logger.flush()
    process.exit(EXIT.bug)
  })
  const shutdown = shutdownSignal((signal) => logger.log.info({ signal }, 'already draining'))
  releaseMemory()
  const starting = startServer(loaded.value, {
    logger,
    entry: options.entry,
    version: options.version,
    readConfiguration: load,
    ...(options.testHook === undefined ? {} : { testHook: options.testHook }),
  })
  reloadAtSignal({ starting, load, logger })
  const started = await Promise.race([starting, shutdown])
  if (typeof started === 'string') {
    // A start may wait for a database: it is given up, and what was opened ends with the process.
    logger.log.info({ signal: started }, 'ended before it served')
    logger.flush()
    return 'drained'
  }
  if (!started.ok) {
    logger.flush()
    printFaults(started.failure, options)
    return 'not-started'
  }
  await shutdown
  await started.value.drain()
  return 'drained'
}
