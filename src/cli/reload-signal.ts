/** The signal that asks a serving process to read its configuration again. */
import process from 'node:process'
import type { LoadedConfig } from '../config/config.ts'
import type { Fault, Result } from '../kernel/types.ts'
import type { ProcessLogger } from '../serve/log.ts'
import type { RunningServer } from '../serve/start.ts'

/** What a reload needs; `starting` is the start of the front end, which may still be under way. */
export interface ReloadSignalDeps {
  readonly starting: Promise<Result<Pick<RunningServer, 'reload'>, readonly Fault[]>>
  readonly load: () => Promise<Result<LoadedConfig, readonly Fault[]>>
  readonly logger: ProcessLogger
}

/**
 * Reloads at every SIGHUP from now on. One that comes during the start is obeyed after it: the file may have changed
 * since it was read.
 */
export function reloadAtSignal({ starting, load, logger }: ReloadSignalDeps): void {
  const reload = async (): Promise<void> => {
    const started = await starting
    if (started.ok) await started.value.reload(await load())
  }
  process.on('SIGHUP', () => {
    reload().catch((error: unknown) =>
      logger.log.error({ err: error }, 'internal error in a reload'),
    )
  })
}
