/**
 * Every command with its arguments and options: the one source of what is understood, of what `--help` says and of
 * what is suggested for a mistyped word. A command is loaded when it is run.
 */
import type { Options } from './command-environment.ts'
import { json, type TfeCommand } from './command.ts'
import { addAdminCommands } from './admin/command-specs.ts'
import { addAdmin } from './admin/specs/administrators.ts'
import { addConfig } from './admin/specs/config.ts'
import { apiOptions, calls, wide } from './admin/specs/common-options.ts'
import { addKeys } from './admin/specs/keys.ts'
import { addCompletion } from './completion/spec.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { FORMATS } from './headers/formats.ts'
import { twoColumns } from './text-layout.ts'

/** What runs until a signal ends it, and the version; a test notes what would be started. */
export interface Services {
  readonly version: string
  readonly serve: (file: string) => Promise<ExitCode>
  readonly demo: (options: Options) => Promise<ExitCode>
}

/** Adds the commands in the order in which the overview lists them. */
export function addCommands(program: TfeCommand, services: Services): void {
  program
    .command('serve')
    .summary('serve devices as a configuration says')
    .description(
      'Runs the front end until SIGTERM or SIGINT, which let requests under way finish. The store that the configuration names must be there: `tfe init` makes it. SIGHUP reads the configuration again: all of it or, if anything is wrong, nothing. Writes one JSON line per event to standard output.',
    )
    .takesConfiguration()
    .examples('tfe serve --config /etc/tfe/epmm.yaml')
    .does(({ file }) => services.serve(file))
  addStoreCommands(program)
  addQuestions(program)
  addConfig(program)
  addUpstreamCommands(program)
  addAdminCommands(program)
  program
    .command('demo')
    .summary('bring up a complete demonstration on this machine')
    .description(
      'Makes certificates, starts an MDM server that shows what it receives, and the front end before it, all on the loopback; then prints what to try. Ctrl-C ends it; a second start reuses what is there.',
    )
    .option('--dir <FOLDER>', 'where certificates and keys are kept (default: demo-data)')
    .port('--port <PORT>', 'the port that devices call (default: 8443)')
    .port('--upstream-port <PORT>', 'the port of the demo MDM (default: 9443)')
    .port('--metrics-port <PORT>', 'the port of metrics and readiness (default: 9464)')
    .port('--admin-port <PORT>', 'the port of the admin API (default: 9465)')
    .option('--json', 'the JSON lines of the front end in place of text')
    .examples('npm start', 'tfe demo --port 10443')
    .does(({ options }) => services.demo(options))
  addCompletion(program)
  program
    .command('help')
    .summary('explain a command')
    .description('Prints the help page of a command or of one of its actions, or the overview.')
    .argument('[COMMAND...]', 'the command, and its action')
    .examples('tfe help explain', 'tfe help ca promote')
    .does(({ takes }) => {
      program.find(takes).outputHelp()
      return Promise.resolve(EXIT.ok)
    })
}

function addStoreCommands(program: TfeCommand): void {
  const store = () => import('./commands/store.ts')
  program
    .command('init')
    .summary('create the store of a configuration, once')
    .description(
      'Makes the store that the configuration names, and its key ring when that is a file that is not there. The enrollment settings of the configuration go into it; from then on they are changed there. A new store requires certificates, or begins by recording with profile core-10. A store that is there is never touched. With --from it begins with what an export of another store holds (`tfe export`): devices, decisions, CAs, administrators and the latch; bring the key ring first, with `tfe keys import`.',
    )
    .takesConfiguration()
    .option('--from <EXPORT>', 'begin with what this export holds')
    .examples(
      'tfe init --config /etc/tfe/epmm.yaml',
      'tfe init --config /etc/tfe/epmm.yaml --from old-store.jsonl',
    )
    .with(json)
    .does(async ({ file, options, json }, environment) =>
      (await store()).initCommand({ file, from: options.get('from'), json }, environment),
    )
  program
    .command('upgrade')
    .summary('say what this version changes for a fleet, and upgrade its store')
    .description(
      'Names each device, listener, upstream, enrollment setting and administrator that a changed rule of this version touches, with what it meets before and after. With --dry-run that is all, and nothing is changed: exit code 1 where something has to be decided first, else 0. Without it the store is copied beside itself and upgraded, while nothing serves from it. `tfe serve` upgrades an older store as well, and logs the same.',
    )
    .takesConfiguration()
    .option('--dry-run', 'say what is touched, and change nothing')
    .option('--confirm', 'do not ask')
    .examples('tfe upgrade --dry-run --config /etc/tfe/epmm.yaml')
    .with(json)
    .does(async ({ file, options, json }, environment) => {
      const [dryRun, confirmed] = [options.has('dry-run'), options.has('confirm')]
      const { upgradeCommand } = await import('./commands/upgrade.ts')
      return await upgradeCommand({ file, dryRun, confirmed, json }, environment)
    })
  program
    .command('restore')
    .summary('put a backup in the place of the store, while nothing serves from it')
    .description(
      'Checks a backup whole (`tfe backup` writes one) and says what it brings back and what is lost: entries of the deny list, blocks, the latch, standings, administrators and tokens that were changed since. Then, once that is confirmed, it puts the backup in the place of the store; the old one is kept beside it under another name. It refuses while a program has the store open. Whenever it ends early, the old store or the new one is there whole. With --dry-run nothing is changed: exit code 1 where a stricter decision would be lost, else 0. Sessions of administrators end. PostgreSQL is restored by its own tools; the command is printed.',
    )
    .argument('<BACKUP>', 'the file that `tfe backup` wrote')
    .needsConfiguration()
    .option('--dry-run', 'say what would be lost, and change nothing')
    .option('--confirm', 'do not ask')
    .examples(
      'tfe restore tfe-2026-11-22.db --dry-run --config /etc/tfe/epmm.yaml',
      'tfe restore tfe-2026-11-22.db --config /etc/tfe/epmm.yaml',
    )
    .with(json)
    .does(async ({ takes: [backup = ''], file, options, json }, environment) => {
      const [dryRun, confirmed] = [options.has('dry-run'), options.has('confirm')]
      const { restoreCommand } = await import('./commands/restore.ts')
      return await restoreCommand({ backup, file, dryRun, confirmed, json }, environment)
    })
  addKeys(program)
  addAdmin(program)
  program
    .command('break-glass')
    .summary('stop requiring certificates, although that cannot be undone')
    .description(
      'Undoes the latch of a store while nothing serves from it: devices without a fit certificate are recorded and admitted again. For the day on which every device is locked out. Blocked, revoked and distrusted certificates stay refused. The audit trail keeps who did it, when and why.',
    )
    .takesConfiguration()
    .requiredOption('--reason <TEXT>', 'why, for the audit trail')
    .examples("tfe break-glass --config epmm.yaml --reason 'ticket 4711: CA renewal failed'")
    .with(json)
    .does(async ({ file, options, json }, environment) =>
      (await store()).breakGlassCommand(
        { file, reason: options.get('reason') ?? '', json },
        environment,
      ),
    )
}

/** What is asked of a configuration, and of certificates. */
function addQuestions(program: TfeCommand): void {
  program
    .command('check')
    .summary('say what a configuration would do, or everything that is wrong with it')
    .description(
      'Reads a configuration and every file it names: certificates, CAs and revocation lists are opened, and held against the day. Each port is bound and let go at once. With --deep servers are asked as well: exit code 1 where one of them would carry no request. Lists all faults at once, each with file, line and column, what was found, what was wanted and what to do. It says in words what would be served, to whom, and what is dangerous about it. Where there is a store, it is read, too: what it decides is in force, and each difference is a warning (`tfe config diff` ends with 1 for one).',
    )
    .takesConfiguration()
    .option('--deep', 'also dial each server of each upstream, and fetch lists from URLs')
    .examples('tfe check config/demo.yaml', 'tfe check --deep /etc/tfe/epmm.yaml')
    .with(json)
    .does(async ({ file, options, json }, environment) => {
      const deep = options.has('deep')
      return await (await import('./check/check.ts')).check({ file, json, deep }, environment)
    })
  program
    .command('explain')
    .summary('say step by step why a certificate would be admitted or refused')
    .description(
      'Asks the front end that serves, by its admin API, what a certificate or a device would meet now: the same path building, the same route table, the same verdict, by all that it holds. Where none can be reached, and with --offline, it judges by the configuration and its store as a start would, says so in the first line, and says in the account what only a running one knows. Shows each certificate, each check, the CA it almost matched, what was in force since when and by whom, what the upstream would be told, and what to do. Nothing is learned from it, counted or approved. Exit code 0 where it is admitted, 1 where it is refused.',
    )
    .argument(
      '[CERT.pem]',
      'what the device presents: its certificate, then any intermediates (PEM or DER); or a reference, or the beginning of a device id',
    )
    .option(
      '--device <DEVICE>',
      'the certificate that this device showed last: its id, or the beginning of its id, name, signed id, fingerprint or serial',
    )
    .option(
      '--reference <REFERENCE>',
      'what a refused device shows: what was decided then, what would be now, and what has changed',
    )
    .option('--config <FILE>', 'the configuration to judge by where no front end can be asked')
    .option('--offline', 'ask no front end, although one may serve')
    .option('--at <TIME>', 'judge as of this time (2026-11-22 or 2026-11-22T10:00:00Z)')
    .option('--route <PATH>', 'judge on the route this path meets (default: every class)')
    .choice('--method <METHOD>', 'the method of that request (default: GET)', METHODS)
    .option('--host <HOST>', 'the Host of that request (default: one that is served)')
    .option('--listener <NAME>', 'the listener whose routes are asked (default: the first)')
    .option(
      '--user-agent <TEXT>',
      'what the client says of itself, where `withoutGrace` looks at it',
    )
    .option(
      '--from <ADDRESS>',
      'the address it calls from, where a row is open to some networks only',
    )
    .with(apiOptions)
    .examples(
      'tfe explain device.pem --route /mdm/checkin',
      'tfe explain --device 0a1b2c3d',
      'tfe explain 4f1d09c2a7b3e856-3',
      'tfe explain device.pem --config config/demo.yaml --at 2027-01-31',
    )
    .does(async (invocation, environment) =>
      (await import('./explain/explain.ts')).explain(invocation, environment),
    )
  program
    .command('headers')
    .summary('print the fields in which an upstream would read a certificate')
    .description(
      'Prints the field lines exactly as they would be sent, one per line, for trying a format against a server before any device does. Nothing is judged.',
    )
    .argument('[CERT.pem]', 'the certificate, then any intermediates (PEM or DER)')
    .choice(
      '--format <FORMAT>',
      'the format',
      FORMATS.map(({ name }) => name),
    )
    .option('--config <FILE>', 'take format and field names from an upstream of this configuration')
    .option('--upstream <NAME>', 'that upstream (default: the first that is told anything)')
    .choice(
      '--verify <VERDICT>',
      'the verdict to write (default: success); none for a device that is not named',
      ['success', 'in-grace', 'none'],
    )
    .option('--chain', 'send the intermediates too, where the format can')
    .option('--list', 'list the formats and their readers')
    .with(json)
    .examples('tfe headers device.pem --format nginx', 'tfe headers --list')
    .addHelpText('after', () =>
      ['\nFormats:', ...twoColumns(FORMATS.map((one) => [one.name, one.readers]))].join('\n'),
    )
    .does(async ({ takes: [certificate], options }, environment) =>
      (await import('./headers/headers.ts')).headers(certificate, options, environment),
    )
}

/** The methods that `--method` takes: `explain` asks the route table as a request would. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const

function addUpstreamCommands(program: TfeCommand): void {
  const upstream = program
    .command('upstream')
    .summary('test and scan upstreams, list their TLS settings and their errors')
    .description(
      'What concerns the connections to the upstreams. What is drafted or applied in a store is tested with `tfe upstream-tls test`.',
    )
  const named = (command: TfeCommand): TfeCommand =>
    command
      .argument('[NAME]', 'the upstream; catalogue and errors show all without one')
      .option('--upstream <NAME>', 'the same as NAME')
  const server = (command: TfeCommand): TfeCommand =>
    command.option('--server <HOST:PORT>', 'that server of the upstream alone')
  const config = (command: TfeCommand): TfeCommand =>
    command.option('--config <FILE>', 'the configuration whose upstreams are meant').with(json)
  upstream
    .command('test')
    .description(
      'Connects to each server of an upstream as the configuration file has it and shows what was agreed on, the certificates with their validity and pins, and whether hostname, trust and pins hold, or the exact error and its remedy; it sends no request.',
    )
    .with(named)
    .with(server)
    .with(config)
    .examples('tfe upstream test core --config config/epmm.yaml')
    .does(async (invocation, environment) =>
      (await import('./upstream/test.ts')).test(invocation, environment),
    )
  upstream
    .command('scan')
    .description(
      'Finds out which protocols, cipher suites and key exchange groups each server accepts, with SNI and without, by handshakes alone: at most four at a time and 200 altogether.',
    )
    .with(named)
    .with(server)
    .with(config)
    .examples('tfe upstream scan core --config config/epmm.yaml --json')
    .does(async (invocation, environment) =>
      (await import('./upstream/scan.ts')).scan(invocation, environment),
    )
  upstream
    .command('catalogue')
    .description(
      'Prints, per upstream, the protocols, cipher suites and key exchange groups that are Selected and Available, in the spelling of OpenSSL and in that of IANA and Java; which are the default of its preset, which are weak and why, and what is impossible with this runtime. Keys and chains that the configuration names need not be there. Without a configuration it shows both presets.',
    )
    .with(named)
    .with(config)
    .examples(
      'tfe upstream catalogue',
      'tfe upstream catalogue --config config/epmm.yaml --upstream core',
    )
    .does(async (invocation, environment) =>
      (await import('./upstream/catalogue.ts')).catalogue(invocation, environment),
    )
  upstream
    .command('errors')
    .description(
      'Asks the admin API of a running front end what went wrong with its upstreams since it started: each fault once per server, with its text, its remedy and the certificates that were shown, connections that were allowed all the same included.',
    )
    .with(named)
    .with(server)
    .option('--clear', 'take the errors that are printed off the list')
    .examples('tfe upstream errors core --clear')
    .with(wide)
    .with(calls(() => import('./admin/upstream-errors.ts'), 'errors'))
}
