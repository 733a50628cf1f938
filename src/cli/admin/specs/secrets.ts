/** `tfe secrets`. */
import { json, type TfeCommand } from '../../command.ts'
import { calls, wide } from './common-options.ts'

/** Adds the commands about secrets in the store. */
export function addSecrets(program: TfeCommand): void {
  const module = () => import('../sealing/secrets.ts')
  const secrets = program
    .command('secrets')
    .summary('put, list and remove secrets that the store keeps sealed')
    .description(
      'A secret goes in and never comes out here: only the front end opens it. `tfe keys` is about the keys that seal it.',
    )
  secrets
    .command('list')
    .description('list the names of all secrets, and the keys that they are sealed with')
    .with(wide)
    .with(calls(module, 'listSecrets'))
  secrets
    .command('put')
    .description(
      'Seals a secret under the current key, in place of one of that name. What is piped in is taken octet for octet, a line break at its end included.',
    )
    .argument('<NAME>', 'the secret')
    .option('--file <FILE>', 'what this file holds (default: standard input)')
    .examples(
      'tfe secrets put api-key --file key.bin',
      'printf %s "$KEY" | tfe secrets put api-key',
    )
    .with(calls(module, 'putSecret'))
  secrets
    .command('seal')
    .description(
      'Seals a secret in the store that a configuration names, in place of one of that name, without a front end that serves or beside one: so that the first start finds there what `store:NAME` takes. It needs the key ring.',
    )
    .argument('<NAME>', 'the secret')
    .needsConfiguration()
    .option('--file <FILE>', 'what this file holds (default: standard input)')
    .with(json)
    .examples('tfe secrets seal tls-key --file server.key --config epmm.yaml')
    .does(async ({ file, takes: [name = ''], options, json }, environment) =>
      (await import('../../commands/seal-secret.ts')).sealSecretCommand(
        { file, name, from: options.get('file'), json },
        environment,
      ),
    )
  secrets
    .command('remove')
    .description('Removes a secret. One that a configuration takes by `store:NAME` is not removed.')
    .argument('<NAME>', 'the secret')
    .with(calls(module, 'removeSecret'))
}
