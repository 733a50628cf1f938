/**
 * `tfe check`: what a configuration would do, in words, or everything that keeps it from doing it.
 */
import { countText } from '../../kernel/count-text.ts'
import type { Config } from '../../config/config.ts'
import { ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { jsonText } from '../json-text.ts'
import { configurationFacts } from './facts/facts.ts'
import { approval } from './approval.ts'
import { listeners } from './listeners.ts'
import { readLists } from './lists.ts'
import { routes } from './routes.ts'
import { storeLines } from './store.ts'
import { trust } from './trust.ts'
import { upstreams } from './upstreams.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { differenceItem } from '../../state/difference-item.ts'
import {
  faultLine,
  loadBesideStore,
  loadWithoutFiles,
  type BesideStore,
  type StoreReading,
} from '../load-configuration.ts'
import type { CommandEnvironment } from '../command-environment.ts'

/** What `tfe check` was given. */
export interface CheckOptions {
  readonly file: string
  readonly json: boolean
}

/** Prints every fault, or warnings and a summary. */
export async function check(
  { file, json }: CheckOptions,
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { out, paint, signs } = environment.terminal
  const loaded = await loadBesideStore(file, environment.env)
  const found = loaded.ok ? ok(await lookedAt(loaded.value)) : loaded
  if (json) return await printDocument(file, found, environment)
  if (!found.ok) return printFaults(file, found.failure, environment)
  const { compiled, warnings, store, notAsked } = found.value
  out(summary({ config: compiled.config, compiled, warnings, store, notAsked }, environment))
  const warned = warnings.length === 0 ? '' : `, ${countText(warnings.length, 'warning')}`
  out(`${paint('good', signs.yes)} ${file}: no faults${warned}\n`)
  return EXIT.ok
}

/** A configuration with everything that it names looked at. */
interface LookedAt extends BesideStore {
  /** What only a server could tell. */
  readonly notAsked: readonly string[]
}

async function lookedAt(loaded: BesideStore): Promise<LookedAt> {
  const lists = await readLists(loaded.compiled, {
    kept: loaded.keptCrls,
    deep: false,
    asking: () => {},
  })
  const warnings = [...loaded.warnings, ...lists.warnings]
  return { ...loaded, warnings, notAsked: lists.notAsked }
}

/** With faults, what would be served is told where nothing but files and variables is missing. */
async function printDocument(
  file: string,
  loaded: Result<LookedAt, readonly Fault[]>,
  { terminal, env }: CommandEnvironment,
): Promise<ExitCode> {
  const readable = loaded.ok
    ? { ...loaded.value, config: loaded.value.compiled.config }
    : await loadWithoutFiles(file, env)
  const compiled = loaded.ok ? loaded.value.compiled : undefined
  const config = readable?.config
  terminal.out(
    jsonText({
      outcome: loaded.ok ? 'ok' : 'faulty',
      file,
      faults: loaded.ok ? [] : loaded.failure,
      warnings: config === undefined ? [] : notDangers(readable?.warnings ?? [], config),
      dangers: (config?.dangers ?? []).map(({ at, sentence }) => ({ at, message: sentence })),
      store_read: loaded.ok ? loaded.value.store.kind : null,
      not_asked: loaded.ok ? loaded.value.notAsked : [],
      differences: (compiled?.differences ?? []).map(differenceItem),
      would_serve: config === undefined ? null : configurationFacts(config, compiled),
    }),
  )
  return loaded.ok ? EXIT.ok : EXIT.no
}

async function printFaults(
  file: string,
  faults: readonly Fault[],
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { out, paint, signs } = environment.terminal
  out(faults.map((fault) => `${faultLine(fault)}\n`).join(''))
  out(`${paint('bad', signs.no)} ${countText(faults.length, 'fault')}: nothing would be served\n`)
  // Only what files and variables of this machine hold is wrong: the configuration itself can still be read aloud.
  const without = await loadWithoutFiles(file, environment.env)
  if (without !== undefined) {
    out(`\nWith every file and variable as it is wanted it would do this.\n\n`)
    out(summary({ ...without, compiled: undefined, store: undefined, notAsked: [] }, environment))
  }
  return EXIT.no
}

interface SummaryInput {
  readonly config: Config
  /** Undefined where the files are missing that say more. */
  readonly compiled: CompiledConfig | undefined
  readonly warnings: readonly Fault[]
  /** Undefined where it was not asked. */
  readonly store: StoreReading | undefined
  readonly notAsked: readonly string[]
}

function summary(
  { config, compiled, warnings, store, notAsked }: SummaryInput,
  { terminal }: CommandEnvironment,
): string {
  const now = Date.now() as Instant
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Warnings', notDangers(warnings, config).map((warning) => `  ${faultLine(warning)}`)],
    ['Listeners', listeners(config, compiled, now)],
    ['Who is trusted', trust(config, compiled, now)],
    ['Who has to be approved', approval(config)],
    ...routes(config, terminal),
    ['Upstreams', upstreams(config, compiled)],
    ['What changes while serving', storeLines(config, { store, compiled })],
    ['Not asked, because only a server could tell', notAsked.map((one) => `  ${one}`)],
    ['What is dangerous', config.dangers.map(({ at, sentence }) => `  ${at}: ${sentence}`)],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${terminal.paint('bold', title)}\n${lines.join('\n')}\n\n`)
    .join('')
}

/** What is dangerous has a section of its own. */
const notDangers = (warnings: readonly Fault[], { dangers }: Config): readonly Fault[] =>
  warnings.filter(({ at, message }) =>
    dangers.every((danger) => danger.at !== at || danger.sentence !== message),
  )
