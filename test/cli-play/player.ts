/**
 * Plays scenarios, and notes what was used and what was wrong.
 */
import { join } from 'node:path'
import process from 'node:process'
import { EXIT } from '../../src/cli/exit-code.ts'
import { tfe, type CommandOutput } from '../support/cli/run-command.ts'
import { Program } from '../support/programs/program.ts'
import type { Leaf } from './command-tree.ts'
import type { Scenario } from './scenario.ts'
import type { Stage } from './stage.ts'

const TFE = join(import.meta.dirname, '../../scripts/tfe.mjs')

/** Nothing of how the program is made reaches a person, and no colour where none is wanted. */
const INSIDES = /\n {4}at |\bundefined\b|\[object |\bNaN\b|\u001b|must (?:be|match|have|NOT)/u

export class Player {
  readonly faults: string[] = []
  /** Command lines by the path of their command. */
  readonly played = new Map<string, number>()
  /** Commands of which some answer was held against what it must say. */
  readonly checked = new Set<string>()
  /** `ca promote --sunset` */
  readonly usedOptions = new Set<string>()
  readonly #seconds: (readonly [line: string, seconds: number])[] = []
  readonly #stage: Stage
  readonly #leaves: ReadonlyMap<string, Leaf>

  constructor(stage: Stage, leaves: readonly Leaf[]) {
    this.#stage = stage
    this.#leaves = new Map(leaves.map((leaf) => [leaf.path, leaf]))
  }

  /** Plays one, and again in its other forms where it only reads. */
  async play(written: Scenario): Promise<void> {
    const other = this.#stage.store === 'postgres' ? written.onPostgres : undefined
    const scenario = { ...written, ...other }
    const leaf = this.#leaves.get(scenario.command)
    if (leaf === undefined) {
      this.faults.push(`there is a scenario of ${scenario.command}, and no such command`)
      return
    }
    try {
      await scenario.before?.(this.#stage)
      const words = this.#wordsOf(scenario)
      await this.#playLine(scenario, leaf, words)
      for (const form of scenario.reads === true ? ['--json', '--wide'] : []) {
        if (!leaf.options.includes(form)) continue
        // The usual text has been held against what it must say.
        await this.#playLine({ ...scenario, says: undefined }, leaf, [...words, form])
      }
    } catch (error) {
      this.faults.push(`tfe ${scenario.command} ${scenario.args}: ${String(error)}`)
    }
  }

  /** The lines that took longest. */
  slowest(): string {
    return this.#seconds
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, 6)
      .map(([line, seconds]) => `tfe ${line} ${seconds.toFixed(1)} s`)
      .join(', ')
  }

  #wordsOf({ args }: Scenario): readonly string[] {
    return args
      .split(' ')
      .filter((word) => word !== '')
      .map((word) =>
        word.replaceAll(/\$([a-z0-9]+)/gu, (_, name: string) => this.#stage.value(name)),
      )
  }

  async #playLine(scenario: Scenario, leaf: Leaf, words: readonly string[]): Promise<void> {
    const times = this.played.get(leaf.path) ?? 0
    this.played.set(leaf.path, times + 1)
    const argv = [...leaf.path.split(' '), ...words, ...this.#address(leaf, words)]
    for (const word of argv) {
      const [name = ''] = word.split('=')
      if (leaf.options.includes(name)) this.usedOptions.add(`${leaf.path} ${name}`)
    }
    if (scenario.says !== undefined) this.checked.add(leaf.path)
    const began = performance.now()
    const output = await this.#run(scenario, argv)
    this.#seconds.push([leaf.path, (performance.now() - began) / 1000])
    const faults = faultsOf(output, scenario, argv.includes('--json'))
    const shown = `tfe ${argv.join(' ')}`.replaceAll(`${this.#stage.folder}/`, '')
    const printed = `${output.out}${output.err}`.slice(0, 700)
    this.faults.push(...faults.map((fault) => `${shown}: ${fault}\n${indented(printed)}`))
    // What JSON says stands for what the text says of the same.
    if (faults.length === 0) scenario.keep?.(output.out, this.#stage)
  }

  /** The first time the address is spelled out, with TLS; later it comes from the environment. */
  #address({ path, options }: Leaf, words: readonly string[]): readonly string[] {
    const isSpelledOut = this.usedOptions.has(`${path} --ca`)
    if (
      words.includes('--url') ||
      !options.includes('--url') ||
      words.includes('--config') ||
      isSpelledOut
    )
      return []
    const { proxy } = this.#stage
    const address = [`--url`, proxy.tlsUrl, '--ca', this.#stage.value('adminca')]
    return words.includes('--token-file')
      ? address
      : [...address, '--token-file', this.#stage.value('token')]
  }

  async #run(scenario: Scenario, argv: readonly string[]): Promise<CommandOutput> {
    const { proxy, token } = this.#stage
    const env = { TFE_ADMIN_URL: proxy.url, TFE_ADMIN_TOKEN: token, NO_COLOR: '1' }
    const { process: own, answers, input } = scenario
    if (own === undefined) return await tfe(argv, env, answers, input)
    const program = new Program(process.execPath, [TFE, ...argv], { env })
    if (own.until !== undefined) await program.until(own.until)
    const code = await (own.until === undefined ? program.ended : program.end(own.signal))
    return { code: code ?? -1, out: program.out, err: program.err }
  }
}

/** What is wrong with an answer, one sentence each. */
function faultsOf(
  { code, out, err }: CommandOutput,
  { code: wanted = 0, says, process: own }: Scenario,
  json: boolean,
): readonly string[] {
  const faults: string[] = []
  if (code !== wanted) faults.push(`ended with ${code}, wanted ${wanted}`)
  const inside = INSIDES.exec(`${out}${err}`)?.[0]
  if (inside !== undefined) faults.push(`prints ${JSON.stringify(inside)}`)
  // A usage error comes before it is known what was meant by `--json`.
  const isDocument = json && own?.until === undefined && code !== EXIT.usage
  if (isDocument && !isJson(out)) faults.push('is no JSON document')
  if (says !== undefined && !says.test(`${out}${err}`)) {
    faults.push(`does not say ${says.source}`)
  }
  return faults
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const indented = (text: string): string => text.replaceAll(/^/gmu, '      ')
