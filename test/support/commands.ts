import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** Whether the `openssl` command can be called; tests that use it as an oracle skip visibly without it. */
export function hasOpenssl(): boolean {
  return hasCommand('openssl', ['version'])
}

/** Whether a command runs at all. */
export function hasCommand(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Whether the shell would find a command, which is not run: not every one has an argument that ends it at once. */
export const isCommand = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
