/**
 * The commands that call the admin API of a running front end.
 */
import type { CommandResult } from '../command-environment.ts'
import type { TfeCommand } from '../command.ts'
import type { CommandContext } from './command-context.ts'

type AdminAction = (context: CommandContext) => Promise<CommandResult>

/** Gives a command the options of the admin API, and has it do what a module exports under a name. */
export function calls<Name extends string>(
  load: () => Promise<Readonly<Record<Name, AdminAction>>>,
  name: Name,
): (command: TfeCommand) => void {
  return (command) => {
    command
      .option('--url <URL>', 'where the admin API is (TFE_ADMIN_URL; else http://127.0.0.1:9465)')
      .option(
        '--token-file <FILE>',
        'an API token, in a file that only you can read (default: TFE_ADMIN_TOKEN)',
      )
      .option('--ca <FILE>', 'the CA of the admin API, in PEM (default: those of the system)')
      .option('--json', 'JSON for programs in place of text')
      .does(async (invocation, environment) => {
        const [{ openContext }, actions] = await Promise.all([
          import('./command-context.ts'),
          load(),
        ])
        const context = openContext(invocation, environment)
        return context.ok ? await actions[name](context.value) : context.failure
      })
  }
}

/** Adds the commands that call the admin API. */
export function addAdminCommands(program: TfeCommand): void {
  addDevices(program)
  addCa(program)
  addEnforceOAuthPort(program)
  addAuditDenyToken(program)
  const inventory = program
    .command('inventory')
    .summary('import the list of devices that should be there')
    .description('The list of devices that should be there, beside those that were seen.')
  inventory
    .command('import')
    .description(
      'Reads CSV (columns id, name, class, agent, agent_version, pending) or, from a file that ends in .json, a list of the same. Everything is looked at first, in parts: any fault, each with its line, and nothing is imported. Doing it again changes nothing more.',
    )
    .argument('<FILE>', 'the list')
    .option('--check', 'only look for faults')
    .examples('tfe inventory import devices.csv')
    .with(calls(() => import('./inventory.ts'), 'importFile'))
}

const pages = (command: TfeCommand): TfeCommand =>
  command
    .option('--limit <COUNT>', 'at most so many, to 1000 (default: 100)')
    .option('--after <CURSOR>', 'what follows the page before')

const FORCE = ['--force', 'do it in spite of the devices it costs'] as const
const CONFIRM = 'do not ask; once for each question'

function addDevices(program: TfeCommand): void {
  const devices = program
    .command('devices')
    .summary('list, show, approve and block devices')
    .description('Asks the admin API about devices, and decides about them.')
  const module = () => import('./devices.ts')
  devices
    .command('list')
    .description('list the devices that meet every condition, last seen first')
    .choice('--approval <STATE>', 'the approval', ['unapproved', 'approved', 'blocked'])
    .choice('--authentication <STATE>', 'the state of the readiness chart', [
      'succeeded',
      'failed',
      'no-info',
      'must-upgrade',
    ])
    .choice('--migration <STATUS>', 'the migration to port 443', ['none', 'pending', 'success'])
    .option('--class <CLASS>', 'the kind of client, such as ios-maw')
    .option('--setting <NAME>', 'the enrollment setting of the last sound certificate')
    .choice('--verdict <VERDICT>', 'the last verdict', ['admit', 'refuse'])
    .option('--code <CODE>', 'the code of the last verdict')
    .option('--text <WORDS>', 'beginnings of ids, fingerprints, serials, names')
    .with(pages)
    .examples(
      'tfe devices list --approval unapproved --verdict admit',
      'tfe devices list --text alice --json',
    )
    .with(calls(module, 'list'))
  devices
    .command('readiness')
    .description('count the devices in each state of the readiness chart')
    .with(calls(module, 'readiness'))
  devices
    .command('show')
    .description('show one device with its certificates, keys and ids')
    .argument('<ID>', DEVICE)
    .with(calls(module, 'show'))
  const decisions = [
    [
      'approve',
      'approve unapproved devices with a valid certificate; the rest is left, and why is said',
    ],
    ['block', 'block devices; holds at once, on live connections too'],
    ['unblock', 'lift blocks; the devices are unapproved again'],
    ['withdraw', 'take approvals back without blocking'],
  ] as const
  for (const [name, description] of decisions) {
    devices
      .command(name)
      .description(description)
      .argument('<ID...>', DEVICE)
      .examples(`tfe devices ${name} 0192f0c4 0192f0c5`)
      .with(calls(module, name))
  }
  devices
    .command('forget')
    .description('forget a device, so that it is new when it comes back; never a blocked one')
    .argument('<ID>', DEVICE)
    .with(calls(module, 'forget'))
}

const DEVICE =
  'a device: the beginning of its id, or of a name, serial or fingerprint that no other device has'

function addCa(program: TfeCommand): void {
  const ca = program
    .command('ca')
    .summary('manage the CA chains that certificates of devices come from')
    .description(
      'An enrollment setting is uploaded, made current, retired, amended, removed or distrusted.',
    )
  const module = () => import('./ca.ts')
  const action = (name: string, description: string): TfeCommand =>
    ca
      .command(name)
      .description(description)
      .argument('<NAME>', 'the name of an enrollment setting')
  const retirement = (command: TfeCommand): TfeCommand =>
    command
      .choice(
        '--cut-off <RULE>',
        'what the retired CA issued too late: by its notBefore, or unless its key is known',
        ['not-before', 'known-devices'],
      )
      .option(
        '--sunset <TIME>',
        'from when on the retired CA admits no device (2026-11-22T00:00:00Z), or never',
      )
  ca.command('list')
    .description('list all settings with their standing')
    .with(calls(module, 'list'))
  action('show', 'show one with its chain, and how many devices depend on it').with(
    calls(module, 'show'),
  )
  action('upload', 'upload a CA chain; staged, it admits no device')
    .argument('<FILE>', 'the chain: PEM, PKCS#7 or DER')
    .choice('--source <SOURCE>', 'who issues (default: other)', ['local', 'scep', 'other'])
    .examples('tfe ca upload new-ca chain.pem --source scep')
    .with(calls(module, 'upload'))
  action(
    'preview',
    'say which devices would meet another verdict, by the rules that requests are judged by; changes nothing',
  )
    .argument('<CHANGE>', 'promote, amend, remove or distrust')
    .with(retirement)
    .option('--at <TIME>', 'judge as of this time (default: now)')
    .examples('tfe ca preview new-ca promote')
    .with(calls(module, 'preview'))
  action('promote', 'make it current')
    .with(retirement)
    .examples('tfe ca promote new-ca --sunset 2027-06-01T00:00:00Z')
    .with(calls(module, 'promote'))
  action('amend', 'change a retirement').with(retirement).with(calls(module, 'amend'))
  action('remove', 'end its life')
    .option(...FORCE)
    .with(calls(module, 'remove'))
  action('distrust', 'distrust it now: for a stolen CA key; ends live connections')
    .counted('--confirm', CONFIRM)
    .with(calls(module, 'distrust'))
}

function addEnforceOAuthPort(program: TfeCommand): void {
  const module = () => import('./enforce-oauth-port.ts')
  const enforce = program
    .command('enforce')
    .summary('see whether certificates are required, and require them')
    .description('Whether certificates are recorded or required, for the whole fleet.')
  enforce
    .command('status')
    .description('show the latch, its warnings, and which devices would be refused')
    .with(calls(module, 'enforceStatus'))
  enforce
    .command('require')
    .description(
      'Requires certificates, for good: prints what speaks against it, then asks for a phrase to be typed. Only `tfe break-glass` on the machine itself can undo it.',
    )
    .option('--phrase <TEXT>', 'the phrase, where there is no terminal to ask at')
    .with(calls(module, 'requireCertificates'))
  const oauth = program
    .command('oauth')
    .summary('enable and disable the OAuth endpoints')
    .description('The new endpoint always asks for a certificate, the legacy one never does.')
  oauth
    .command('status')
    .description('show both, and what keeps the new one greyed out')
    .with(calls(module, 'oauthStatus'))
  const switches = [
    ['enable-new', 'enable the new endpoint', 'enableNew'],
    ['disable-new', 'disable the new endpoint', 'disableNew'],
    ['enable-legacy', 'enable the legacy endpoint', 'enableLegacy'],
  ] as const
  for (const [name, description, action] of switches) {
    oauth.command(name).description(description).with(calls(module, action))
  }
  oauth
    .command('disable-legacy')
    .description(
      'Disables the legacy endpoint. It is confirmed twice: on a terminal by being asked, elsewhere by --confirm --confirm.',
    )
    .counted('--confirm', CONFIRM)
    .with(calls(module, 'disableLegacy'))
  const port = program
    .command('port')
    .summary('close the legacy sync port once devices have migrated')
    .description(
      'Closing is refused while devices are pending, were never met, or connections could not be told to be a known device. Forced, it closes all the same, and the audit trail says over what.',
    )
  port
    .command('status')
    .description('show whether it is open, and what keeps it open')
    .with(calls(module, 'portStatus'))
  port
    .command('close')
    .description('close it')
    .option(...FORCE)
    .with(calls(module, 'closePort'))
  port.command('open').description('open it again').with(calls(module, 'openPort'))
}

function addAuditDenyToken(program: TfeCommand): void {
  const module = () => import('./audit-deny-token.ts')
  program
    .command('audit')
    .summary('read who changed what, from where and when')
    .description('Prints the audit trail, newest first. --json has what it was before and after.')
    .option('--who <NAME>', 'what this administrator did')
    .option('--action <ACTION>', 'such as device.block or enrollment.promote')
    .option('--subject <TEXT>', 'what was changed')
    .option('--since <TIME>', 'at or after this (2026-11-22T00:00:00Z)')
    .option('--until <TIME>', 'before this')
    .with(pages)
    .examples('tfe audit --who alice --since 2026-11-01T00:00:00Z')
    .with(calls(module, 'audit'))
  const deny = program
    .command('deny')
    .summary('deny keys and certificates, whatever else holds')
    .description(
      'Denies a public key, or one certificate by the key of its issuer and its serial; never by fingerprint, which can be altered. Holds at once, on live connections too.',
    )
  const denied = 'KEY, or ISSUERKEY:SERIAL; keys as SHA-256 in hexadecimal'
  deny.command('list').description('print the whole list').with(calls(module, 'denyList'))
  deny
    .command('add')
    .description('deny a key or a certificate')
    .argument('<DENIED>', denied)
    .requiredOption('--note <TEXT>', 'why, for the readers of the list')
    .examples("tfe deny add KEY --note 'stolen laptop, ticket 4711'")
    .with(calls(module, 'deny'))
  deny
    .command('remove')
    .description('take one off the list')
    .argument('<DENIED>', denied)
    .with(calls(module, 'undeny'))
  const token = program
    .command('token')
    .summary('make, list and revoke API tokens')
    .description(
      'A token acts for the administrator who makes it, at most with their role, until it ends or is revoked. It is printed once.',
    )
  token
    .command('list')
    .description('list all tokens, without what they are')
    .with(calls(module, 'listTokens'))
  token
    .command('create')
    .description('make a token')
    .argument('<LABEL>', 'what it is for')
    .choice('--role <ROLE>', 'less than your own', ['viewer', 'operator', 'administrator'])
    .option('--days <COUNT>', 'how long it lasts (default: 30)')
    .examples('tfe token create nightly-report --role viewer --days 90')
    .with(calls(module, 'createToken'))
  token
    .command('revoke')
    .description('end a token now')
    .argument('<ID>', 'the token')
    .with(calls(module, 'revoke'))
}
