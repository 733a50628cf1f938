/** The programs that run on behalf of this process: none outlives it, or the test file that started it. */
import type { ChildProcess } from 'node:child_process'
import process from 'node:process'

const running = new Map<ChildProcess, () => void>()

/**
 * Has a program killed at the latest when the test file or this process ends, whether its owner gets to end it or not:
 * a test that ran out of time does not. One that stayed would also keep the output of vitest open, and so its caller
 * waiting. `kill` says how, where a signal to the program is not enough.
 */
export function killAtTheEnd(
  child: ChildProcess,
  kill: () => void = () => child.kill('SIGKILL'),
): void {
  running.set(child, kill)
  child.once('exit', () => running.delete(child))
}

/** Kills every program that runs. */
export function killRunning(): void {
  for (const kill of running.values()) kill()
}

process.once('exit', killRunning)
