/**
 * Starts under callgrind what the wrapper script of the `tfe` command starts natively. The benchmark preloads this
 * file into the wrapper (`--import`), so the wrapper itself costs nothing and its flags and environment are those of
 * its own commit. Environment: CALLGRIND_COMMAND (JSON: valgrind and its options), CALLGRIND_PID_FILE (receives the
 * process id of what was started).
 */
import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess

const { CALLGRIND_COMMAND = '[]', CALLGRIND_PID_FILE = '' } = process.env
const [valgrind = '', ...flags] = JSON.parse(CALLGRIND_COMMAND) as readonly string[]
const spawn = childProcess.spawn as Spawn

const spawnUnderCallgrind: Spawn = (command, args, options) => {
  // The front end must not load this file, too.
  const { NODE_OPTIONS: _, ...env } = options.env ?? process.env
  const child = spawn(valgrind, [...flags, command, ...args], { ...options, env })
  writeFileSync(CALLGRIND_PID_FILE, `${child.pid ?? ''}`)
  return child
}

Object.assign(childProcess, { spawn: spawnUnderCallgrind })
syncBuiltinESMExports()
