import type { Readable } from 'node:stream'
import type { ExitCode } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** A `CommandEnvironment` is what a command reads besides its arguments, and where it writes. */
export interface CommandEnvironment {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
}

/** The options that were given, by name; a switch is `''`, a repeated one how often it was given. */
export type Options = ReadonlyMap<string, string>

/** What a command ends with: an exit code, or a sentence about how it was used. */
export type CommandResult = ExitCode | string
