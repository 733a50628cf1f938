import { spawnSync } from 'node:child_process'

/** Whether the `openssl` command can be called; tests that use it as an oracle skip visibly without it. */
export function hasOpenssl(): boolean {
  return has('openssl', ['version'])
}

/** Whether a command runs at all. */
export function has(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
