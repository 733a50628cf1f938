/** Which servers a test or a scan calls: those of one upstream of a configuration, as serving would call them. */
import { speaksHttp } from '../../config/upstream/speaks-http.ts'
import type { Server } from '../../forward/balance/server.ts'
import type { ClientIdentity } from '../../forward/settings.ts'
import { openUpstream } from '../../forward/balance/upstream.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { ExitCode } from '../exit-code.ts'
import { printFaultAnswer } from '../answer.ts'
import { loadCompiled } from '../load-configuration.ts'
import { unknownNameText } from '../text-layout.ts'
import type { CommandEnvironment } from '../command-environment.ts'
import type { Invocation } from '../command.ts'

/** The servers, and what we show them. */
export interface TargetServers {
  /** The upstream's name. */
  readonly name: string
  readonly servers: readonly Server[]
  readonly identity: ClientIdentity | undefined
  /** False where octets are relayed to it as they are, which are asked nothing. */
  readonly http: boolean
}

/** Finds them; a string says what was wrong with the question, an exit code that the faults were printed. */
export async function findTargetServers(
  { takes, options }: Invocation,
  { terminal, env }: CommandEnvironment,
): Promise<Result<TargetServers, ExitCode | string>> {
  const named = upstreamName({ takes, options })
  if (!named.ok) return named
  const name = named.value
  const file = options.get('config')
  if (file === undefined)
    return fail('this calls an upstream as a configuration says: add --config FILE')
  if (name === undefined) return fail('this calls one upstream: say its NAME')
  const loaded = await loadCompiled(file, env)
  const form = { terminal, json: options.has('json') }
  if (!loaded.ok) return fail(printFaultAnswer(loaded.failure, form))
  const { upstreams, config: whole } = loaded.value.compiled
  const found = upstreams.get(name)
  if (found === undefined)
    return fail(unknownNameText(`there is no upstream '${name}'`, name, [...upstreams.keys()]))
  const { config, identity } = found
  const opened = openUpstream(config, { identity, onUntrusted: () => {} })
  if (!opened.ok) return fail(printFaultAnswer(opened.failure, form))
  const wanted = options.get('server')
  const { servers } = opened.value
  const chosen = wanted === undefined ? servers : servers.filter((one) => one.name === wanted)
  if (chosen.length > 0)
    return ok({ name, servers: chosen, identity, http: speaksHttp(whole, name) })
  const names = servers.map((one) => one.name)
  return fail(unknownNameText(`${name} has no server '${wanted}'`, wanted ?? '', names))
}

/** The upstream that was named, by NAME or `--upstream`. */
export function upstreamName({
  takes: [name],
  options,
}: Pick<Invocation, 'options' | 'takes'>): Result<string | undefined, string> {
  const option = options.get('upstream')
  if (name === undefined || option === undefined) return ok(name ?? option)
  return fail(`found the upstream twice, '${name}' and --upstream: say it once`)
}
