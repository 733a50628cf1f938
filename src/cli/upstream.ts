/**
 * `tfe upstream ACTION`: what concerns the way to the upstreams, one word per thing to do.
 */
import type { Upstream } from '../config/config-upstream.ts'
import { loadConfig } from '../config/load.ts'
import { runtimeCatalogue } from '../config/runtime-offers.ts'
import { nearest } from '../kernel/nearest.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { faultLine, loadWithoutFiles } from './load-world.ts'
import type { Terminal } from './terminal.ts'
import { columnsJson, columnsText, type Shown } from './upstream/columns.ts'

interface Room {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
}

type Options = ReadonlyMap<string, string>

const ACTIONS = { catalogue } as const

/** Does one thing; a string says what was wrong with the question. */
export async function upstream(
  action: string,
  options: Options,
  room: Room,
): Promise<ExitCode | string> {
  if (action in ACTIONS) return ACTIONS[action as keyof typeof ACTIONS](options, room)
  const meant = nearest(action, Object.keys(ACTIONS))
  return `there is no action '${action}'; ${meant === undefined ? `there is ${Object.keys(ACTIONS).join(', ')}` : `did you mean ${meant}?`}`
}

/** Available, Selected and Default of each upstream. */
async function catalogue(options: Options, { terminal, env }: Room): Promise<ExitCode | string> {
  const file = options.get('config')
  const name = options.get('upstream')
  if (file === undefined && name !== undefined) {
    return 'found --upstream without --config, which names it'
  }
  const shown = file === undefined ? PRESETS_ALONE : await upstreamsOf(file, name, env)
  if (typeof shown === 'string') return shown
  if ('faults' in shown) {
    terminal.err(shown.faults.map((line) => `${line}\n`).join(''))
    return EXIT.no
  }
  const text = options.has('json')
    ? `${JSON.stringify(columnsJson(shown.upstreams, runtimeCatalogue()), undefined, 2)}\n`
    : columnsText(shown.upstreams, runtimeCatalogue(), terminal)
  terminal.out(text)
  return EXIT.fine
}

type Question = { readonly upstreams: readonly Shown[] } | { readonly faults: readonly string[] }

/** Without a configuration, what each preset would select. */
const PRESETS_ALONE: Question = {
  upstreams: (['secure', 'sentry-compat'] as const).map((preset) => ({
    name: `preset ${preset}`,
    tls: { preset, mode: 'default', selection: runtimeCatalogue().defaults[preset] },
  })),
}

/** Keys and chains are not looked at, so they need not be there. */
async function upstreamsOf(
  file: string,
  name: string | undefined,
  env: Room['env'],
): Promise<Question | string> {
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
  const meant = nearest(name, names)
  return `there is no upstream '${name}'; ${meant === undefined ? `there is ${names.join(', ')}` : `did you mean ${meant}?`}`
}
