/** What ends a process beside its work: a reader that has gone, and bugs. */
import process from 'node:process'
import { EXIT, type ExitCode } from './exit-code.ts'

/** Ends the process at an uncaught error, and quietly when standard output is closed. */
export function endOnErrors(): void {
  // A reader such as `head` has read enough; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : reportBug(error))
  })
  process.on('uncaughtException', (error) => process.exit(reportBug(error)))
}

/** Reports an error that was not foreseen: one line for the user, with TFE_DEBUG=1 where it happened. */
export function reportBug(error: unknown): ExitCode {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`tfe: this is a bug in tfe, please report it: ${message}\n`)
  if (process.env['TFE_DEBUG'] === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`)
  } else process.stderr.write('TFE_DEBUG=1 shows where it happened\n')
  return EXIT.bug
}
