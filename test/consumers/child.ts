/**
 * Programs of other people, started for one run and ended by their own process id.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'

/** A running program; `await using` ends it. */
export interface Program extends AsyncDisposable {
  /** What it has said so far. */
  log(): string
  /** Waits until `isReady` says so. Throws with the log when the program ends first or takes too long. */
  until(isReady: () => boolean | Promise<boolean>): Promise<void>
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where both of its streams go. */
  readonly logFile: string
}

/** Starts a program in the foreground. */
export function start({ program, args, env = {}, logFile }: Command): Program {
  const file = openSync(logFile, 'w')
  const child = spawn(program, args, {
    env: { ...quietEnvironment(), ...env },
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error))
  failed.catch(() => {}) // reported by `until`
  const log = (): string => readFileSync(logFile, 'utf8')
  return {
    log,
    until: async (isReady) => {
      try {
        await Promise.race([failed, untilReady(child, isReady, log)])
      } catch (fault) {
        await end(child) // no owner holds it yet, so no other code would
        throw fault
      }
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** A JVM on two busy cores takes ten seconds; three times that is a fault. */
const START_WITHIN = 30_000
/** Long enough for any of them to finish what it is doing; then it is killed. */
const END_WITHIN = 10_000

async function untilReady(
  child: ChildProcess,
  isReady: () => boolean | Promise<boolean>,
  log: () => string,
): Promise<void> {
  const deadline = Date.now() + START_WITHIN
  while (!(await isReady())) {
    if (hasEnded(child)) throw new Error(`${child.spawnfile} ended early:\n${log()}`)
    if (Date.now() > deadline) throw new Error(`${child.spawnfile} does not come up:\n${log()}`)
    await pause(100)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN)
  await ended
  clearTimeout(killer)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null

/** True when the shell would find this command. */
export const isCommand = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))

/** The environment without proxies: every client here talks to this machine only. */
export function quietEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/_proxy$|^JAVA_TOOL_OPTIONS$/i.test(name)),
  )
}

/** True when `url` answers 200. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
