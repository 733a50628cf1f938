/** `tfe completion`: a script with which a shell completes commands, options and their values. */
import type { Command } from 'commander'
import type { CommandEnvironment } from '../command-environment.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import type { Shell } from './shells.ts'
import { commandNodes } from './tree.ts'
import { zshScript } from './zsh.ts'

/** Prints the script of a shell, made from the commands as they are. */
export function completion(
  shell: Shell,
  program: Command,
  { terminal }: CommandEnvironment,
): ExitCode {
  terminal.out(SCRIPTS[shell](commandNodes(program)))
  return EXIT.ok
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
