/** `tfe admin`. */
import type { TfeCommand } from '../../command.ts'

/** Adds the commands about administrators. */
export function addAdmin(program: TfeCommand): void {
  const admin = program
    .command('admin')
    .summary('make an administrator, from this machine')
    .description(
      'There is no page for a first administrator: who can do this could change the store anyway.',
    )
  admin
    .command('create')
    .description(
      'Makes an administrator of the admin API: with a password, read from standard input, or with a token for 30 days in a new file that only you can read. A token can also be made for an administrator who is there already.',
    )
    .argument('<NAME>', 'how the administrator signs in, and is named in the audit trail')
    .needsConfiguration()
    .choice('--role <ROLE>', 'what they may do: look, decide about devices, or everything', ROLES)
    .with((it) => it.options.at(-1)?.makeOptionMandatory())
    .option(
      '--token-file <FILE>',
      'write a new token there (default: read a password from standard input)',
    )
    .examples(
      'tfe admin create alice --role administrator --config epmm.yaml < password',
      'tfe admin create script --role viewer --token-file token --config epmm.yaml',
    )
    .does(async ({ file, takes: [name = ''], options }, environment) => {
      // The command line has checked that it is one of these.
      const role = ROLES.find((one) => one === options.get('role')) ?? 'viewer'
      const tokenFile = options.get('token-file')
      return (await import('../../commands/store.ts')).adminCommand(
        { file, name, role, tokenFile },
        environment,
      )
    })
}

const ROLES = ['viewer', 'operator', 'administrator'] as const
