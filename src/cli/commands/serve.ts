/**
 * `tfe serve`: loads, serves, reloads on SIGHUP, drains on SIGTERM and SIGINT.
 */
import { loadConfig } from '../../config/load.ts'
import type { Fault } from '../../kernel/types.ts'
import type { TestHook } from '../../serve/workers/pool.ts'
import { releaseMemory } from '../../serve/workers/release-memory.ts'
import { openLog } from '../../serve/log.ts'
import { startServer } from '../../serve/start.ts'
import { EXIT } from '../exit-code.ts'

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
  const load = () => loadConfig(file, options.env)
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
  releaseMemory()
  const started = await startServer(loaded.value, {
    logger,
    entry: options.entry,
    version: options.version,
    ...(options.testHook === undefined ? {} : { testHook: options.testHook }),
  })
  if (!started.ok) {
    logger.flush()
    printFaults(started.failure, options)
    return 'not-started'
  }
  const serving = started.value
  process.on('SIGHUP', () => {
    load()
      .then((next) => serving.reload(next))
      .catch((error: unknown) => logger.log.error({ err: error }, 'internal error in a reload'))
  })
  await firstOf('SIGTERM', 'SIGINT')
  await serving.drain()
  return 'drained'
}

function printFaults(faults: readonly Fault[], options: ServeOptions): void {
  for (const { at, message } of faults) options.err(`${at}: ${message}\n`)
}

function firstOf(...signals: readonly NodeJS.Signals[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of signals) process.once(signal, () => resolve())
  return promise
}
