/**
 * `tfe check`: what a configuration would do, in words, or everything that keeps it from doing it.
 */
import { countText } from '../../kernel/count-text.ts'
import type { Config } from '../../config/config.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { jsonText } from '../json-text.ts'
import { configurationFacts } from './facts/facts.ts'
import { approval } from './approval.ts'
import { listeners } from './listeners.ts'
import { askedLines, dialAll, fetchedLists, type Asked } from './deep.ts'
import { readLists } from './lists.ts'
import { portWarnings } from './ports.ts'
import { storeDamage, storeFileWarnings } from './store-files.ts'
import { resourceWarnings, systemResources } from '../../serve/process/resources.ts'
import { configuredStore, keyRingOf } from '../../serve/store-sync/configured-store.ts'
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
  /** Whether servers are asked, too. */
  readonly deep: boolean
}

/** Prints every fault, or warnings and a summary. */
export async function check(
  { file, json, deep }: CheckOptions,
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { out, paint, signs } = environment.terminal
  const loaded = await loadBesideStore(file, environment.env)
  const found = loaded.ok ? await lookedAt(loaded.value, deep, environment) : loaded
  if (json) return await printDocument(file, found, environment)
  if (!found.ok) return printFaults(file, found.failure, environment)
  const { compiled, warnings, asked } = found.value
  out(summary({ ...found.value, config: compiled.config }, environment))
  const warned = warnings.length === 0 ? '' : `, ${countText(warnings.length, 'warning')}`
  out(`${paint('good', signs.yes)} ${file}: no faults${warned}\n`)
  return asked.every((one) => one.ok) ? EXIT.ok : EXIT.no
}

/** A configuration with everything that it names looked at. */
interface LookedAt extends BesideStore {
  /** What only a server could tell, where none was asked. */
  readonly notAsked: readonly string[]
  readonly asked: readonly Asked[]
}

async function lookedAt(
  loaded: BesideStore,
  deep: boolean,
  { terminal }: CommandEnvironment,
): Promise<Result<LookedAt, readonly Fault[]>> {
  const { compiled, keptCrls: kept, store } = loaded
  const { config } = compiled
  const ring = await keyRingFaults(loaded)
  if (ring.length > 0) return fail(ring)
  const damage = await storeDamage(config)
  if (damage !== undefined) return fail([damage])
  const asking = (what: string): void => terminal.err(`asking ${what}\n`)
  const lists = await readLists(compiled, { kept, deep, asking })
  const warnings = [
    ...loaded.warnings,
    ...(store.kind === 'unread' ? store.faults : []),
    ...(await storeFileWarnings(config)),
    ...lists.warnings,
    ...resourceWarnings(config, systemResources()),
    ...(await portWarnings(config)),
  ]
  const asked = deep ? [...(await dialAll(compiled, asking)), ...fetchedLists(lists.places)] : []
  const servers = [...compiled.upstreams.values()].flatMap(({ config: { name, servers: all } }) =>
    all.map((one) => `server of ${name}: ${one.name}`),
  )
  const notAsked = deep ? [] : [...lists.notAsked, ...servers]
  return ok({ ...loaded, warnings, notAsked, asked })
}

/** A ring that is not there is told with the store, which `tfe init` makes together with it. */
async function keyRingFaults({ compiled, store }: BesideStore): Promise<readonly Fault[]> {
  const configured = configuredStore(compiled.config)
  if (store.kind !== 'read' || !configured.ok) return []
  const ring = await keyRingOf(configured.value)
  return ring.ok ? [] : ring.failure
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
      asked: loaded.ok ? loaded.value.asked : [],
      differences: (compiled?.differences ?? []).map(differenceItem),
      would_serve: config === undefined ? null : configurationFacts(config, compiled),
    }),
  )
  return loaded.ok && loaded.value.asked.every((one) => one.ok) ? EXIT.ok : EXIT.no
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
    out(
      summary(
        { ...without, compiled: undefined, store: undefined, notAsked: [], asked: [] },
        environment,
      ),
    )
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
  readonly asked: readonly Asked[]
}

function summary(
  { config, compiled, warnings, store, notAsked, asked }: SummaryInput,
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
    ['Asked', askedLines(asked, terminal)],
    ['Not asked (--deep asks)', notAsked.map((one) => `  ${one}`)],
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
