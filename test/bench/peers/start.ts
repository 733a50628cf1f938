/** Starts servers, each pinned to a processor, and sees to it that they run. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from '../../support/programs/debian13.ts'
import { claimPort, isListenedOn } from '../../support/ports/claim-port.ts'
import { killAtTheEnd } from '../../support/programs/running.ts'
import { BenchFault } from './bench-fault.ts'
import type { Candidate, Site } from './candidate.ts'

/** One that runs. `await using` ends it. */
export interface Running extends AsyncDisposable {
  readonly candidate: Candidate
  readonly pid: number
  readonly port: number
  /** Throws with the end of its output when it has ended. */
  demandAlive(): void
  /** Forgets what it has logged: a run writes gigabytes. */
  emptyLog(): void
}

/** Starts a candidate on a port of its own; settles when it accepts connections. */
export async function start(candidate: Candidate, site: Site, cpu: number): Promise<Running> {
  const port = await claimPort()
  const { name } = candidate
  const pinned = await startPinned(candidate.prepare({ ...site, name, port }), {
    name,
    port,
    cpu,
    folder: site.folder,
  })
  return { candidate, port, ...pinned }
}

export interface Pinned extends AsyncDisposable {
  readonly pid: number
  demandAlive(): void
  emptyLog(): void
}

/** Starts a command on one processor; settles when it accepts connections. */
export async function startPinned(
  command: Command,
  at: { name: string; port: number; cpu: number; folder: string },
): Promise<Pinned> {
  const log = join(at.folder, `${at.name}.log`)
  mkdirSync(at.folder, { recursive: true })
  // Appended to, so that it can be emptied meanwhile.
  const output = openSync(log, 'a')
  truncateSync(log)
  const { PATH = '' } = process.env
  const child = spawn('taskset', ['-c', `${at.cpu}`, command.file, ...command.args], {
    cwd: at.folder,
    stdio: ['ignore', output, output],
    env: { PATH, LANG: 'C', HOME: at.folder, ...command.env },
  })
  closeSync(output)
  // Not SIGKILL: nginx's master would leave its workers behind.
  killAtTheEnd(child, () => child.kill())
  const demandAlive = (): void => {
    if (child.exitCode === null && child.signalCode === null) return
    const end = readFileSync(log, 'utf8').slice(-2000)
    throw new BenchFault(`${at.name} ended (${child.exitCode ?? child.signalCode}):\n${end}`)
  }
  const deadline = performance.now() + START_WITHIN_MS
  while (!(await isListenedOn(at.port))) {
    demandAlive()
    if (performance.now() > deadline) throw new BenchFault(`${at.name} does not listen; see ${log}`)
    await pause(POLL_MS)
  }
  return {
    pid: child.pid ?? 0,
    demandAlive,
    emptyLog: () => truncateSync(log),
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill()
  const killer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS)
  await ended
  clearTimeout(killer)
}

const POLL_MS = 50
/** On a machine that others use, too: a front end that reads a million entries first takes half a minute. */
const START_WITHIN_MS = 300_000
/** Longer than the drain of ours. */
const END_WITHIN_MS = 10_000
