/**
 * `tfe serve` as a process of its own, for what only processes show: signals, workers, exit statuses.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/load.ts'
import { createStore } from '../../../src/serve/store-sync/create-store.ts'
import { claimPorts } from '../ports/claim-port.ts'
import { Program } from '../programs/program.ts'
import { productYaml, writeFiles, type Line, type ProductOptions } from './product.ts'

export const MAIN = join(import.meta.dirname, '../../../src/main.ts')

export interface ServeProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly port: number
  readonly folder: string
  readonly exit: Promise<number | null>
  /** What it has logged so far. */
  readonly lines: readonly Line[]
  /** The first `count` lines that fit, past or future. */
  waitForLines(count: number, fits: (line: Line) => boolean): Promise<readonly Line[]>
  fetchStatus(path: string): Promise<string>
  /** How many connections and tunnels have ended with this code so far, as the workers count them. */
  ended(code: string): Promise<number>
  writeConfiguration(changes: Changes): void
}

export interface Changes {
  readonly rows?: readonly string[]
  /** YAML below `limits:` of the listener, one `key: value` each. */
  readonly limits?: readonly string[]
  readonly yaml?: Readonly<Record<string, string>>
}

export interface ServeProcessOptions extends Pick<
  ProductOptions,
  'limits' | 'rows' | 'workers' | 'tls' | 'yaml' | 'upstreamLimits'
> {
  /** What is started instead of `tfe serve`: a script and its arguments. */
  readonly instead?: (config: string) => Promise<readonly string[]>
}

/** `tfe serve` as a process of its own, ready; a store that it names is made. */
export async function serveProcess(
  upstreamPort: number,
  options: ServeProcessOptions,
): Promise<ServeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-served-'))
  const [port = 0, statusPort = 0] = await claimPorts(2)
  const writeConfiguration = (changes: Changes): void => {
    const text = productYaml({
      ...options,
      upstreamPort,
      ...changes,
      yaml: {
        metrics: ` { address: 127.0.0.1, port: ${statusPort} }`,
        ...options.yaml,
        ...changes.yaml,
      },
    })
    writeFileSync(join(folder, 'tfe.yaml'), text.replace('port: 0\n', `port: ${port}\n`))
  }
  writeFiles(folder)
  writeConfiguration({})
  const file = join(folder, 'tfe.yaml')
  await createStoreOf(file)
  const started = (await options.instead?.(file)) ?? [MAIN, 'serve', '--config', file]
  const program = new Program(process.execPath, started, { isShown: true })
  const log = new LineLog(program)
  const fetchStatus = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text()
  await log.serving()
  return {
    child: program.child,
    port,
    folder,
    exit: program.ended,
    lines: log.lines,
    writeConfiguration,
    waitForLines: (count, fits) => log.waitForLines(count, fits),
    fetchStatus,
    ended: async (code) => endedIn(await fetchStatus('/metrics'), code),
    async [Symbol.asyncDispose]() {
      await program.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function createStoreOf(file: string): Promise<void> {
  const loaded = await loadConfig(file, {})
  // A faulty configuration is for the program to refuse.
  if (!loaded.ok || loaded.value.config.store?.kind === 'dangerous-none') return
  const { store } = loaded.value.config
  if (store?.kind === 'sqlite' && existsSync(store.path)) return
  const created = await createStore(loaded.value, { who: 'test', from: 'test' })
  if (!created.ok) throw new Error(JSON.stringify(created.failure))
}

/** How many connections ended with this code, on all listeners, in a text for Prometheus. */
export function endedIn(metrics: string, code: string): number {
  const counts = [...metrics.matchAll(/^tfe_connections_total\{(.*)\} (\d+)$/gmu)]
  return counts
    .filter(([, labels]) => labels?.includes(`outcome="ended",code="${code}"`))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
}

/** The JSON lines that a program writes to its standard output. */
export class LineLog {
  /** Every line so far. */
  readonly lines: Line[] = []
  readonly #program: Program

  constructor(program: Program) {
    this.#program = program
    let rest = ''
    program.child.stdout?.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines.map((line) => JSON.parse(line) as Line))
    })
  }

  /** The first `count` lines that fit, past or future. */
  async waitForLines(count: number, fits: (line: Line) => boolean): Promise<readonly Line[]> {
    return this.#program.until(() => {
      const found = this.lines.filter(fits)
      return found.length >= count && found.slice(0, count)
    })
  }

  /** The line that says that the front end serves, and on which ports. */
  async serving(): Promise<Line> {
    const [line = {}] = await this.waitForLines(1, ({ msg }) => msg === 'serving')
    return line
  }
}
