/**
 * `tfe explain`: why a certificate or a device is admitted or refused, with every step said aloud. The front end that serves
 * is asked where one can be reached; else the configuration and its store, as a start would take them.
 */
import { callAdminApi, readAdminEndpoint } from '../admin/client.ts'
import { CommandContext } from '../admin/command-context.ts'
import { printFaultAnswer } from '../answer.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import type { Invocation } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { jsonText } from '../json-text.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { readAsked, type Asked } from './arguments.ts'
import { explainOffline } from './offline.ts'
import { reportText } from './report.ts'
import { explainRunning, type ShownAccount } from './running.ts'

/** Prints the account; a string says what was wrong with the question. */
export async function explain(
  invocation: Invocation,
  environment: CommandEnvironment,
): Promise<CommandResult> {
  const { options, takes, file } = invocation
  const asked = readAsked(takes[0], options)
  if (!asked.ok) return asked.failure
  if (options.has('offline')) {
    if (file === '') return 'found --offline without --config, the configuration to judge by'
    return await offline(asked.value, { invocation, environment, why: '--offline is given' })
  }
  const endpoint = readAdminEndpoint(options, environment.env)
  if (!endpoint.ok) {
    if (file === '') return `${endpoint.failure}; or add --config FILE, to judge by its store`
    return await offline(asked.value, { invocation, environment, why: endpoint.failure })
  }
  const { origin } = endpoint.value.url
  const reached = await callAdminApi(endpoint.value, { method: 'GET', path: '/api/session' })
  if (!reached.ok && file !== '') {
    const why = reached.failure.sentence
    return await offline(asked.value, { invocation, environment, why })
  }
  const context = new CommandContext(invocation, environment, endpoint.value)
  const account = await explainRunning(asked.value, context)
  const end = account.ok
    ? printed(account.value, `judged by the front end that serves: ${origin}`, {
        invocation,
        environment,
      })
    : account.failure
  context.end(end)
  return end
}

interface Typed {
  readonly invocation: Invocation
  readonly environment: CommandEnvironment
}

async function offline(
  asked: Asked,
  { why, ...typed }: Typed & { readonly why: string },
): Promise<CommandResult> {
  const { invocation, environment } = typed
  const found = await explainOffline(asked, invocation.file, environment)
  if (!found.ok) {
    const { failure } = found
    if (typeof failure === 'string') return failure
    return printFaultAnswer(failure, { terminal: environment.terminal, json: invocation.json })
  }
  const basis = BASES[found.value.known_from]
  const first = `no front end was asked: ${why}. Judged by ${basis}, as a start would take it`
  return printed({ ...found.value, unknown: [first, ...found.value.unknown] }, first, typed)
}

const BASES: Readonly<Record<ShownAccount['known_from'], string>> = {
  running: 'the front end that serves',
  store: 'the configuration and its store',
  file: 'the configuration alone, whose store could not be read',
  storeless: 'the configuration, which does without a store',
}

function printed(
  account: ShownAccount,
  first: string,
  { invocation, environment: { terminal } }: Typed,
): typeof EXIT.no | typeof EXIT.ok {
  terminal.out(
    invocation.json
      ? jsonText(account)
      : `${replaceControlCharacters(first)}\n\n${reportText(account.steps, terminal)}`,
  )
  return account.verdict === 'admit' ? EXIT.ok : EXIT.no
}
