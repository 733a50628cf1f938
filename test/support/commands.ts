import { spawnSync } from 'node:child_process'

/** Whether the `openssl` command can be called; tests that use it as an oracle skip visibly without it. */
export function hasOpenssl(): boolean {
  return hasCommand('openssl', ['version'])
}

/** Whether a command runs at all. */
export function hasCommand(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
