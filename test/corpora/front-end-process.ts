/** The front end as a process of its own, at a time of our choosing. */
import process from 'node:process'
import type { Line } from '../support/front-ends/product.ts'
import { LineLog, MAIN } from '../support/front-ends/serve-process.ts'
import { Program } from '../support/programs/program.ts'
import { frozenAt } from './needs.ts'

/** Serves until it is disposed of. */
export class FrontEndProcess {
  readonly port: number
  readonly statusPort: number
  /** Every line so far; the last ones arrive when it ends. */
  readonly lines: readonly Line[]
  readonly #program: Program

  /** Starts it with this configuration; `at` is ISO 8601, or nothing for the time that it is. */
  static async start(config: string, at: string | undefined): Promise<FrontEndProcess> {
    const args = [...process.execArgv, MAIN, 'serve', '--config', config]
    const env = at === undefined ? {} : frozenAt(at)
    const program = new Program(process.execPath, args, { env, isShown: true })
    const log = new LineLog(program)
    return new FrontEndProcess(program, log.lines, await log.serving())
  }

  private constructor(program: Program, lines: readonly Line[], begun: Line) {
    this.#program = program
    this.lines = lines
    this.port = (begun['ports'] as Readonly<Record<string, number>>)['devices'] ?? 0
    this.statusPort = Number(begun['status_port'])
  }

  /** Has it read its configuration again. */
  reload(): void {
    this.#program.signal('SIGHUP')
  }

  /** Ends it; all of its lines are there then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.end()
  }
}
