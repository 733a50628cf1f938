/** The front end as a process of its own, at a time of our choosing. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { frozenAt } from './needs.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** One line of the front end's log. */
export type Line = Readonly<Record<string, unknown>>

/** Serves until it is disposed of. */
export class FrontEndProcess {
  readonly port: number
  readonly statusPort: number
  /** Every line so far; the last ones arrive when it ends. */
  readonly lines: Line[]
  readonly #child: ChildProcess

  /** Starts it with this configuration; `at` is ISO 8601, or nothing for the time that it is. */
  static async start(config: string, at: string | undefined): Promise<FrontEndProcess> {
    const child = spawn(
      process.execPath,
      [...process.execArgv, MAIN, 'serve', '--config', config],
      {
        env: { ...process.env, ...(at === undefined ? {} : frozenAt(at)) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const lines: Line[] = []
    const begun = Promise.withResolvers<Line>()
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line
      lines.push(line)
      if (line['msg'] === 'serving') begun.resolve(line)
    })
    child.once('exit', (code) => begun.reject(new Error(`the front end ended early: ${code}`)))
    child.once('error', (error) => begun.reject(error))
    return new FrontEndProcess(child, lines, await begun.promise)
  }

  private constructor(child: ChildProcess, lines: Line[], begun: Line) {
    this.#child = child
    this.lines = lines
    this.port = (begun['ports'] as Readonly<Record<string, number>>)['devices'] ?? 0
    this.statusPort = Number(begun['status_port'])
  }

  /** Has it read its configuration again. */
  reload(): void {
    this.#child.kill('SIGHUP')
  }

  /** Ends it; all of its lines are there then. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS)
    await ended
    clearTimeout(killer)
  }
}

/** Ten times what draining an idle front end takes. */
const END_WITHIN_MS = 10_000
