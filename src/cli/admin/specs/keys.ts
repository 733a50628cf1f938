/** `tfe keys`. */
import { json, type TfeCommand } from '../../command.ts'
import { calls } from './common-options.ts'

/** Adds the commands about the keys that seal secrets. */
export function addKeys(program: TfeCommand): void {
  const keys = program
    .command('keys')
    .summary('make, export, import and rotate the keys that seal secrets in the store')
    .description(
      'The key ring lies in the file that store.keys names, apart from the store. A bundle for another instance is sealed under a passphrase, which is read from standard input. A program that serves reads the ring when it starts and every five minutes; status, rotate and reseal ask it over its admin API.',
    )
  const action = (
    action: 'export' | 'import' | 'list' | 'new',
    description: string,
    takes: (command: TfeCommand) => TfeCommand,
  ): void => {
    takes(keys.command(action).description(description))
      .with(json)
      .does(async ({ file, takes: [bundle = ''], json }, environment) =>
        (await import('../../commands/keys.ts')).keysCommand(
          { file, action, bundle, json },
          environment,
        ),
      )
  }
  const module = () => import('../sealing/keys.ts')
  keys
    .command('status')
    .description('show which key a running front end seals with, and which instances lack it')
    .with(calls(module, 'keyStatus'))
  keys
    .command('rotate')
    .description(
      'Has a running front end seal with its newest key from now on. Who lacks the key is told first: an instance that runs without it could open nothing that is sealed then.',
    )
    .option('--dry-run', 'say who lacks the key, and change nothing')
    .option('--force', 'also where running instances lack the key')
    .examples('tfe keys rotate --dry-run', 'tfe keys rotate')
    .with(calls(module, 'rotateKeys'))
  keys
    .command('reseal')
    .description('have a running front end seal anew what is sealed with an older key, all of it')
    .with(calls(module, 'resealKeys'))
  action('list', 'print which keys are in the ring', (it) => it.takesConfiguration())
  action('new', 'add a key that is newer than all', (it) => it.takesConfiguration())
  action('export', 'write the keys to a file for another instance', (it) =>
    it
      .argument('<BUNDLE>', 'a new file')
      .needsConfiguration()
      .examples('tfe keys export ring.bundle --config epmm.yaml < passphrase'),
  )
  action('import', 'add the keys of another instance to the ring', (it) =>
    it
      .argument('<BUNDLE>', 'what `tfe keys export` wrote')
      .needsConfiguration()
      .examples('tfe keys import ring.bundle --config epmm.yaml < passphrase'),
  )
}
