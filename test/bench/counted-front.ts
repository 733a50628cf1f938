/**
 * A front end that runs under callgrind and whose instructions are counted from outside.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
// @ts-expect-error plain JavaScript, for Node 20
import { NODE_ENVIRONMENT } from '../../scripts/node26.mjs'
import { isListenedOn } from '../support/ports/claim-port.ts'

/** A front end that runs until it is disposed of. */
export interface CountedFront extends AsyncDisposable {
  /** Settles when it accepts connections, rejects when it ends before. */
  readonly serving: Promise<void>
  /** Begins to count; until then the front end runs several times faster. */
  instrument(): Promise<void>
  /** Counts the instructions of all threads of the front end while `work` runs. */
  count(work: () => Promise<void>): Promise<number>
}

export interface FrontOptions {
  /** The checked-out commit; `scripts/tfe.mjs` is started in it. */
  readonly tree: string
  /** The file of the configuration, as `tfe serve --config` takes it. */
  readonly config: string
  /** Where the configuration says that devices connect. */
  readonly address: string
  readonly port: number
  /** A folder for what valgrind writes; it is made. */
  readonly folder: string
}

/** Starts a front end. */
export function startCounted(options: FrontOptions): CountedFront {
  const { tree, config, folder } = options
  mkdirSync(folder, { recursive: true })
  const pidFile = join(folder, 'pid')
  // Set by the wrapper that started the benchmark; each commit shall set its own.
  const others = Object.entries(process.env).filter(([name]) => !(name in NODE_ENVIRONMENT))
  const pipes = `--vgdb-prefix=${join(folder, 'vgdb')}`
  const wrapper = spawn(process.execPath, ['scripts/tfe.mjs', 'serve', '--config', config], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(others),
      NODE_OPTIONS: `--import=${new URL('under-callgrind.ts', import.meta.url).href}`,
      CALLGRIND_PID_FILE: pidFile,
      CALLGRIND_COMMAND: JSON.stringify([
        'valgrind',
        '--tool=callgrind',
        '--instr-atstart=no',
        // A dump holds one number that is of interest; lines of source would make it larger.
        '--dump-line=no',
        `--callgrind-out-file=${join(folder, COUNTS)}`,
        `--log-file=${join(folder, 'valgrind.log')}`,
        pipes,
      ]),
    },
  })
  let outputEnd = ''
  for (const stream of [wrapper.stdout, wrapper.stderr]) {
    // A full pipe would block the front end; the end of its output explains why one does not start.
    stream.on('data', (text: Buffer) => {
      outputEnd = `${outputEnd}${text.toString('utf8')}`.slice(-OUTPUT_END)
    })
  }
  const ended = once(wrapper, 'exit')
  const hasEnded = (): boolean => wrapper.exitCode !== null || wrapper.signalCode !== null
  const serve = async (): Promise<void> => {
    while (!(await isListenedOn(options.port, options.address))) {
      if (hasEnded()) throw new Error(`the front end of ${tree} did not serve:\n${outputEnd}`)
      await pause(POLL_MS)
    }
  }
  const ask = async (...command: readonly string[]): Promise<void> => {
    if (hasEnded()) throw new Error(`the front end of ${tree} has ended:\n${outputEnd}`)
    const pid = readPid(pidFile)
    if (pid === undefined) throw new Error(`scripts/tfe.mjs of ${tree} has not called spawn()`)
    await run('vgdb', [pipes, `--pid=${pid}`, ...command], { timeout: ANSWER_MS })
  }
  return {
    serving: serve(),
    instrument: () => ask('instrumentation', 'on'),
    async count(work) {
      // A dump sets the counters to zero.
      await ask('dump')
      takeDumps(folder)
      await work()
      await ask('dump')
      return takeDumps(folder)
    },
    async [Symbol.asyncDispose]() {
      // Killed, not drained: under valgrind an orderly end takes minutes on a busy machine.
      if (!hasEnded()) kill(readPid(pidFile))
      // It ends with what it started, unless it has not started it yet.
      wrapper.kill()
      await ended
    },
  }
}

const run = promisify(execFile)

const COUNTS = 'counts'
const OUTPUT_END = 4000
const POLL_MS = 200
/** For a dump, which takes a second on a quiet machine. */
const ANSWER_MS = 300_000

/** The instructions of the dumps in a folder, which are removed. */
function takeDumps(folder: string): number {
  const dumps = readdirSync(folder).filter((name) => name.startsWith(`${COUNTS}.`))
  const totals = dumps.map((name) => {
    const text = readFileSync(join(folder, name), 'latin1')
    rmSync(join(folder, name))
    return Number(/^totals: (\d+)$/mu.exec(text)?.[1])
  })
  return totals.reduce((sum, total) => sum + total, 0)
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined // not started yet
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
