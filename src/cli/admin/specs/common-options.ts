/** What the commands that call the admin API have in common. */
import type { CommandResult } from '../../command-environment.ts'
import { json, type TfeCommand } from '../../command.ts'
import type { CommandContext } from '../command-context.ts'

type AdminAction = (context: CommandContext) => Promise<CommandResult>
type Load<Name extends string> = () => Promise<Readonly<Record<Name, AdminAction>>>
type Work = Parameters<TfeCommand['does']>[0]

/** Gives a command the options of the admin API, and has it do what a module exports under a name. */
export function calls<Name extends string>(
  load: Load<Name>,
  name: Name,
): (command: TfeCommand) => void {
  return (command) => apiOptions(command).does(callWith(load, name))
}

/** Gives a command the options of the admin API. */
export const apiOptions = (
  command: TfeCommand,
  tokenFile = 'an API token, in a file that only you can read (default: TFE_ADMIN_TOKEN)',
): TfeCommand =>
  command
    .option('--url <URL>', 'where the admin API is (TFE_ADMIN_URL; else http://127.0.0.1:9465)')
    .option('--token-file <FILE>', tokenFile)
    .option(
      '--ca <FILE>',
      'the CA of the admin API, in PEM (TFE_ADMIN_CA; else those of the system)',
    )
    .with(json)

/** Does what a module exports under a name. */
export function callWith<Name extends string>(load: Load<Name>, name: Name): Work {
  return async (invocation, environment) => {
    const [{ openContext }, actions] = await Promise.all([import('../command-context.ts'), load()])
    const context = openContext(invocation, environment)
    if (!context.ok) return context.failure
    const end = await actions[name](context.value)
    context.value.end(end)
    return end
  }
}

/** Gives a command that prints a table the switch that leaves it whole. */
export const wide = (command: TfeCommand): TfeCommand =>
  command.option('--wide', 'nothing shortened or cut; always so where the output is no terminal')

/** Gives a command the options of a list that comes in pages. */
export const pages = (command: TfeCommand): TfeCommand =>
  command
    .wholeNumber('--limit <COUNT>', 'at most so many, to 1000 (default: 100)', [1, 1000])
    .option('--after <CURSOR>', 'what follows the page before')

/** A switch that does it all the same. */
export const FORCE = ['--force', 'do it in spite of the devices it costs'] as const
/** A switch that foretells it instead. */
export const DRY_RUN = [
  '--dry-run',
  'say which devices would meet another verdict, and change nothing',
] as const
/** What a repeated `--confirm` says of itself. */
export const CONFIRM = 'do not ask; once for each question'
/** What a `--confirm` says of itself where the cost is told first. */
export const CONFIRM_COST = 'do not ask, whatever it costs'
