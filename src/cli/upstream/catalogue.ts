/** `tfe upstream catalogue`: the protocols, suites and groups of each upstream. */
import type { Upstream } from '../../config/upstream/types.ts'
import { loadConfig } from '../../config/load.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import type { Fault } from '../../kernel/types.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import type { Invocation } from '../command.ts'
import { jsonText } from '../json-text.ts'
import { EXIT } from '../exit-code.ts'
import { printFaultAnswer } from '../answer.ts'
import { loadWithoutFiles } from '../load-configuration.ts'
import { unknownNameText } from '../text-layout.ts'
import { upstreamName } from './called-servers.ts'
import { columnsJson, columnsText, type ListedUpstream } from './columns.ts'

/** Available, Selected and Default of each upstream. */
export async function catalogue(
  { takes, options }: Invocation,
  { terminal, env }: CommandEnvironment,
): Promise<CommandResult> {
  const named = upstreamName({ takes, options })
  if (!named.ok) return named.failure
  const name = named.value
  const file = options.get('config')
  if (file === undefined && name !== undefined) {
    return 'found the name of an upstream without --config, which names it'
  }
  const shown = file === undefined ? PRESET_SELECTIONS : await upstreamsOf(file, name, env)
  if (typeof shown === 'string') return shown
  if ('faults' in shown)
    return printFaultAnswer(shown.faults, { terminal, json: options.has('json') })
  const text = options.has('json')
    ? jsonText(columnsJson(shown.upstreams, runtimeCatalogue()))
    : columnsText(shown.upstreams, runtimeCatalogue(), terminal)
  terminal.out(text)
  return EXIT.ok
}

type ShownUpstreams =
  { readonly upstreams: readonly ListedUpstream[] } | { readonly faults: readonly Fault[] }

/** Without a configuration, what each preset would select. */
const PRESET_SELECTIONS: ShownUpstreams = {
  upstreams: (['secure', 'sentry-compat'] as const).map((preset) => ({
    name: `preset ${preset}`,
    tls: { preset, mode: 'default', selection: runtimeCatalogue().defaults[preset] },
  })),
}

/** Keys and chains are not looked at, so they need not be there. */
async function upstreamsOf(
  file: string,
  name: string | undefined,
  env: CommandEnvironment['env'],
): Promise<ShownUpstreams | string> {
  const read = await loadWithoutFiles(file, env)
  if (read === undefined) {
    const loaded = await loadConfig(file, env)
    return { faults: loaded.ok ? [] : loaded.failure }
  }
  const { upstreams } = read.config
  if (name === undefined) return { upstreams }
  const found: readonly Upstream[] = upstreams.filter((one) => one.name === name)
  if (found.length > 0) return { upstreams: found }
  const names = upstreams.map((one) => one.name)
  return unknownNameText(`there is no upstream '${name}'`, name, names)
}
