/** The demonstration as a new user runs it: another process, another folder, ports of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { claimPorts } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'

const MAIN = resolve('src/main.ts')

/** A folder that is gone when the test is over. */
export async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tfe-demo-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Options that put the demonstration on ports of its own. */
export async function onOwnPorts(): Promise<readonly string[]> {
  const [port = 0, upstream = 0, metrics = 0, admin = 0] = await claimPorts(4)
  return [
    `--port=${port}`,
    `--upstream-port=${upstream}`,
    `--metrics-port=${metrics}`,
    `--admin-port=${admin}`,
  ]
}

/** Starts `tfe demo`. */
export function startDemo(folder: string, options: readonly string[]): Program {
  const env = { LC_ALL: 'C.UTF-8' }
  return new Program(process.execPath, [MAIN, 'demo', ...options], { cwd: folder, env })
}
