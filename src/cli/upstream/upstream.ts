/**
 * `tfe upstream ACTION`: what concerns the way to the upstreams, one word per thing to do.
 */
import type { Upstream } from '../../config/upstream/types.ts'
import { loadConfig } from '../../config/load.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { faultLine, loadWithoutFiles } from '../load-world.ts'
import { ENDPOINT_OPTION_NAMES } from '../admin/command-specs.ts'
import { unknownNameText, type Options, type CommandEnvironment } from './called-servers.ts'
import { columnsJson, columnsText, type ListedUpstream } from './columns.ts'

const ACTIONS = {
  catalogue,
  test: async (name: string | undefined, options: Options, environment: CommandEnvironment) =>
    (await import('./test.ts')).test(name, options, environment),
  scan: async (name: string | undefined, options: Options, environment: CommandEnvironment) =>
    (await import('./scan.ts')).scan(name, options, environment),
  errors: async (name: string | undefined, options: Options, environment: CommandEnvironment) =>
    (await import('./errors.ts')).errors(name, options, environment),
} as const

/** `errors` asks a running front end; the others read a configuration. */
const ADMIN_API_OPTIONS: readonly string[] = [
  'clear',
  ...ENDPOINT_OPTION_NAMES.filter((name) => name !== 'json'),
]

/** Does one thing; a string says what was wrong with the question. */
export async function upstream(
  [action = '', name]: readonly string[],
  options: Options,
  environment: CommandEnvironment,
): Promise<ExitCode | string> {
  if (name !== undefined && options.has('upstream')) {
    return `found the upstream twice, '${name}' and --upstream: say it once`
  }
  const one = name ?? options.get('upstream')
  const misplaced = (action === 'errors' ? ['config'] : ADMIN_API_OPTIONS).find((it) =>
    options.has(it),
  )
  if (Object.hasOwn(ACTIONS, action)) {
    if (misplaced !== undefined) return `tfe upstream ${action} has no use for --${misplaced}`
    return ACTIONS[action as keyof typeof ACTIONS](one, options, environment)
  }
  return unknownNameText(`there is no action '${action}'`, action, Object.keys(ACTIONS))
}

/** Available, Selected and Default of each upstream. */
async function catalogue(
  name: string | undefined,
  options: Options,
  { terminal, env }: CommandEnvironment,
): Promise<ExitCode | string> {
  const file = options.get('config')
  if (file === undefined && name !== undefined) {
    return 'found the name of an upstream without --config, which names it'
  }
  if (options.has('server'))
    return 'found --server, which only test, scan and errors have a use for'
  const shown = file === undefined ? PRESET_SELECTIONS : await upstreamsOf(file, name, env)
  if (typeof shown === 'string') return shown
  if ('faults' in shown) {
    terminal.err(shown.faults.map((line) => `${line}\n`).join(''))
    return EXIT.no
  }
  const text = options.has('json')
    ? `${JSON.stringify(columnsJson(shown.upstreams, runtimeCatalogue()), undefined, 2)}\n`
    : columnsText(shown.upstreams, runtimeCatalogue(), terminal)
  terminal.out(text)
  return EXIT.ok
}

type ShownUpstreams =
  { readonly upstreams: readonly ListedUpstream[] } | { readonly faults: readonly string[] }

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
    return { faults: loaded.ok ? [] : loaded.failure.map(faultLine) }
  }
  const { upstreams } = read.config
  if (name === undefined) return { upstreams }
  const found: readonly Upstream[] = upstreams.filter((one) => one.name === name)
  if (found.length > 0) return { upstreams: found }
  const names = upstreams.map((one) => one.name)
  return unknownNameText(`there is no upstream '${name}'`, name, names)
}
