/** `tfe admin`. */
import type { Invocation, TfeCommand } from '../../command.ts'
import type { CommandEnvironment, CommandResult } from '../../command-environment.ts'
import { apiOptions, calls, callWith, wide } from './common-options.ts'

/** Adds the commands about administrators. */
export function addAdmin(program: TfeCommand): void {
  const admin = program
    .command('admin')
    .summary('make, list, change and remove administrators')
    .description(
      'The administrators of the admin API. The first one is made on the machine itself, with --config: there is no page for that, and who can do it could change the store anyway. A password is asked for, or read from standard input; it is never an argument.',
    )
  addCreate(admin)
  const module = () => import('../administrators.ts')
  const named = (name: string, description: string): TfeCommand =>
    admin.command(name).description(description).argument('<NAME>', 'the administrator')
  admin
    .command('list')
    .description('list all administrators')
    .with(wide)
    .with(calls(module, 'list'))
  named('password', 'replace the password; ends the sessions')
    .examples('tfe admin password alice < password')
    .with(calls(module, 'setPassword'))
  named('role', 'give another role; ends the sessions')
    .choiceArgument('<ROLE>', 'what they may do from now on', ROLES)
    .examples('tfe admin role alice operator')
    .with(calls(module, 'setRole'))
  named('disable', 'keep an administrator from calling, tokens included').with(
    calls(module, 'disable'),
  )
  named('enable', 'let a disabled administrator call again').with(calls(module, 'enable'))
  named('certificate', 'register the key of a client certificate to sign in with, or none')
    .argument('<KEY>', 'SHA-256 of its public key in hexadecimal, or none')
    .examples('tfe admin certificate alice none')
    .with(calls(module, 'setCertificate'))
  named('remove', 'remove an administrator, with all tokens and sessions').with(
    calls(module, 'remove'),
  )
}

function addCreate(admin: TfeCommand): void {
  admin
    .command('create')
    .description(
      'Makes an administrator, with a password. Over the admin API; or with --config in the store itself, where it can also be a token for 30 days in a new file that only you can read, even for an administrator who is there already.',
    )
    .argument('<NAME>', 'how the administrator signs in, and is named in the audit trail')
    .option('--config <FILE>', 'work in the store of this configuration, without the admin API')
    .choice('--role <ROLE>', 'what they may do: look, decide about devices, or everything', ROLES)
    .with((it) => it.options.at(-1)?.makeOptionMandatory())
    .option('--certificate-key <KEY>', 'sign in by the client certificate with this key instead')
    .with((it) =>
      apiOptions(it, 'an API token to call with; with --config, a new one is written there'),
    )
    .examples(
      'tfe admin create alice --role administrator --config epmm.yaml < password',
      'tfe admin create script --role viewer --token-file token --config epmm.yaml',
      'tfe admin create bob --role operator',
    )
    .does((invocation, environment) =>
      invocation.options.has('config')
        ? createInStore(invocation, environment)
        : callWith(() => import('../administrators.ts'), 'create')(invocation, environment),
    )
}

async function createInStore(
  { file, takes: [name = ''], options, json }: Invocation,
  environment: CommandEnvironment,
): Promise<CommandResult> {
  const misplaced = ['url', 'ca', 'certificate-key'].find((one) => options.has(one))
  if (misplaced !== undefined) {
    return `found --${misplaced} with --config, wanted one of them: --config works in the store itself`
  }
  // The command line has checked that it is one of these.
  const role = ROLES.find((one) => one === options.get('role')) ?? 'viewer'
  const tokenFile = options.get('token-file')
  const { adminCommand } = await import('../../commands/store.ts')
  return await adminCommand({ file, name, role, tokenFile, json }, environment)
}

const ROLES = ['viewer', 'operator', 'administrator'] as const
