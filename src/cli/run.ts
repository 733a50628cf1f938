/**
 * Runs one command line and returns its exit code.
 */
import type { CommandEnvironment } from './command-environment.ts'
import { addCommands, type Services } from './command-specs.ts'
import { TfeCommand, UsageError } from './command.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type Row, twoColumns } from './text-layout.ts'
import type { Terminal } from './terminal.ts'

/** Runs one command. Throws only for bugs. */
export async function run(
  argv: readonly string[],
  environment: CommandEnvironment,
  services: Services,
): Promise<ExitCode> {
  const [first = 'help', ...rest] = argv
  const isHelp = first === 'help' || first === '--help' || first === '-h'
  const program = programOf(isHelp ? ['help', ...rest] : argv, environment, services)
  try {
    return await program.run()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return reportUsageError(error, environment.terminal)
  }
}

/** Every command of `tfe`. */
export function programOf(
  argv: readonly string[],
  environment: CommandEnvironment,
  services: Services,
): TfeCommand {
  const { paint } = environment.terminal
  const program = new TfeCommand('tfe', { argv, environment, code: EXIT.ok })
    .description(
      'The Trusted Front End ends the mutual TLS of devices in front of an MDM server, judges their certificates, and forwards over strict TLS what may pass.',
    )
    .version(`tfe ${services.version}`, '-V, --version', 'print the version')
    .enablePositionalOptions()
  addCommands(program, services)
  const section = (title: string, rows: readonly Row[]) => [
    '',
    paint('bold', title),
    ...twoColumns(rows),
  ]
  return program.addHelpText('after', () =>
    [
      ...section('A first minute:', FIRST_MINUTE),
      ...section('Exit codes:', EXIT_CODES),
      ...section('Environment:', VARIABLES),
    ].join('\n'),
  )
}

const FIRST_MINUTE = [
  ['tfe demo', 'a complete demonstration on this machine'],
  ['tfe check config/demo.yaml', 'what a configuration would do'],
  ['tfe help explain', 'the page of one command'],
] as const

const EXIT_CODES = [
  ['0', 'fine: served and ended as asked, no fault found, admitted'],
  ['1', 'the answer is no: faults, a certificate refused, a file unreadable'],
  ['2', 'used wrongly: unknown command or option, something missing'],
  ['3', 'no start, no answer: a port is taken, TLS unfit, admin API unreachable'],
  ['70', 'a bug in tfe; please report it'],
] as const

const VARIABLES = [
  ['NO_COLOR', 'no colours; without a terminal there are none either'],
  ['TFE_ADMIN_URL', 'where the admin API is'],
  ['TFE_ADMIN_TOKEN', 'the token to call it with'],
  ['TFE_ADMIN_CA', 'the file of its CA, where it has an own one'],
  ['TFE_DEBUG=1', 'stack traces of failures that are bugs'],
] as const

function reportUsageError({ message, command }: UsageError, { err }: Terminal): ExitCode {
  const path = command.path()
  const names = command.names().join(', ')
  const usage =
    names === ''
      ? `usage: ${path} ${command.usage()}`
      : `${command.parent === null ? 'commands' : 'actions'}: ${names}`
  err(`tfe: ${message}\n${usage}\nsee: ${path.replace('tfe', 'tfe help')}\n`)
  return EXIT.usage
}
